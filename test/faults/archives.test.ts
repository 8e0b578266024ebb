/**
 * Archives of every kind, good and bad in every way that can be thought of, each drilled against a real server and store:
 * the verdict must be right, and so must its reason. The last test prints how many there were.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { type Manifest, manifestNameOf } from '../../src/backup/manifest.ts';
import { takeBackup } from '../../src/backup/take.ts';
import { Failure } from '../../src/failure.ts';
import { environmentOf } from '../../src/postgres/connection.ts';
import { postgresPrograms } from '../../src/postgres/programs.ts';
import { verifyArchive } from '../../src/postgres/verify.ts';
import { runOrFail } from '../../src/process.ts';
import { drill } from '../../src/restore/drill.ts';
import { exitOf } from '../../src/restore/text.ts';
import type { Settings } from '../../src/settings.ts';
import { randomNumbers } from '../support/random.ts';
import { forge, load, manifestOf, NASTY, put } from '../support/samples.ts';
import { type Services, startServices } from '../support/services.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures/archives');
/** Places that are cut and bits that are flipped come from this; print it, and the same ones come again. */
const SEED = Number(process.env.DRILLBOOK_SEED ?? 5);

/** Every kind, as flags of pg_dump and what is done to its output. */
const KINDS: Record<string, { flags: string[]; pack?: (content: Buffer) => Buffer }> = {
  'custom, gzip': { flags: ['-Fc'] },
  'custom, not compressed': { flags: ['-Fc', '-Z0'] },
  'custom, packed with gzip': { flags: ['-Fc'], pack: gzipSync },
  'custom, packed with zstd': { flags: ['-Fc', '-Z0'], pack: zstdCompressSync },
  tar: { flags: ['-Ft'] },
  'tar, packed with gzip': { flags: ['-Ft'], pack: gzipSync },
  SQL: { flags: ['-Fp'] },
  'SQL with --create --clean': { flags: ['-Fp', '--create', '--clean'] },
  'SQL with --column-inserts': { flags: ['-Fp', '--column-inserts', '--rows-per-insert=7'] },
  'SQL, gzip': { flags: ['-Fp', '-Z6'] },
  'SQL, gzip in two members': { flags: ['-Fp'], pack: (content) => inPieces(content, gzipSync) },
  'SQL, zstd': { flags: ['-Fp'], pack: (content) => zstdCompressSync(content) },
  'SQL, zstd in two frames': { flags: ['-Fp'], pack: (content) => inPieces(content, zstdCompressSync) },
};
const names = Object.keys(KINDS);

/** Kinds in which a byte of a row can be found and changed, and nothing but its content tells. */
const open = ['custom, not compressed', 'tar', 'SQL', 'SQL with --create --clean', 'SQL with --column-inserts'];

let services: Services;
let settings: Settings;
let manifest: Manifest;
/** The same database, and another one, in every kind. */
const good = new Map<string, Buffer>();
const foreign = new Map<string, Buffer>();
const counts: Record<string, number> = {};

before(async () => {
  services = await startServices();
  await load(services, 'nasty', NASTY);
  // A trigger that changes rows: it must not fire while they are restored.
  await services.sql(
    `CREATE FUNCTION calibrate() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.what := ''changed''; RETURN NEW; END';
     CREATE TRIGGER calibrate BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION calibrate();
     ALTER TABLE documents FORCE ROW LEVEL SECURITY;
     CREATE TABLE texts (a text); INSERT INTO texts VALUES (E'\\\\.'), (E'a\\n\\\\.\\nb'), ('\\! touch x'),
       ('-- PostgreSQL database dump complete'), ($$it's; $a$ 'quoted' $$), (E'tab\\tand \\r return');
     COMMENT ON TABLE texts IS E'two\\nlines; \\\\! and a \\\\ backslash';
     CREATE FUNCTION "odd; \\! name"() RETURNS text LANGUAGE sql AS $body$ SELECT '\\! ; $$' -- \\! $body$;`,
    'nasty',
  );
  settings = services.with({ postgres: { database: 'nasty' } });
  settings.keyTables = [{ schema: 'public', name: 'users' }];
  manifest = await manifestOf(services, (await takeBackup(settings)).name);
  await services.sql('CREATE TABLE other (a int); INSERT INTO other SELECT generate_series(1, 1000)', 'freshtrack');
  for (const kind of names) {
    good.set(kind, await dump(kind, 'nasty'));
    foreign.set(kind, await dump(kind, 'freshtrack'));
  }
});

