import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Manifest } from '../../src/backup/manifest.ts';
import { Failure } from '../../src/failure.ts';
import { environmentOf } from '../../src/postgres/connection.ts';
import { majorOf, postgresPrograms, serverPrograms } from '../../src/postgres/programs.ts';
import { runOrFail } from '../../src/process.ts';
import { administer } from '../../src/restore/database.ts';
import { drill } from '../../src/restore/drill.ts';
import { acrossMajors } from '../../src/restore/majors.ts';
import { rolesIn } from '../../src/restore/own.ts';
import { parsePlace } from '../../src/restore/place.ts';
import { dataFolderHere, folderHasRoom } from '../../src/restore/preflight.ts';
import { verdictText } from '../../src/restore/text.ts';
import { readSettings, type Settings } from '../../src/settings.ts';
import { drillbook } from '../support/command.ts';
import { programs } from '../support/leftovers.ts';
import {
  archive,
  endNasty,
  good,
  manifest,
  nextName,
  scratch,
  services,
  settings,
  startNasty,
} from '../support/nasty.ts';
import { forge } from '../support/samples.ts';
import { freePort } from '../support/services.ts';

/** The settings, with a port on which no server listens. */
let nowhere: Settings;

before(async () => {
  await startNasty(async () => {
    await services.sql(
      `CREATE ROLE "Odd Owner" NOLOGIN; CREATE ROLE visitor NOLOGIN;
       ALTER DATABASE nasty OWNER TO "Odd Owner"; ALTER DATABASE nasty SET work_mem = '7MB';
       REVOKE CONNECT ON DATABASE nasty FROM PUBLIC; GRANT CONNECT ON DATABASE nasty TO visitor;
       COMMENT ON DATABASE nasty IS 'it''s nasty';`,
    );
    await services.sql('ALTER DEFAULT PRIVILEGES FOR ROLE "Odd Owner" GRANT SELECT ON TABLES TO visitor', 'nasty');
  });
  nowhere = services.with({ postgres: { database: 'nasty', port: await freePort() } });
});

after(endNasty);

async function nothingIsLeft(): Promise<void> {
  assert.deepEqual(await readdir(scratch), []);
  const working = programs().filter(({ command }) => command.join(' ').includes(`${scratch}/`));
  assert.deepEqual(working, []);
}

/** A backup of the good archive whose manifest says something else. */
async function claiming(change: (content: Manifest['content']) => void, versions = manifest.versions): Promise<string> {
  const name = nextName();
  const changed = structuredClone(manifest);
  change(changed.content);
  await forge(services, name, archive, { ...changed, versions });
  return name;
}

/** The database as SQL. */
async function scriptOf(args: string[]): Promise<Buffer> {
  const file = join(services.folder, 'script.sql');
  const { bin } = await postgresPrograms();
  const env = environmentOf(settings.postgres);
  await runOrFail(join(bin, 'pg_dump'), [...args, `--file=${file}`, 'nasty'], { env });
  return readFile(file);
}

