/**
 * What lies beside an archive is of another one, old, empty, damaged or gone; the roles and extensions that it needs are missing; the
 * clock jumps. Each with the verdict that must come, and its reason.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { findBackup } from '../../src/backup/catalogue.ts';
import { type Manifest, manifestNameOf, manifestText } from '../../src/backup/manifest.ts';
import { prune } from '../../src/backup/retain.ts';
import { takeBackup } from '../../src/backup/take.ts';
import { Failure } from '../../src/failure.ts';
import { drill } from '../../src/restore/drill.ts';
import type { Settings } from '../../src/settings.ts';
import { openStore } from '../../src/store/store.ts';
import { objectsIn } from '../support/leftovers.ts';
import { bytesOf, forge, manifestOf, put } from '../support/samples.ts';
import { type Services, startServices } from '../support/services.ts';

type Word = 'proven' | 'restorable' | 'disproved';

let services: Services;
let settings: Settings;
/** The backup of database `shop`, an older one of it, and one of another database. */
const kept = new Map<'new' | 'old' | 'other', { archive: Buffer; manifest: Manifest; name: string }>();
const of = (which: 'new' | 'old' | 'other') => kept.get(which) ?? assert.fail(which);
const sum = (content: Buffer) => createHash('sha256').update(content).digest('hex');
const total = { cases: 0, 'false passes': 0, 'false failures': 0 };

before(async () => {
  services = await startServices();
  await services.database('shop');
  await services.database('other');
  const rows =
    'CREATE TABLE items (id int PRIMARY KEY, what text); INSERT INTO items SELECT i, md5(i::text) FROM generate_series(1, 200) AS i';
  for (const database of ['shop', 'other']) await services.sql(rows, database);
  settings = services.with({ postgres: { database: 'shop' } });
  const keep = async (which: 'new' | 'old' | 'other', from: Settings) => {
    const { name } = await takeBackup(from);
    kept.set(which, { name, archive: await bytesOf(services, name), manifest: await manifestOf(services, name) });
    const beside = ['', '.sha256', '.manifest.json', '.globals.sql'].map((suffix) => name + suffix);
    await services.s3.removeObjects(settings.store.bucket, beside);
  };
  await keep('old', settings);
  await services.sql('DELETE FROM items WHERE id > 190', 'shop');
  await keep('new', settings);
  await keep('other', services.with({ postgres: { database: 'other' } }));
});
after(() => services?.[Symbol.asyncDispose]());

let second = 0;
function nextName(): string {
  second += 1;
  return `shop_2020-01-01_00-${String(Math.floor(second / 60)).padStart(2, '0')}-${String(second % 60).padStart(2, '0')}.sql.gz`;
}

/** A good backup under a new name, then `change`, then its drill. */
async function drilled(change: (name: string) => Promise<void>): Promise<{ name: string; word: Word; said: string }> {
  const name = nextName();
  await forge(services, name, of('new').archive, of('new').manifest);
  await change(name);
  const { verdict, reasons, notProven } = await drill(settings, { backup: name });
  return { name, word: verdict, said: [...reasons, ...notProven].join('\n').replaceAll(name, 'NAME') };
}

function expect(what: string, wanted: Word, words: RegExp, change: (name: string) => Promise<void>): void {
  test(`${what}: ${wanted}`, async () => {
    total.cases++;
    const { word, said } = await drilled(change);
    if (wanted === 'disproved' && word !== 'disproved') total['false passes']++;
    if (wanted !== 'disproved' && word === 'disproved') total['false failures']++;
    assert.equal(word, wanted, said);
    assert.match(said, words);
  });
}

const changed = (name: string, change: (manifest: Manifest) => object) =>
  put(
    services,
    manifestNameOf(name),
    JSON.stringify(change({ ...of('new').manifest, archive: { ...of('new').manifest.archive, name } })),
  );