after(() => services?.[Symbol.asyncDispose]());

async function dump(kind: string, database: string): Promise<Buffer> {
  const { flags, pack = (content) => content } = KINDS[kind] ?? assert.fail(kind);
  const { bin } = await postgresPrograms();
  const file = join(services.folder, 'dump');
  await runOrFail(join(bin, 'pg_dump'), [...flags, '-f', file], {
    env: environmentOf(services.settings.postgres, database),
  });
  const content = await readFile(file);
  await rm(file);
  return pack(content);
}

function inPieces(content: Buffer, pack: (part: Buffer) => Buffer): Buffer {
  const half = content.length >> 1;
  return Buffer.concat([pack(content.subarray(0, half)), pack(content.subarray(half))]);
}

const goodOf = (kind: string) => good.get(kind) ?? assert.fail(kind);

let second = 0;
/** Stores an archive, with a manifest and checksums that agree with it or with nothing beside it, and drills it. */
async function drilled(content: Buffer, beside: 'manifest' | 'nothing') {
  second += 1;
  const date = new Date(Date.UTC(2020, 0, 1) + second * 1000).toISOString();
  const name = `nasty_${date.slice(0, 10)}_${date.slice(11, 19).replaceAll(':', '-')}.sql.gz`;
  if (beside === 'manifest') await forge(services, name, content, manifest);
  else await put(services, name, content);
  try {
    return await drill(settings, { backup: name });
  } finally {
    const objects = [name, `${name}.sha256`, manifestNameOf(name)];
    await services.s3.removeObjects(settings.store.bucket, objects);
  }
}

function count(what: string): void {
  counts[what] = (counts[what] ?? 0) + 1;
}

async function expectDisproved(content: Buffer, beside: 'manifest' | 'nothing', reason: RegExp): Promise<void> {
  const verdict = await drilled(content, beside);
  assert.equal(verdict.verdict, 'disproved');
  assert.match(verdict.reasons.join('\n'), reason);
  count('disproved');
}

async function expectUndecided(content: Buffer, code: string, words: RegExp): Promise<void> {
  await assert.rejects(drilled(content, 'nothing'), (error: unknown) => {
    assert.ok(error instanceof Failure, String(error));
    assert.equal(error.code, code);
    assert.equal(error.exit, 3);
    assert.match(`${error.message} ${error.hint}`, words);
    return true;
  });
  count('undecided');
}

function flipped(content: Buffer, at: number, bit = 0): Buffer {
  const copy = Buffer.from(content);
  copy.writeUInt8(copy.readUInt8(at) ^ (1 << bit), at);
  return copy;
}

/** SQL with something put before its first COPY. */
function withInserted(text: string, kind = 'SQL'): Buffer {
  const content = goodOf(kind).toString('latin1');
  return Buffer.from(
    content.replace(/\nCOPY /, () => `\n${text}\nCOPY `),
    'latin1',
  );
}