describe('a drill in a server of its own', () => {
  test('proves a good backup, owners and privileges for real, and never asks the given server', async () => {
    const verdict = await drill(nowhere, { backup: good, server: 'own' });
    assert.deepEqual(verdict.reasons, []);
    assert.deepEqual([verdict.verdict, verdict.place], ['proven', 'own']);
    assert.match(
      verdict.compared.join('\n'),
      /owners, privileges .* settings and comment of the database itself: restored and read back/,
    );
    assert.doesNotMatch(verdict.notProven.join('\n'), /owner|privileges|locale/);
    assert.match(verdictText(verdict), /\(its own server\)/);
    await nothingIsLeft();
  });

  test('finds what only such a server can show', async () => {
    const lies: [(content: Manifest['content']) => void, RegExp][] = [
      [
        ({ database }) => {
          database.owner = 'visitor';
        },
        /database: owner/,
      ],
      [
        ({ database }) => {
          database.settings = [];
        },
        /database setting work_mem=7MB/,
      ],
      [
        ({ database }) => {
          database.comment = 'another';
        },
        /database: comment/,
      ],
      [
        ({ database }) => {
          database.privileges = 'PUBLIC: CONNECT';
        },
        /database: privileges/,
      ],
      [
        ({ objects }) => {
          objects['default privilege'].things[0] = { name: 'x', definition: '' };
        },
        /default privilege/,
      ],
    ];
    const name = await claiming((content) => {
      for (const [lie] of lies) lie(content);
    });
    const verdict = await drill(nowhere, { backup: name, server: 'own' });
    assert.equal(verdict.verdict, 'disproved');
    for (const [, reason] of lies) assert.match(verdict.reasons.join('\n'), reason);
  });

  test('proves SQL too, with the roles that it names', async () => {
    const name = 'nasty_2020-01-02_00-00-00.sql.gz';
    await forge(services, name, await scriptOf(['--create']), {
      ...manifest,
      archive: { ...manifest.archive, format: 'plain' },
    });
    const verdict = await drill(nowhere, { backup: name, server: 'own' });
    assert.deepEqual([verdict.verdict, ...verdict.reasons], ['proven']);
    await nothingIsLeft();
  });

  test('where the locale of the backup is not installed, goes on and says so', async () => {
    const name = await claiming(({ database }) => {
      database.collate = 'xx_XX.UTF-8';
    });
    await forge(services, name, await scriptOf([]), {
      ...manifest,
      content: { ...manifest.content, database: { ...manifest.content.database, collate: 'xx_XX.UTF-8' } },
    });
    const verdict = await drill(nowhere, { backup: name, server: 'own' });
    assert.deepEqual([verdict.verdict, ...verdict.reasons], ['proven']);
    assert.match(verdict.notProven.join('\n'), /xx_XX.UTF-8 is not on this machine/);
  });

  for (const stage of ['Starting', 'Downloading', 'Making', 'Restoring', 'Comparing'])
    test(`leaves nothing when it is aborted while: ${stage}`, async () => {
      const controller = new AbortController();
      const report = (event: { kind: string; title?: string }) => {
        if (event.kind === 'stage' && event.title?.startsWith(stage)) controller.abort(new Error('enough'));
      };
      await assert.rejects(drill(nowhere, { server: 'own', report, signal: controller.signal }), /enough/);
      await nothingIsLeft();
    });

  test('is chosen by DRILL_SERVER or --server, and a place that is none is refused', async () => {
    const env = { ...services.environment(nowhere), TMPDIR: scratch };
    const ran = await drillbook(['drill', good, '--json'], { ...env, DRILL_SERVER: 'own' });
    assert.equal(ran.status, 0, ran.stderr);
    assert.equal(JSON.parse(ran.stdout).place, 'own');
    const wrong = await drillbook(['drill', '--server=mine'], env);
    assert.equal(wrong.status, 2);
    assert.match(wrong.stderr, /must be given, own, own:<major version>/);
    assert.throws(() => readSettings({ ...env, DRILL_SERVER: 'mine' }), /DRILL_SERVER must be "given"/);
    await nothingIsLeft();
  });

  test('needs an installed server, and names those that are there', async () => {
    await assert.rejects(drill(nowhere, { server: 'own:99' }), (error) => {
      assert.ok(error instanceof Failure);
      assert.equal(error.code, 'own-server-missing');
      assert.match(error.message, /wanted: 99; installed: \d+/);
      return true;
    });
    await nothingIsLeft();
  });
});

test('a backup restores on every newer major that is installed here, and the verdict says what was not compared', async () => {
  const { bin, version } = await postgresPrograms();
  const newer = (await serverPrograms(process.env)).filter((some) => majorOf(some.version) > majorOf(version));
  for (const { bin: folder } of newer) {
    const verdict = await drill(nowhere, { backup: good, server: `own:${folder}` });
    assert.deepEqual([verdict.verdict, ...verdict.reasons], ['proven']);
    assert.match(verdict.notProven.join('\n'), /the backup is of PostgreSQL .*, it was restored on/);
  }
  assert.ok((await serverPrograms(process.env)).some((some) => some.bin === bin));
});