describe('the archive', () => {
  expect('nothing is wrong', 'proven', /^owner, privileges/, async () => {});
  expect(
    'an older one under a newer name, its checksum too',
    'disproved',
    /SHA-256 differs from the one in its manifest$/m,
    async (name) => {
      await forge(services, name, of('old').archive, undefined);
    },
  );
  expect(
    'an older one with its own manifest, which names it',
    'disproved',
    /^its manifest belongs to shop_20/m,
    async (name) => {
      await put(services, name, of('old').archive);
      await put(services, `${name}.sha256`, `${sum(of('old').archive)}  ${name}\n`);
      await put(services, manifestNameOf(name), manifestText(of('old').manifest));
    },
  );
  expect(
    'an older one, all signed again, with the newer content',
    'disproved',
    /^table public\.items: 200 rows, the backup holds 190$/m,
    async (name) => {
      await forge(services, name, of('old').archive, of('new').manifest);
    },
  );
  expect(
    'another database’s, all signed again',
    'disproved',
    /^it is a backup of database "other", not of "shop"$/,
    async (name) => {
      await forge(services, name, of('other').archive, { ...of('other').manifest, database: 'shop' });
    },
  );
  expect(
    'another database’s with its own manifest',
    'disproved',
    /^it is a backup of database "other", not of "shop"$/,
    async (name) => {
      await forge(services, name, of('other').archive, of('other').manifest);
    },
  );
  expect(
    'another database’s with nothing beside it',
    'disproved',
    /^it is a backup of database "other", not of "shop"$/,
    async (name) => {
      await services.s3.removeObjects(settings.store.bucket, [`${name}.sha256`, manifestNameOf(name)]);
      await put(services, name, of('other').archive);
    },
  );
  expect('one byte longer', 'disproved', /^the archive has \d+ bytes, its manifest says \d+$/m, async (name) => {
    await put(services, name, Buffer.concat([of('new').archive, Buffer.from('x')]));
  });
  expect('empty', 'disproved', /^the archive is empty \(0 bytes\)$/, (name) => put(services, name, ''));
});

describe('the checksum', () => {
  const sums = (name: string, text: string) => put(services, `${name}.sha256`, text);
  expect('is gone', 'proven', /^owner/, (name) => services.s3.removeObject(settings.store.bucket, `${name}.sha256`));
  expect('is empty', 'disproved', /^NAME\.sha256 is no checksum$/, (name) => sums(name, ''));
  expect('is a page of a proxy', 'disproved', /^NAME\.sha256 is no checksum$/, (name) =>
    sums(name, '<html>502</html>'),
  );
  expect('is of other bytes', 'disproved', /SHA-256 differs from the one in NAME\.sha256$/, (name) =>
    sums(name, `${sum(Buffer.from('x'))}  ${name}\n`),
  );
  expect('is of another file', 'disproved', /^NAME\.sha256 is the checksum of another file, other\.sql\.gz$/, (name) =>
    sums(name, `${sum(of('new').archive)}  other.sql.gz\n`),
  );
  expect('is cut', 'disproved', /^NAME\.sha256 is no checksum$/, (name) =>
    sums(name, sum(of('new').archive).slice(0, 40)),
  );
  expect('has Windows line ends', 'proven', /^owner/, (name) => sums(name, `${sum(of('new').archive)}  ${name}\r\n`));
  expect('is in capitals', 'proven', /^owner/, (name) =>
    sums(name, `${sum(of('new').archive).toUpperCase()}  ${name}\n`),
  );
  expect('has no line end', 'proven', /^owner/, (name) => sums(name, `${sum(of('new').archive)} *${name}`));
  expect('begins with a byte order mark', 'proven', /^owner/, (name) =>
    sums(name, `\uFEFF${sum(of('new').archive)}  ${name}\n`),
  );
  expect('has several lines, of which one is of this file', 'proven', /^owner/, (name) =>
    sums(name, `${sum(Buffer.from('x'))}  other\n${sum(of('new').archive)}  ${name}\n`),
  );
});