describe('a good archive', () => {
  for (const kind of names) {
    test(`is proven with its manifest: ${kind}`, async () => {
      const verdict = await drilled(goodOf(kind), 'manifest');
      assert.deepEqual(verdict.reasons, []);
      assert.equal(verdict.verdict, 'proven');
      count('proven');
    });
    test(`is restorable without one, and its rows are counted: ${kind}`, async () => {
      const verdict = await drilled(goodOf(kind), 'nothing');
      assert.deepEqual(verdict.reasons, []);
      assert.equal(verdict.verdict, 'restorable');
      assert.equal(exitOf(verdict, { requireManifest: true }), 1);
      assert.match(verdict.compared.join('\n'), /^the number of rows of 1\d tables with those in the archive$/m);
      count('restorable');
    });
  }

  test('of SQL is proven where the roles that it names do not exist', async () => {
    await services.sql('ALTER ROLE nasty_reader RENAME TO somebody_else');
    try {
      const verdict = await drilled(goodOf('SQL'), 'manifest');
      assert.deepEqual(verdict.reasons, []);
      count('proven');
    } finally {
      await services.sql('ALTER ROLE somebody_else RENAME TO nasty_reader');
    }
  });

  test('of SQL is proven by a user who is no superuser, although row security is forced', async () => {
    await services.sql("CREATE ROLE ordinary LOGIN CREATEDB PASSWORD 'ordinary-Secret'");
    const { postgres } = services.with({ postgres: { user: 'ordinary', password: 'ordinary-Secret' } });
    const administrator = settings;
    settings = { ...settings, postgres: { ...postgres, database: 'nasty' } };
    try {
      const verdict = await drilled(goodOf('SQL'), 'manifest');
      assert.deepEqual(verdict.reasons, []);
      count('proven');
    } finally {
      settings = administrator;
    }
  });

  test('of SQL with Windows line ends in its statements is restorable', async () => {
    const schema = (await dump('SQL', 'freshtrack')).toString().replaceAll('\n', '\r\n');
    const file = join(services.folder, 'windows.sql');
    await writeFile(file, schema);
    await verifyArchive(file, await postgresPrograms());
    count('restorable');
  });
});

describe('an archive that was cut', () => {
  for (const kind of names) {
    test(`is found at every place, with nothing beside it: ${kind}`, async () => {
      const random = randomNumbers(SEED);
      const content = goodOf(kind);
      const programs = await postgresPrograms();
      const file = join(services.folder, 'cut');
      const last = endOf(kind, content);
      const places = [0, 1, 4, 5, 300, 600, last - 1, last - 9, last - 30];
      while (places.length < 30) places.push(Math.floor(random() * last));
      for (const place of places) {
        await writeFile(file, content.subarray(0, place));
        await assert.rejects(
          verifyArchive(file, programs, { name: 'it' }),
          (error: unknown) => error instanceof Failure && error.exit === 1 && error.code.startsWith('archive-'),
          `${kind} cut at ${place} of ${content.length}, seed ${SEED}`,
        );
        count('cuts found');
      }
    });
    test(`is disproved, with nothing beside it: ${kind}`, async () => {
      const content = goodOf(kind);
      await expectDisproved(content.subarray(0, content.length * 0.8), 'nothing', /cannot be read to its end/);
    });
    test(`is disproved, although checksum and manifest agree with it: ${kind}`, async () => {
      const content = goodOf(kind);
      const words = /cannot be read to its end|could not restore it/;
      await expectDisproved(content.subarray(0, content.length * 0.7), 'manifest', words);
    });
  }

  for (const kind of ['SQL', 'SQL with --column-inserts'])
    test(`at a line’s end is disproved: ${kind}`, async () => {
      const content = goodOf(kind);
      const place = content.indexOf('\n', content.length / 8) + 1;
      await expectDisproved(content.subarray(0, place), 'nothing', /the closing line of the dump is missing$/);
    });

  test('in a text that holds the closing line is disproved', async () => {
    const content = goodOf('SQL');
    const line = '-- PostgreSQL database dump complete\n';
    const place = content.indexOf(line) + line.length;
    assert.ok(place < content.length - 10_000);
    await expectDisproved(content.subarray(0, place), 'nothing', /the closing line of the dump is missing$/);
  });

  test('in the middle and put together again is disproved', async () => {
    const content = goodOf('SQL').toString('latin1');
    const begin = content.indexOf('COPY public.users ');
    const end = content.indexOf('\\.\n', begin);
    const shorter = content.slice(0, begin + 5_000) + content.slice(end - 4_000);
    await expectDisproved(Buffer.from(shorter, 'latin1'), 'manifest', /table public\.users|could not restore it/);
  });

  /** What stands behind the end of SQL is a blank line. */
  function endOf(kind: string, content: Buffer): number {
    return kind.startsWith('SQL') && !/gzip|zstd/.test(kind)
      ? content.toString('latin1').trimEnd().length
      : content.length;
  }
});