test('the privilege MAINTAIN is no difference between a server that has it and one that has not', () => {
  const content = (state: string) => {
    const copy = structuredClone(manifest.content);
    copy.objects.privilege.things = [{ name: 'table public.t', definition: '', state }];
    return copy;
  };
  const [old, young] = [
    content('a: DELETE, SELECT; b: SELECT'),
    content('a: DELETE, MAINTAIN, SELECT; b: MAINTAIN*, SELECT'),
  ];
  const { expected, actual, notCompared } = acrossMajors(old, young, '15.18', '18.4');
  assert.deepEqual(actual.objects.privilege, expected.objects.privilege);
  assert.match(notCompared.join('\n'), /MAINTAIN: PostgreSQL 15 does not know it/);
  assert.equal(acrossMajors(old, young, '17.1', '18.4').actual, young);
});

test('all that is missing is said at once, before anything is downloaded or made', async () => {
  await services.sql("CREATE ROLE weak LOGIN PASSWORD 'w'");
  const name = await claiming(
    ({ extensions }) => void extensions.push({ name: 'no_such_thing', schema: 'public', version: '1' }),
    { ...manifest.versions, server: '99.1' },
  );
  const weak = services.with({ postgres: { database: 'nasty', user: 'weak', password: 'w' } });
  const stages: string[] = [];
  const report = (event: { kind: string; title?: string }) =>
    void (event.kind === 'stage' && stages.push(event.title ?? ''));
  await assert.rejects(drill(weak, { backup: name, report }), (error) => {
    assert.ok(error instanceof Failure);
    assert.equal(error.code, 'drill-unprepared');
    for (const words of ['for 3 reasons', '"weak" may not create databases', 'PostgreSQL 99.1', 'no_such_thing'])
      assert.ok(error.message.includes(words), words);
    assert.match(error.hint, /CREATEDB.*postgresql-\d+-/);
    return true;
  });
  assert.deepEqual(stages, ['Finding the backup and the server']);
  await assert.rejects(drill(nowhere, { backup: name, server: 'own' }), /for 2 reasons/);
  await nothingIsLeft();
});

test('the room of a server on this machine is looked at, and only of that very server', async () => {
  await using admin = await administer(services.settings.postgres);
  assert.equal(await dataFolderHere(admin), join(services.folder, 'postgres'));
  await assert.rejects(folderHasRoom(scratch, Number.MAX_SAFE_INTEGER), { code: 'server-space' });
});

test('places are read from words', () => {
  assert.deepEqual(parsePlace('given'), { kind: 'given' });
  assert.deepEqual(parsePlace('own'), { kind: 'own' });
  assert.deepEqual(parsePlace('own:18'), { kind: 'own', major: 18 });
  assert.deepEqual(parsePlace('own:/usr/lib/postgresql/17/bin'), { kind: 'own', bin: '/usr/lib/postgresql/17/bin' });
  for (const text of ['', 'mine', 'own:', 'own:bin', 'own:1', 'OWN']) assert.equal(parsePlace(text), undefined, text);
});

test('roles are found wherever a dump names them', () => {
  const statements = [
    'ALTER TABLE public.t OWNER TO "Odd ""x""";',
    'GRANT SELECT(a, b) ON TABLE public.t TO reader WITH GRANT OPTION;',
    'REVOKE ALL ON SCHEMA public FROM somebody;',
    'ALTER DEFAULT PRIVILEGES FOR ROLE maker IN SCHEMA public GRANT SELECT ON TABLES TO taker;',
    'CREATE POLICY own ON public.t TO one, "Two" USING (true);',
    'CREATE USER MAPPING FOR mapped SERVER s;',
    "ALTER ROLE tuned IN DATABASE d SET work_mem TO '1MB';",
    'GRANT ALL ON TABLE public.t TO PUBLIC;',
  ];
  const wanted = ['Odd "x"', 'reader', 'somebody', 'maker', 'taker', 'one', 'Two', 'mapped', 'tuned'];
  for (const role of wanted) assert.ok(rolesIn(statements).has(role), role);
  assert.ok(!rolesIn(statements).has('PUBLIC'));
});
