import assert from 'node:assert/strict';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Manifest } from '../../src/backup/manifest.ts';
import { takeBackup } from '../../src/backup/take.ts';
import { Failure, type FailureCode } from '../../src/failure.ts';
import { compareDatabaseWithManifest } from '../../src/restore/read.ts';
import { restoreTables } from '../../src/restore/tables.ts';
import type { Settings } from '../../src/settings.ts';
import { load, manifestOf, NASTY } from '../support/samples.ts';
import { type Services, startServices } from '../support/services.ts';

let services: Services;
let settings: Settings;
let good: string;
let manifest: Manifest;
let scratch: string;
const temporary = process.env.TMPDIR;
const USERS = { schema: 'public', name: 'users' };
const DOCUMENTS = { schema: 'public', name: 'documents' };
const EVENTS = { schema: 'public', name: 'events' };
const ODD = { schema: 'Mixed Case', name: 'Odd "Name"' };

before(async () => {
  services = await startServices();
  scratch = join(services.folder, 'tmp');
  await mkdir(scratch);
  process.env.TMPDIR = scratch;
  await load(services, 'original', NASTY);
  await services.sql(
    `CREATE TABLE "Mixed Case"."Notes" (id int, odd int CONSTRAINT "to Odd" REFERENCES "Mixed Case"."Odd ""Name""");
     COMMENT ON CONSTRAINT "to Odd" ON "Mixed Case"."Notes" IS 'kept';
     INSERT INTO "Mixed Case"."Notes" SELECT i, i FROM generate_series(1, 20) i;
     ALTER TABLE documents FORCE ROW LEVEL SECURITY;
     CREATE RULE quiet AS ON INSERT TO bookings DO INSTEAD NOTHING;
     GRANT UPDATE ON SEQUENCE documents_id_seq TO nasty_reader`,
    'original',
  );
  settings = services.with({ postgres: { database: 'shop' } });
  await services.database('shop', 'original');
  good = (await takeBackup(settings)).name;
  manifest = await manifestOf(services, good);
});

beforeEach(async () => {
  await services.sql('DROP DATABASE shop WITH (FORCE)');
  await services.database('shop', 'original');
});

after(async () => {
  if (temporary === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = temporary;
  await services?.[Symbol.asyncDispose]();
});

/** What of the database is not as in the backup, in words. The original is no part of it: its comment and oid. */
async function differences(): Promise<string[]> {
  return (await compareDatabaseWithManifest(settings, 'shop', manifest)).map(({ text }) => text);
}

async function nothingIsLeft(): Promise<void> {
  const left = await services.sql("SELECT datname FROM pg_database WHERE datname LIKE '%restore_test%'");
  assert.deepEqual(left, []);
  assert.deepEqual(await services.sql("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'drillbook%'", 'shop'), []);
  assert.deepEqual(await readdir(scratch), []);
}

const failing = (code: FailureCode, words: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Failure, String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, words);
  return true;
};