describe('an archive with a flipped bit', () => {
  for (const kind of open) {
    test(`in a row is disproved by the content alone: ${kind}`, async () => {
      const content = goodOf(kind);
      const at = content.indexOf('User Nr 77') + 1;
      await expectDisproved(
        flipped(content, at),
        'manifest',
        /^table public\.users: 603 rows as in the backup, but their content differs$/,
      );
    });
  }
  for (const kind of ['custom, gzip', 'custom, packed with gzip', 'tar, packed with gzip', 'SQL, gzip'])
    test(`in compressed data is found by reading it: ${kind}`, async () => {
      const content = goodOf(kind);
      await expectDisproved(flipped(content, Math.floor(content.length / 2)), 'nothing', /cannot be read to its end/);
    });
  test('in SQL that was packed with zstd, which has no checksum, is disproved', async () => {
    const content = goodOf('SQL, zstd');
    const words = /cannot be read to its end|could not restore it|differ|missing|holds "/;
    await expectDisproved(flipped(content, Math.floor(content.length / 2)), 'manifest', words);
  });
  test('in a header of a tar archive is found', async () => {
    const content = goodOf('tar');
    const at = content.indexOf('ustar', 10_000) - 250;
    await expectDisproved(flipped(content, at), 'nothing', /the tar header at byte \d+ has a wrong checksum$/);
  });
  test('in the version of the format is found', async () => {
    const reason = /its header has version 1\.15, but pg_dump 15[^ ]* .*writes 1\.14$|cannot be read/;
    await expectDisproved(flipped(goodOf('custom, gzip'), 6), 'nothing', reason);
  });

  test('anywhere in compressed data never passes for good', async () => {
    const random = randomNumbers(SEED);
    for (const kind of ['custom, gzip', 'SQL, gzip'])
      for (let i = 0; i < 6; i++) {
        const content = goodOf(kind);
        // The table of contents, which has no checksum, lies before.
        const at = content.length - 20 - Math.floor(random() * 8_000);
        const verdict = await drilled(flipped(content, at, Math.floor(random() * 8)), 'nothing');
        assert.equal(verdict.verdict, 'disproved', `${kind} at ${at}, seed ${SEED}`);
        count('disproved');
      }
  });
});

test('SQL that lacks the names of columns is disproved where they changed their places', async () => {
  const { bin } = await postgresPrograms();
  const { stdout } = await runOrFail(join(bin, 'pg_dump'), ['-Fp', '--inserts'], {
    env: environmentOf(services.settings.postgres, 'nasty'),
  });
  await expectDisproved(Buffer.from(stdout), 'manifest', /^psql could not restore it: ERROR: .*invalid input syntax/);
});

