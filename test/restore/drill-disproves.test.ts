import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { takeBackup } from '../../src/backup/take.ts';
import { environmentOf } from '../../src/postgres/connection.ts';
import { postgresPrograms } from '../../src/postgres/programs.ts';
import { runOrFail } from '../../src/process.ts';
import { drill } from '../../src/restore/drill.ts';
import { exitOf } from '../../src/restore/text.ts';
import {
  archive,
  endNasty,
  good,
  manifest,
  nextName,
  nothingIsLeft,
  services,
  settings,
  startNasty,
} from '../support/nasty.ts';
import { bytesOf, forge, put } from '../support/samples.ts';

before(() => startNasty());
after(endNasty);

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
