import assert from 'node:assert/strict';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Manifest } from '../../src/backup/manifest.ts';
import { takeBackup } from '../../src/backup/take.ts';
import { Failure } from '../../src/failure.ts';
import { environmentOf } from '../../src/postgres/connection.ts';
import { postgresPrograms } from '../../src/postgres/programs.ts';
import { run, runOrFail } from '../../src/process.ts';
import type { Report } from '../../src/progress.ts';
import { drill } from '../../src/restore/drill.ts';
import { exitOf, verdictText } from '../../src/restore/text.ts';
import type { Verdict } from '../../src/restore/verdict.ts';
import type { Settings } from '../../src/settings.ts';
import { programs } from '../support/leftovers.ts';
import { bare, bytesOf, forge, load, manifestOf, NASTY, pagila, put } from '../support/samples.ts';
import { type Services, startServices, until } from '../support/services.ts';

let services: Services;
let settings: Settings;
/** A good backup of database `nasty`: its name, bytes and manifest. */
let good: string;
let archive: Buffer;
let manifest: Manifest;
let scratch: string;
const temporary = process.env.TMPDIR;

before(async () => {
  services = await startServices();
  scratch = join(services.folder, 'tmp');
  await mkdir(scratch);
  process.env.TMPDIR = scratch;
  await load(services, 'nasty', NASTY);
  settings = services.with({ postgres: { database: 'nasty' } });
  good = (await takeBackup(settings)).name;
  archive = await bytesOf(services, good);
  manifest = await manifestOf(services, good);
});