describe('an archive of something else', () => {
  for (const kind of names) {
    const says = !kind.startsWith('SQL') || kind.includes('--create');
    test(`is disproved with nothing beside it: ${kind}`, async () => {
      const words = says
        ? /^it is a backup of database "freshtrack", not of "nasty"$/
        : /^key table public\.users is missing$/;
      await expectDisproved(foreign.get(kind) ?? assert.fail(kind), 'nothing', words);
    });
  }
  test('is disproved, although checksum and manifest agree with it', async () => {
    const content = foreign.get('SQL') ?? assert.fail();
    await expectDisproved(content, 'manifest', /^key table public\.users is missing$/m);
  });

  const OTHERS: [what: string, content: () => Buffer | Promise<Buffer>, reason: RegExp][] = [
    ['nothing', () => Buffer.alloc(0), /is empty/],
    ['a picture', () => Buffer.from('89504e470d0a1a0a0000000d', 'hex'), /begins with the bytes 89504e470d0a1a0a$/],
    ['a page', () => Buffer.from('<html><body>Not found</body></html>'), /begins with the bytes 3c68746d6c/],
    [
      'other SQL',
      () => Buffer.from('-- MySQL dump 10.13\nCREATE TABLE a (b int);\n'),
      /first line that pg_dump writes$/,
    ],
    ['all databases', () => everything(), /holds all databases of a server \(pg_dumpall\)/],
    ['gzip in gzip', () => gzipSync(goodOf('SQL, gzip')), /is packed twice, in gzip and gzip$/],
    ['a tar file', () => tarOfOthers(), /is a tar file, but not one that pg_dump wrote$/],
    ['gzip of nothing', () => gzipSync(''), /is empty$/],
  ];
  for (const [what, content, reason] of OTHERS)
    test(`is disproved: ${what}`, async () => expectDisproved(await content(), 'nothing', reason));

  for (const [packing, magic] of [
    ['lz4', '04224d186440a7'],
    ['xz', 'fd377a585a000004'],
    ['bzip2', '425a683931415926'],
    ['zip', '504b030414000000'],
  ] as const)
    test(`is not judged when nothing here can unpack it: ${packing}`, () =>
      expectUndecided(Buffer.from(magic, 'hex'), 'archive-packed', new RegExp(`packed with ${packing}`)));

  async function everything(): Promise<Buffer> {
    const { bin } = await postgresPrograms();
    const { stdout } = await runOrFail(join(bin, 'pg_dumpall'), ['--schema-only', '--no-role-passwords'], {
      env: environmentOf(services.settings.postgres),
    });
    return Buffer.from(stdout);
  }
  async function tarOfOthers(): Promise<Buffer> {
    const folder = join(services.folder, 'others');
    await mkdir(folder);
    await writeFile(join(folder, 'a'), 'b');
    const file = join(services.folder, 'others.tar');
    await runOrFail('tar', ['--format=ustar', '-cf', file, '-C', folder, 'a']);
    return readFile(file);
  }
});