describe('the manifest', () => {
  const text = (name: string, content: string | Buffer) => put(services, manifestNameOf(name), content);
  expect('is gone', 'restorable', /without a manifest nobody knows/, (name) =>
    services.s3.removeObject(settings.store.bucket, manifestNameOf(name)),
  );
  expect('is empty', 'restorable', /cannot be read \(it is no JSON/, (name) => text(name, ''));
  expect('is a page', 'restorable', /cannot be read \(it is no JSON/, (name) => text(name, '<html>'));
  expect('is cut', 'restorable', /cannot be read \(it is no JSON/, (name) =>
    text(name, manifestText(of('new').manifest).slice(0, 900)),
  );
  expect(
    'is of a newer schema',
    'restorable',
    /cannot be read \(it is of schema 99, which this Drillbook does not know\)/,
    (name) => changed(name, (manifest) => ({ ...manifest, schema: 99 })),
  );
  expect('is JSON of something else', 'restorable', /cannot be read \(/, (name) => text(name, '[]'));
  expect('lacks its tables', 'restorable', /cannot be read \(content\.tables: /, (name) =>
    changed(name, (manifest) => ({ ...manifest, content: { ...manifest.content, tables: undefined } })),
  );
  expect('is in UTF-16', 'restorable', /cannot be read \(/, (name) =>
    text(name, Buffer.from(`\uFEFF${manifestText(of('new').manifest)}`, 'utf16le')),
  );
  expect('is of another backup', 'disproved', /^its manifest belongs to other\.sql\.gz$/m, (name) =>
    changed(name, (manifest) => ({ ...manifest, archive: { ...manifest.archive, name: 'other.sql.gz' } })),
  );
  expect('says another size', 'disproved', /its manifest says 5$/m, (name) =>
    changed(name, (manifest) => ({ ...manifest, archive: { ...manifest.archive, bytes: 5 } })),
  );
  expect('is of another database', 'disproved', /^it is a backup of database "elsewhere", not of "shop"$/, (name) =>
    changed(name, (manifest) => ({ ...manifest, database: 'elsewhere' })),
  );
  expect('says that nothing must be in it', 'disproved', /is not in the backup$/m, (name) =>
    changed(name, (manifest) => {
      const objects = Object.fromEntries(
        Object.keys(manifest.content.objects).map((kind) => [kind, { count: 0, digest: '', things: [] }]),
      );
      return { ...manifest, content: { ...manifest.content, tables: [], sequences: [], objects } };
    }),
  );
  expect(
    'has no rows of a table',
    'disproved',
    /^table public\.items: 190 rows, but the manifest does not state them$/m,
    (name) => changed(name, (manifest) => ({ ...manifest, content: { ...manifest.content, tables: [] } })),
  );
  expect('is twenty million blanks', 'restorable', /cannot be read \(it is no JSON/, (name) =>
    text(name, Buffer.alloc(20_000_000, ' ')),
  );
});

describe('the server', () => {
  async function rejected(change: (manifest: Manifest) => object): Promise<Failure> {
    total.cases++;
    const failure = await drilled((name) => changed(name, change)).then(
      ({ word, said }) => assert.fail(`${word}: ${said}`),
      (error: unknown) => error,
    );
    assert.ok(failure instanceof Failure, String(failure));
    assert.equal(failure.exit, 3);
    return failure;
  }

  test('lacks extensions: undecided, all of them are named', async () => {
    const failure = await rejected((manifest) => ({
      ...manifest,
      content: {
        ...manifest.content,
        extensions: ['plpgsql', 'postgis_none', 'timescale_none'].map((name) => ({
          name,
          schema: 'public',
          version: '1',
        })),
      },
    }));
    assert.equal(failure.code, 'extensions-missing');
    assert.match(failure.message, /postgis_none, timescale_none/);
  });
  test('is older: undecided, both versions are named', async () => {
    const failure = await rejected((manifest) => ({ ...manifest, versions: { ...manifest.versions, server: '99.1' } }));
    assert.equal(failure.code, 'server-older');
    assert.match(failure.message, /99/);
  });
  test('lacks roles that own and may: proven', async () => {
    total.cases++;
    await services.sql('CREATE ROLE owner_gone NOLOGIN; CREATE ROLE "Reader gone" NOLOGIN');
    const database = await services.database('roles', 'shop');
    await services.sql(
      `ALTER TABLE items OWNER TO owner_gone; GRANT SELECT ON items TO "Reader gone"; ALTER TABLE items ENABLE ROW LEVEL SECURITY;
       CREATE POLICY mine ON items TO "Reader gone" USING (id = 1); ALTER DEFAULT PRIVILEGES FOR ROLE owner_gone GRANT SELECT ON TABLES TO "Reader gone"`,
      database,
    );
    const chosen = services.with({ postgres: { database } });
    const { name } = await takeBackup(chosen);
    await services.sql('DROP OWNED BY owner_gone CASCADE; DROP OWNED BY "Reader gone"', database);
    await services.sql('DROP ROLE owner_gone, "Reader gone"');
    for (const server of ['given', 'own']) {
      const { verdict, reasons } = await drill(chosen, { backup: name, server });
      if (verdict !== 'proven') total['false failures']++;
      assert.deepEqual(reasons, []);
      assert.equal(verdict, 'proven');
    }
  });
});

describe('a clock that jumps', () => {
  let place: Settings;
  const at = (time: string) => ({ now: () => new Date(time) });
  before(async () => {
    place = services.with({ postgres: { database: 'shop' }, store: { bucket: await services.bucket() } });
    place.keepDays = 7;
  });
  const names = async () => (await objectsIn(services, place.store.bucket)).filter((name) => name.endsWith('.sql.gz'));

  test('stands still: backups of one second get names of their own', async () => {
    total.cases++;
    const taken = [];
    for (let i = 0; i < 3; i++) taken.push((await takeBackup(place, at('2026-05-05T05:05:05Z'))).name);
    assert.deepEqual(
      taken,
      ['05', '06', '07'].map((s) => `shop_2026-05-05_05-05-${s}.sql.gz`),
    );
  });
  test('goes back a year: what is there stays, and nothing is written over', async () => {
    total.cases++;
    const before = await names();
    const { name } = await takeBackup(place, at('2025-05-05T05:05:05Z'));
    assert.deepEqual(await names(), [name, ...before].sort());
    assert.equal((await drill(place, { backup: name, ...at('2025-05-05T06:00:00Z') })).verdict, 'proven');
  });
  test('goes forward ten years: the last good backup stays, whatever its age', async () => {
    total.cases++;
    await prune(place, at('2036-01-01T00:00:00Z'));
    const left = await names();
    assert.deepEqual(left, ['shop_2025-05-05_05-05-05.sql.gz']);
  });
  test('has made a backup in the future: it is the newest, and those of today are taken and stay', async () => {
    total.cases++;
    const future = await takeBackup(place, at('2040-01-01T00:00:00Z'));
    const today = await takeBackup(place, at('2026-06-06T00:00:00Z'));
    assert.ok((await names()).includes(today.name));
    const newest = await findBackup(openStore(place.store), 'shop');
    assert.equal(newest.name, future.name);
    const verdict = await drill(place, at('2026-06-06T00:00:01Z'));
    assert.equal(verdict.verdict, 'proven');
    assert.equal(verdict.backup, future.name);
  });
});

test('so many were tried, and nothing is left of them', async (t) => {
  const rows = await services.sql("SELECT datname FROM pg_database WHERE datname LIKE '%restore_test%'");
  t.diagnostic(JSON.stringify({ ...total, leftovers: rows.length }));
  assert.deepEqual(rows, []);
});