after(async () => {
  if (temporary === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = temporary;
  await services?.[Symbol.asyncDispose]();
});

async function testDatabases(): Promise<unknown[]> {
  const rows = await services.sql("SELECT datname FROM pg_database WHERE datname LIKE '%restore_test%'");
  return rows.map((row) => row.datname);
}

async function nothingIsLeft(): Promise<void> {
  assert.deepEqual(await testDatabases(), []);
  assert.deepEqual(await readdir(scratch), []);
}

/** A name for a forged backup of `nasty`; each minute is used once. */
let minute = 0;
function nextName(): string {
  minute += 1;
  return `nasty_2020-01-01_00-${String(minute).padStart(2, '0')}-00.sql.gz`;
}

describe('a good backup', () => {
  test('with everything that breaks restores in practice is proven', async () => {
    const verdict = await drill(settings, { backup: good });
    assert.deepEqual(verdict.reasons, []);
    assert.equal(verdict.verdict, 'proven');
    assert.equal(exitOf(verdict), 0);
    assert.match(verdict.testDatabase, /^nasty_restore_test_[0-9a-f]{8}$/);
    assert.equal(verdict.tables, manifest.content.tables.length);
    await nothingIsLeft();
  });

  test('leaves a dated verdict beside itself, which the list of backups can read', async () => {
    const verdict = await drill(settings, { backup: good });
    const names: string[] = [];
    for await (const item of services.s3.listObjectsV2(settings.store.bucket, `${good}.drill.`)) names.push(item.name);
    const kept: Verdict[] = [];
    for (const name of names) kept.push(JSON.parse((await bytesOf(services, name)).toString()));
    assert.deepEqual(
      kept.find((one) => one.testDatabase === verdict.testDatabase),
      verdict,
    );
  });

  test('of pagila is proven too', async (t) => {
    if (pagila === undefined) return t.skip('../shared/data/pagila.sql is not there');
    await load(services, 'pagila', pagila);
    const keyTables = ['film', 'actor', 'rental'].map((name) => ({ schema: 'public', name }));
    const of = { ...services.with({ postgres: { database: 'pagila' } }), keyTables };
    await takeBackup(of);
    const verdict = await drill(of);
    assert.deepEqual(verdict.reasons, []);
    assert.equal(verdict.verdict, 'proven');
    assert.deepEqual(
      verdict.keyTables.map(({ rows }) => rows),
      [1000, 200, 16044],
    );
  });

  test('is proven by a user who is no superuser, although row security is forced', async () => {
    await services.database('plain', 'nasty');
    await services.sql('ALTER TABLE documents FORCE ROW LEVEL SECURITY', 'plain');
    const { name } = await takeBackup(services.with({ postgres: { database: 'plain' } }));
    await services.sql("CREATE ROLE plain LOGIN CREATEDB PASSWORD 'plain-Secret'");
    const user = { database: 'plain', user: 'plain', password: 'plain-Secret' };
    const verdict = await drill(services.with({ postgres: user }), { backup: name });
    assert.deepEqual(verdict.reasons, []);
    assert.equal(verdict.verdict, 'proven');
    await nothingIsLeft();
  });

  test('is proven where a partitioned table has a trigger that changes rows', async () => {
    await services.database('partitioned');
    await services.sql(
      `CREATE TABLE p (id int PRIMARY KEY, note text) PARTITION BY RANGE (id);
       CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (1000);
       INSERT INTO p SELECT i, 'as it was' FROM generate_series(1, 500) i;
       CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.note := ''changed''; RETURN NEW; END';
       CREATE TRIGGER changes BEFORE INSERT ON p FOR EACH ROW EXECUTE FUNCTION f();
       COMMENT ON TRIGGER changes ON p IS 'Must not fire while rows are restored';`,
      'partitioned',
    );
    const of = services.with({ postgres: { database: 'partitioned' } });
    await takeBackup(of);
    const verdict = await drill({ ...of, keyTables: [], minTables: 1 });
    assert.deepEqual(verdict.reasons, []);
    assert.equal(verdict.verdict, 'proven');
  });

  test('is proven where the roles that its policies and privileges name do not exist', async () => {
    await services.sql('ALTER ROLE nasty_reader RENAME TO somebody_else');
    try {
      const verdict = await drill(settings, { backup: good });
      assert.deepEqual(verdict.reasons, []);
      assert.equal(verdict.verdict, 'proven');
      assert.ok(verdict.notProven.some((line) => line.startsWith('roles of policies')));
    } finally {
      await services.sql('ALTER ROLE somebody_else RENAME TO nasty_reader');
    }
  });

  test('stays proven while two drills of it run at once', async () => {
    const verdicts = await Promise.all([drill(settings, { backup: good }), drill(settings, { backup: good })]);
    assert.deepEqual(
      verdicts.map(({ verdict }) => verdict),
      ['proven', 'proven'],
    );
    assert.notEqual(verdicts[0]?.testDatabase, verdicts[1]?.testDatabase);
    await nothingIsLeft();
  });

  test('without a manifest is restorable, and says that its content is unproven', async () => {
    const name = nextName();
    await put(services, name, archive);
    const verdict = await drill(settings, { backup: name });
    assert.deepEqual(verdict.reasons, []);
    assert.equal(verdict.verdict, 'restorable');
    assert.equal(exitOf(verdict), 0);
    assert.equal(exitOf(verdict, { requireManifest: true }), 1);
    assert.match(verdict.notProven.join(), /the content: without a manifest/);
  });

  for (const [what, text, reason] of [
    ['damaged', '{"schema": 1, ', /it is no JSON/],
    ['of a newer Drillbook', '{"schema": 99}', /it is of schema 99, which this Drillbook does not know/],
  ] as const) {
    test(`whose manifest is ${what} is restorable, and what is the matter with it is said first`, async () => {
      const name = nextName();
      await forge(services, name, archive, manifest);
      await put(services, `${name}.manifest.json`, text);
      const verdict = await drill(settings, { backup: name });
      assert.deepEqual(verdict.reasons, []);
      assert.deepEqual([verdict.verdict, verdict.manifest], ['restorable', 'unreadable']);
      assert.deepEqual([exitOf(verdict), exitOf(verdict, { requireManifest: true })], [0, 1]);
      assert.match(verdict.notProven[0] ?? '', reason);
      assert.match(
        verdictText(verdict),
        /^RESTORABLE, CONTENT UNPROVEN: \S+ was restored\. Its manifest cannot be read/,
      );
      assert.ok(verdict.compared.includes('SHA-256 of the archive with its checksum file'));
      await nothingIsLeft();
    });
  }

  test('of a database whose name has 63 bytes, not all of them ASCII, is proven', async () => {
    const database = `${'ü'.repeat(31)}x`;
    await services.database(database, 'nasty');
    const of = services.with({ postgres: { database } });
    await takeBackup(of);
    const verdict = await drill(of);
    assert.deepEqual(verdict.reasons, []);
    assert.equal(verdict.verdict, 'proven');
    assert.match(verdict.testDatabase, /^ü{20}_restore_test_[0-9a-f]{8}$/);
    await nothingIsLeft();
    await services.sql(`DROP DATABASE "${database}"`);
  });

  for (const [format, flags] of [
    ['tar', ['-Ft']],
    ['SQL', ['-Fp']],
    ['gzip’d SQL', ['-Fp', '-Z6']],
  ] as const) {
    test(`in another format is restorable whatever its name says: ${format}`, async () => {
      const { bin } = await postgresPrograms();
      const file = join(services.folder, 'dump');
      await runOrFail(join(bin, 'pg_dump'), [...flags, '-f', file], { env: environmentOf(settings.postgres) });
      const name = nextName();
      await services.s3.fPutObject(settings.store.bucket, name, file);
      const verdict = await drill(settings, { backup: name });
      assert.deepEqual(verdict.reasons, []);
      assert.equal(
        verdict.rows,
        manifest.content.tables.reduce((sum, table) => sum + table.rows, 0),
      );
      await nothingIsLeft();
    });
  }
});

describe('a backup that lacks something is disproved, and the drill says what', () => {
  const CASES: [what: string, sql: string, words: RegExp][] = [
    ['a row', 'DELETE FROM events WHERE n = 5', /^table public\.events_2025: 212 rows, the backup holds 213$/],
    [
      'one value',
      'UPDATE bookings SET room = 3 WHERE ctid = (SELECT min(ctid) FROM bookings)',
      /^table public\.bookings: 50 rows as in the backup, but their content differs$/,
    ],
    [
      'a blank in a text',
      `UPDATE "Mixed Case"."Odd ""Name""" SET d = d || ' ' WHERE "Select" = 7`,
      /^table "Mixed Case"\."Odd ""Name""": 100 rows as in the backup, but/,
    ],
    ['a table', 'DROP TABLE bookings', /^table public\.bookings is missing$/],
    ['an index', 'DROP INDEX users_lower', /^index public\.users_lower is missing$/],
    [
      'an index’s condition',
      "DROP INDEX users_active; CREATE INDEX users_active ON users (tenant) WHERE status IN ('active')",
      /^index public\.users_active is defined differently: /,
    ],
    [
      'a constraint',
      'ALTER TABLE users DROP CONSTRAINT users_status_check',
      /^constraint users_status_check on public\.users is missing$/,
    ],
    [
      'a value of a check',
      "ALTER TABLE users DROP CONSTRAINT users_status_check; ALTER TABLE users ADD CONSTRAINT users_status_check CHECK (status IN ('new', 'active', 'gone', 'late'))",
      /^constraint users_status_check on public\.users is defined differently: /,
    ],
    [
      'a validation',
      'ALTER TABLE documents DROP CONSTRAINT documents_tenant_owner_fkey; ALTER TABLE documents ADD CONSTRAINT documents_tenant_owner_fkey FOREIGN KEY (tenant, owner) REFERENCES users (tenant, id) DEFERRABLE INITIALLY DEFERRED NOT VALID',
      /documents_tenant_owner_fkey on public\.documents: .*not validated/,
    ],
    [
      'an enabled trigger',
      'ALTER TABLE users DISABLE TRIGGER users_touch',
      /^trigger users_touch on public\.users: "disabled", in the backup "enabled"$/,
    ],
    ['a policy', 'DROP POLICY own ON documents', /^policy own on public\.documents is missing$/],
    ['row security', 'ALTER TABLE documents DISABLE ROW LEVEL SECURITY', /^table public\.documents: .*row security/],
    [
      'a byte of a large object',
      "SELECT lo_put(700001, 1200000, 'x')",
      /^large objects: 2 as in the backup, but their content differs$/,
    ],
    ['a large object', 'SELECT lo_unlink(700002)', /^large objects: 1, the backup holds 2$/],
    [
      'a sequence’s position',
      "SELECT setval('tickets', 1050)",
      /^sequence public\.tickets stands at 1050, in the backup at 1045$/,
    ],
    [
      'a view’s condition',
      "CREATE OR REPLACE VIEW active_users AS SELECT id, users, status FROM users WHERE status IN ('active', 'gone')",
      /^view public\.active_users is defined differently: /,
    ],
    [
      'a filled materialised view',
      'REFRESH MATERIALIZED VIEW per_tenant WITH NO DATA',
      /^materialised view public\.per_tenant: "not populated", in the backup "populated"$/,
    ],
    [
      'a default',
      "ALTER TABLE users ALTER status SET DEFAULT 'active'",
      /^default public\.users\.status is defined differently: /,
    ],
    [
      'a function’s body',
      "CREATE OR REPLACE FUNCTION slug(value text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT lower(replace(value, ' ', '-')) -- $$",
      /^function public\.slug\(value text\) is defined differently: /,
    ],
    ['a column', 'ALTER TABLE bookings DROP COLUMN room CASCADE', /^column public\.bookings\.room is missing$/],
    ['an enum’s order', "ALTER TYPE mood ADD VALUE 'so so' BEFORE 'happy'", /^type public\.mood: /],
    ['a comment', "COMMENT ON TABLE users IS 'other'", /^comment table public\.users: "other", in the backup "People/],
    ['an owner', 'ALTER TABLE bookings OWNER TO nasty_reader', /^owner of table public\.bookings: /],
    [
      'a privilege on a column',
      'REVOKE UPDATE (users) ON users FROM nasty_reader',
      /^privileges on column public\.users\.users: the archive does not grant UPDATE to nasty_reader$/,
    ],
    ['nothing, but it has a table more', 'CREATE TABLE later (a int)', /^table public\.later is not in the backup$/],
  ];
  for (const [i, [what, sql, words]] of CASES.entries()) {
    test(what, async () => {
      const database = await services.database(`case_${i}`, 'nasty');
      await services.sql(sql, database);
      const changed = services.with({ postgres: { database } });
      const { name } = await takeBackup(changed);
      // The archive of the changed database, with the manifest of how it was before.
      await forge(services, name, await bytesOf(services, name), { ...manifest, database });
      const verdict = await drill(changed, { backup: name });
      assert.equal(verdict.verdict, 'disproved');
      assert.equal(exitOf(verdict), 1);
      assert.ok(
        verdict.reasons.some((reason) => words.test(reason)),
        verdict.reasons.join('\n'),
      );
      assert.ok(verdict.reasons.length <= 12, verdict.reasons.join('\n'));
      await services.sql(`DROP DATABASE ${database}`);
    });
  }

  test('a key table that is missing is a failure that names it, and never counts as 0 rows', async () => {
    const keyTables = [
      { schema: 'public', name: 'users' },
      { schema: 'public', name: 'sites' },
    ];
    const verdict = await drill({ ...settings, keyTables }, { backup: good });
    assert.equal(verdict.verdict, 'disproved');
    assert.deepEqual(verdict.reasons, ['key table public.sites is missing']);
    assert.deepEqual(verdict.keyTables, [{ table: 'public.users', rows: 603 }]);
  });

  test('too few tables are a failure', async () => {
    const verdict = await drill({ ...settings, minTables: 500 }, { backup: good });
    assert.match(verdict.reasons.join(), /^\d+ tables in schema public, at least 500 are expected$/);
  });
});

describe('a damaged backup is disproved', () => {
  const flipped = (bytes: Buffer, at: number) => {
    const copy = Buffer.from(bytes);
    copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
    return copy;
  };
  const expectDisproved = async (name: string, words: RegExp) => {
    const verdict = await drill(settings, { backup: name });
    assert.equal(verdict.verdict, 'disproved');
    assert.match(verdict.reasons.join('\n'), words);
    await nothingIsLeft();
  };

  test('cut, with nothing beside it', async () => {
    const name = nextName();
    await put(services, name, archive.subarray(0, archive.length * 0.6));
    await expectDisproved(name, /cannot be read to its end/);
  });

  test('cut, while checksum and manifest agree with it', async () => {
    const name = nextName();
    await forge(services, name, archive.subarray(0, archive.length * 0.6), manifest);
    await expectDisproved(name, /^pg_restore could not restore it: /);
  });

  test('one bit of a compressed archive, with its own checksum', async () => {
    const name = nextName();
    await forge(services, name, archive, manifest);
    await put(services, name, flipped(archive, Math.floor(archive.length / 2)));
    await expectDisproved(name, /SHA-256 differs from the one in its manifest/);
  });

  test('one bit of an uncompressed archive, which pg_restore does not notice', async () => {
    const { bin } = await postgresPrograms();
    const file = join(services.folder, 'plain.dump');
    await runOrFail(join(bin, 'pg_dump'), ['-Fc', '-Z0', '-f', file], { env: environmentOf(settings.postgres) });
    const name = nextName();
    await services.s3.fPutObject(settings.store.bucket, name, file);
    const bytes = await bytesOf(services, name);
    await forge(services, name, flipped(bytes, bytes.indexOf('User Nr 77') + 1), manifest);
    await expectDisproved(name, /^table public\.users: 603 rows as in the backup, but their content differs$/);
  });

  test('a checksum that differs', async () => {
    const name = nextName();
    await put(services, name, archive);
    await put(services, `${name}.sha256`, `${'0'.repeat(64)}  ${name}\n`);
    await expectDisproved(name, /SHA-256 differs from the one in .*\.sha256$/);
  });

  test('a checksum of another file', async () => {
    const name = nextName();
    await forge(services, name, archive, manifest);
    await put(services, `${name}.sha256`, await bytesOf(services, `${good}.sha256`));
    await expectDisproved(name, /is the checksum of another file, nasty_/);
  });

  test('an archive of another database', async () => {
    const other = services.with({ postgres: { database: 'freshtrack' } });
    const { name: foreign } = await takeBackup(other);
    const name = nextName();
    await put(services, name, await bytesOf(services, foreign));
    await expectDisproved(name, /^it is a backup of database "freshtrack", not of "nasty"$/);
  });

  test('nothing in it, or no archive', async () => {
    const [empty, text] = [nextName(), nextName()];
    await put(services, empty, '');
    await put(services, text, '\0\x01 hello');
    await expectDisproved(empty, /^the archive is empty/);
    await expectDisproved(text, /is no PostgreSQL archive/);
  });
});

describe('what cannot be decided says nothing about the backup', () => {
  const failure = (code: string, exit: number) => (error: unknown) => {
    assert.ok(error instanceof Failure, String(error));
    assert.equal(error.code, code);
    assert.equal(error.exit, exit);
    return true;
  };

  test('a backup that does not exist: the nearest names are offered', async () => {
    const wrong = good.replace(/\d\d\.sql/, 'xx.sql');
    await assert.rejects(drill(settings, { backup: wrong }), (error) => {
      assert.ok(error instanceof Failure);
      assert.equal(error.code, 'backup-not-found');
      return error.hint.includes(good);
    });
  });

  test('an empty bucket', async () => {
    const bucket = await services.bucket();
    await assert.rejects(drill(services.with({ store: { bucket } })), failure('no-backups', 1));
  });

  test('a user who may not create databases', async () => {
    await services.sql("CREATE ROLE poor LOGIN PASSWORD 'poor-Secret'");
    const poor = services.with({ postgres: { database: 'nasty', user: 'poor', password: 'poor-Secret' } });
    await assert.rejects(drill(poor, { backup: good }), failure('createdb-missing', 3));
  });

  test('a server that is read-only', async () => {
    await services.sql('ALTER DATABASE postgres SET default_transaction_read_only = on');
    try {
      await assert.rejects(drill(settings, { backup: good }), failure('test-database-failed', 3));
    } finally {
      await services.sql('ALTER DATABASE postgres RESET default_transaction_read_only', 'freshtrack');
    }
    await nothingIsLeft();
  });
});

describe('an interrupted drill leaves nothing', () => {
  before(async () => {
    // An index whose expression takes for ever, but only in a test database.
    await services.database('slow');
    await services.sql(
      `CREATE FUNCTION wait(a int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
         BEGIN IF current_database() LIKE '%restore_test%' THEN PERFORM pg_sleep(600); END IF; RETURN a; END $$;
       CREATE TABLE t (a int); INSERT INTO t VALUES (1); CREATE INDEX t_wait ON t (wait(a));`,
      'slow',
    );
    await takeBackup(services.with({ postgres: { database: 'slow' } }));
  });

  const restoring = async () => {
    const rows = await services.sql(
      "SELECT FROM pg_stat_activity WHERE datname LIKE 'slow_restore_test%' AND query LIKE 'CREATE INDEX%' AND state = 'active'",
    );
    return rows.length > 0;
  };

  test('no database, file or process, when its signal is aborted', async () => {
    const controller = new AbortController();
    const running = drill(services.with({ postgres: { database: 'slow' } }), { signal: controller.signal });
    const expected = assert.rejects(running, /enough/);
    await until(restoring, 'pg_restore builds the index');
    controller.abort(new Error('enough'));
    await expected;
    await nothingIsLeft();
  });

  for (const stage of ['Downloading', 'Making the test database', 'Restoring', 'Comparing', 'Removing']) {
    test(`no database or file, when it is aborted while: ${stage}`, async () => {
      const controller = new AbortController();
      const report: Report = (event) => {
        if (event.kind === 'stage' && event.title.startsWith(stage)) controller.abort(new Error('enough'));
      };
      await assert.rejects(drill(settings, { backup: good, report, signal: controller.signal }), /enough/);
      await nothingIsLeft();
    });
  }

  for (const [signal, status] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    test(`no database, file or process, after ${signal}, and the status says so`, async () => {
      const { PATH, HOME, ...env } = services.environment(services.with({ postgres: { database: 'slow' } }));
      const script = join(import.meta.dirname, '../../scripts/test-restore.ts');
      const running = run(process.execPath, [script], { env: { PATH, HOME, ...env, TMPDIR: scratch } });
      await until(restoring, 'pg_restore builds the index');
      const ours = programs().filter(({ parent, command }) => parent === process.pid && command.includes(script));
      assert.equal(ours.length, 1);
      for (const { pid } of ours) process.kill(pid, signal);
      const ended = await running;
      assert.equal(ended.status, status, ended.stderr);
      await nothingIsLeft();
      const left = await services.sql("SELECT FROM pg_stat_activity WHERE datname LIKE 'slow_restore_test%'");
      assert.equal(left.length, 0);
    });
  }
});

describe('what is printed', () => {
  test('is complete and holds no secret', async () => {
    const keyTables = 'users,"Mixed Case"."Odd ""Name"""';
    const env = { ...services.environment(settings), KEY_TABLES: keyTables, MIN_TABLES: '5' };
    const program = join(import.meta.dirname, '../../src/cli/drillbook.ts');
    const ran = await run(process.execPath, [program, 'drill', good], { env });
    assert.equal(ran.status, 0, ran.stderr);
    for (const words of [`PROVEN: ${good}`, 'Test database', 'tables', '603 rows', 'Compared:', 'Not compared:'])
      assert.ok(ran.stdout.includes(words), words);
    for (const secret of [settings.postgres.password, settings.store.secretKey, settings.store.accessKey])
      assert.ok(!`${ran.stdout}${ran.stderr}`.includes(secret));
  });

  test('as JSON holds every difference, and the status is 1', async () => {
    const env = { ...services.environment(settings), KEY_TABLES: 'sites' };
    const program = join(import.meta.dirname, '../../src/cli/drillbook.ts');
    const ran = await run(process.execPath, [program, 'drill', good, '--json'], { env });
    assert.equal(ran.status, 1, ran.stderr);
    assert.equal(JSON.parse(ran.stdout).verdict, 'disproved');
  });

  test('of the script is the same text', async () => {
    const script = join(import.meta.dirname, '../../scripts/test-restore.ts');
    const ran = await run(process.execPath, [script, good], { env: services.environment(settings) });
    assert.equal(ran.status, 0, ran.stderr);
    assert.match(ran.stdout, /^PROVEN: nasty_/);
    const bad = nextName();
    await put(services, bad, 'x');
    await bare(services, bad);
    assert.equal((await run(process.execPath, [script, bad], { env: services.environment(settings) })).status, 1);
  });

  test('of a verdict names the reasons first', () => {
    const phases = { download: 1, restore: 2, proof: 3 };
    const versions = { server: '15.18', pgRestore: '15.18', pgDump: '15.18' };
    const text = verdictText({
      schema: 1,
      verdict: 'disproved',
      backup: 'x',
      reasons: ['index public.a is missing'],
      differences: [],
      compared: [],
      notProven: [],
      startedAt: '2026-01-01T00:00:00.000Z',
      endedAt: '2026-01-01T00:00:00.000Z',
      seconds: 6,
      phases,
      bytes: 1,
      sha256: '',
      testDatabase: 't',
      tables: 0,
      rows: 0,
      keyTables: [],
      versions,
    });
    assert.match(text, /^DISPROVED: x must not be relied on\.\n\nWhy:\n {2}- index public\.a is missing\n/);
  });
});