describe('SQL that would leave its database', () => {
  const marker = () => join(services.folder, 'was-here');
  const CASES: [what: string, text: () => string, says: RegExp][] = [
    ['a program', () => `\\! touch ${marker()}`, /holds "\\! touch/],
    ['a program within a statement', () => `SELECT 1 \\! touch ${marker()}\n;`, /holds "\\! touch/],
    [
      'a program behind a COPY',
      () => `COPY public.texts (a) FROM stdin; \\! touch ${marker()}\n\\.`,
      /holds "\\! touch/,
    ],
    [
      'a program behind rows',
      () => `COPY public.texts (a) FROM stdin;\na\n\\.\n\\! touch ${marker()}`,
      /holds "\\! touch/,
    ],
    ['output into a program', () => `SELECT 1 \\g |touch ${marker()}`, /holds "\\g |touch/],
    ['a file', () => `\\i ${marker()}`, /holds "\\i /],
    ['a variable', () => '\\set x `id`', /holds "\\set x/],
    ['another database', () => '\\connect nasty\n\\connect freshtrack', /holds "\\connect freshtrack"/],
    ['another server', () => '\\connect nasty postgres 127.0.0.1 1', /holds "\\connect nasty postgres/],
    [
      'another server in words',
      () => `\\connect -reuse-previous=on "dbname='nasty' host=10.0.0.1"`,
      /holds "\\connect -reuse/,
    ],
    ['the server’s programs', () => `COPY public.texts FROM PROGRAM 'id';`, /holds "COPY public\.texts FROM PROGRAM/],
    ['the server’s files', () => `COPY public.texts TO '/etc/passwd';`, /holds "COPY public\.texts TO/],
    ['a wrong key', () => '\\unrestrict wrong', /holds "\\unrestrict wrong"/],
    [
      'a change of how quotes are read',
      () => `SET standard_conforming_strings = off;\nSELECT '\\' \\! touch ${marker()}';`,
      /could not restore|holds/,
    ],
  ];
  for (const [what, text, says] of CASES)
    for (const beside of ['nothing', 'manifest'] as const)
      test(`is disproved and not run, with ${beside} beside it: ${what}`, async () => {
        await expectDisproved(withInserted(text()), beside, says);
        assert.equal(existsSync(marker()), false);
      });

  test('is disproved by its name alone when it goes to one other database', async () => {
    const content = goodOf('SQL with --create --clean')
      .toString('latin1')
      .replace('\\connect nasty', '\\connect freshtrack');
    await expectDisproved(Buffer.from(content, 'latin1'), 'nothing', /holds "\\connect freshtrack"/);
  });

  test('never touches the database that --create --clean names', async () => {
    const [{ oid: was } = { oid: 0 }] = await services.sql("SELECT oid FROM pg_database WHERE datname = 'nasty'");
    await drilled(goodOf('SQL with --create --clean'), 'nothing');
    const [{ oid: is } = { oid: 0 }] = await services.sql("SELECT oid FROM pg_database WHERE datname = 'nasty'");
    assert.equal(is, was);
    count('restorable');
  });
});

describe('an archive of another version', () => {
  const fixture = (name: string) => readFile(join(FIXTURES, name));
  const asOld = async (use: () => Promise<void>) => {
    const before = settings;
    settings = { ...settings, postgres: { ...settings.postgres, database: 'old' } };
    try {
      await use();
    } finally {
      settings = before;
    }
  };
  const expectGood = (name: string) =>
    asOld(async () => {
      const content = await fixture(name);
      const verdict = await drilledAs('old', content);
      assert.deepEqual(verdict.reasons, []);
      assert.equal(verdict.verdict, 'restorable');
      count('restorable');
    });

  for (const name of ['13.custom', '13.tar', '13.sql', '13-by-17.sql'])
    test(`is restorable where the programs can read it: ${name}`, () => expectGood(name));

  for (const [name, by] of [
    ['13-by-16.custom', '16'],
    ['16.custom', '16'],
    ['16-by-17.zstd.custom', '17'],
    ['16-by-17.lz4.custom', '17'],
    ['18.custom', '18'],
    ['18.tar', '18'],
  ] as const)
    test(`is refused with both versions where an older pg_restore cannot read it: ${name}`, async (t) => {
      const { version } = await postgresPrograms();
      if (Number.parseInt(version, 10) >= Number(by)) return t.diagnostic(`pg_restore ${version} reads it`);
      await expectUndecided(
        await fixture(name),
        'archive-newer',
        new RegExp(`pg_dump ${by}\\..*${version}.*PostgreSQL ${by}`),
      );
    });

  test('is refused with both versions where the server is older: 18.sql', async (t) => {
    const [{ server } = { server: '' }] = await services.sql("SELECT current_setting('server_version') AS server");
    if (Number.parseInt(String(server), 10) >= 18) return t.diagnostic(`the server is ${server}`);
    await expectUndecided(
      await fixture('18.sql'),
      'server-older',
      /PostgreSQL 18\..*the server is 1\d\..*PostgreSQL 18/,
    );
  });

  async function drilledAs(database: string, content: Buffer) {
    const name = `${database}_2020-01-01_00-00-00.sql.gz`;
    await put(services, name, content);
    return drill(settings, { backup: name });
  }
});

test('so many were tried, and nothing is left of them', async (t) => {
  const rows = await services.sql("SELECT datname FROM pg_database WHERE datname LIKE '%restore_test%'");
  assert.deepEqual(rows, []);
  const files = await readdir(services.folder);
  assert.deepEqual(
    files.filter((name) => name.includes('drillbook-')),
    [],
  );
  t.diagnostic(`${JSON.stringify(counts)}, seed ${SEED}`);
  const total = Object.values(counts).reduce((sum, some) => sum + some, 0);
  assert.ok(total >= 200, `${total} cases`);
});