describe('tables restored into their place', () => {
  test('keep their identity where they are defined as in the backup, with triggers, rules, views and keys as they were', async () => {
    await services.sql(
      `UPDATE users SET users = 'overwritten' WHERE id < 50; DELETE FROM bookings;
       UPDATE documents SET body = 'lost'; INSERT INTO users (tenant, users) VALUES (1, 'since')`,
      'shop',
    );
    const oid = await services.sql("SELECT 'users'::regclass::oid", 'shop');
    const tables = [USERS, DOCUMENTS, { schema: 'public', name: 'bookings' }];
    const restored = await restoreTables(settings, { backup: good, tables });
    assert.deepEqual(
      restored.tables.map(({ as, how, rows }) => [as, how, rows]),
      [
        ['public.users', 'filled', 603],
        ['public.documents', 'filled', 300],
        ['public.bookings', 'filled', 50],
      ],
    );
    assert.equal(restored.verdict, 'equal');
    assert.deepEqual(await services.sql("SELECT 'users'::regclass::oid", 'shop'), oid);
    // Numbers that were given since are not given again.
    assert.deepEqual(await differences(), ['sequence public.users_id_seq stands at 604, in the backup at 603']);
    const [row] = await services.sql("INSERT INTO users (tenant, users) VALUES (1, 'next') RETURNING id", 'shop');
    assert.equal(row?.id, '605');
    await nothingIsLeft();
  });

  test('are made again where they are gone, with foreign keys of others that pointed at them', async () => {
    await services.sql(
      'DROP TABLE documents; DROP TABLE "Mixed Case"."Odd ""Name""" CASCADE; DROP TABLE events',
      'shop',
    );
    const restored = await restoreTables(settings, { backup: good, tables: [ODD, DOCUMENTS, EVENTS] });
    assert.deepEqual(
      restored.tables.map(({ how }) => how),
      ['made', 'made', 'made'],
    );
    assert.ok(restored.foreignKeys.includes('"to Odd" on "Mixed Case"."Notes"'));
    assert.deepEqual(await differences(), []);
    await nothingIsLeft();
  });

  test('are replaced where they are defined differently: columns, indexes, policies, partitions, privileges', async () => {
    await services.sql(
      `ALTER TABLE documents DROP COLUMN body CASCADE; DROP POLICY own ON documents; GRANT ALL ON documents TO PUBLIC;
       DROP INDEX events_what; DROP TABLE events_2025; CREATE TABLE events_2027 PARTITION OF events FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');
       ALTER TABLE "Mixed Case"."Odd ""Name""" ALTER d TYPE varchar(50)`,
      'shop',
    );
    const restored = await restoreTables(settings, { backup: good, tables: [DOCUMENTS, EVENTS, ODD] });
    assert.deepEqual(
      restored.tables.map(({ how }) => how),
      ['replaced', 'replaced', 'replaced'],
    );
    assert.deepEqual(await differences(), []);
    await nothingIsLeft();
  });

  test('leave all other tables as they are, also what was written since the backup', async () => {
    await services.sql('DELETE FROM events; DELETE FROM bookings; CREATE TABLE newer AS SELECT 1 AS one', 'shop');
    await restoreTables(settings, { backup: good, tables: [EVENTS] });
    assert.deepEqual(
      (await differences()).filter((text) => !/newer/.test(text)),
      ['table public.bookings: 0 rows, the backup holds 50'],
    );
    assert.equal((await services.sql('SELECT FROM newer', 'shop')).length, 1);
  });

  test('are refused, with nothing changed, where rows of another table would point at nothing', async () => {
    await services.sql(
      "INSERT INTO users (tenant, users) VALUES (3, 'since'); INSERT INTO documents (tenant, owner) SELECT 3, max(id) FROM users",
      'shop',
    );
    const before = await differences();
    const work = restoreTables(settings, { backup: good, tables: [USERS] });
    await assert.rejects(work, failing('tables-refused', /documents.*not present|violates foreign key/));
    assert.deepEqual(await differences(), before);
    await nothingIsLeft();
  });

  test('are refused, with nothing changed, where views need a table that is defined differently now', async () => {
    await services.sql('ALTER TABLE users ADD COLUMN later int', 'shop');
    const before = await differences();
    const work = restoreTables(settings, { backup: good, tables: [USERS] });
    await assert.rejects(work, failing('table-needed', /active_users/));
    assert.deepEqual(await differences(), before);
    await nothingIsLeft();
  });

  test('are refused where the backup holds no such table, with the nearest names, before anything is made', async () => {
    const tables = [{ schema: 'public', name: 'Users' }];
    await assert.rejects(restoreTables(settings, { backup: good, tables }), (error) => {
      assert.ok(error instanceof Failure);
      assert.match(error.hint, /public\.users/);
      return failing('tables-unknown', /"Users"/)(error);
    });
    await nothingIsLeft();
  });

  for (const stage of ['Restoring the whole', 'Comparing', 'Looking', 'Bringing', 'Putting'])
    test(`leave everything as it was when interrupted while ${stage.toLowerCase()}`, async () => {
      await services.sql('DELETE FROM events', 'shop');
      const before = await differences();
      const stop = new AbortController();
      const report = (event: { kind: string; title?: string }) => {
        if (event.title?.startsWith(stage)) setImmediate(() => stop.abort(new Error('stopped')));
      };
      const work = restoreTables(settings, { backup: good, tables: [EVENTS, USERS], report, signal: stop.signal });
      await assert.rejects(work, /stopped/);
      assert.deepEqual(await differences(), before);
      await nothingIsLeft();
    });
});

describe('tables restored beside', () => {
  for (const beside of [{ schema: 'Then' }, { suffix: '_then' }])
    test(`in ${JSON.stringify(beside)} are whole and leave the present ones alone`, async () => {
      await services.sql('DELETE FROM documents; DELETE FROM events', 'shop');
      const before = await differences();
      const restored = await restoreTables(settings, { backup: good, tables: [USERS, DOCUMENTS, EVENTS, ODD], beside });
      const as = new Map(restored.tables.map((table) => [table.table, table.as]));
      assert.equal(as.get('public.users'), 'schema' in beside ? '"Then".users' : 'public.users_then');
      assert.deepEqual(
        restored.tables.map(({ how, rows }) => [how, rows]),
        [
          ['beside', 603],
          ['beside', 300],
          ['beside', 400],
          ['beside', 100],
        ],
      );
      assert.deepEqual(
        (await differences()).filter((text) => !/then/i.test(text)),
        before,
      );
      // The key among the chosen tables holds beside too, and the identity goes on.
      assert.equal(restored.foreignKeys.length, 1);
      const [row] = await services.sql(
        `INSERT INTO ${as.get('public.users')} (tenant, users) VALUES (1, 'next') RETURNING id`,
        'shop',
      );
      assert.equal(row?.id, '604');
      await assert.rejects(
        services.sql(`INSERT INTO ${as.get('public.documents')} (tenant, owner) VALUES (1, -1)`, 'shop'),
        /foreign key/,
      );
      const again = restoreTables(settings, { backup: good, tables: [EVENTS], beside });
      await assert.rejects(again, failing('table-exists', /events/));
      await nothingIsLeft();
    });
});
