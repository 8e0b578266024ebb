import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connect } from '../../src/postgres/connection.ts';
import { type Content, content } from '../../src/postgres/content.ts';
import { readContent } from '../../src/postgres/fingerprint.ts';
import { keyOf, reprint } from '../../src/postgres/reprint.ts';
import type { Settings } from '../../src/settings.ts';
import { type Services, startServices } from '../support/services.ts';

let services: Services;
before(async () => {
  services = await startServices();
});
after(() => services?.[Symbol.asyncDispose]());

async function read(database: string, settings: Settings['postgres'] = services.settings.postgres): Promise<Content> {
  await using client = await connect(settings, { database });
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  const read = await readContent(client);
  await client.query('COMMIT');
  return read;
}

async function hashOf(sql: string): Promise<string> {
  const database = await services.database();
  await services.sql(sql, database);
  return (await read(database)).tables[0]?.hash ?? '';
}

test('what is read is what a manifest may hold', async () => {
  const database = await services.database();
  await services.sql('CREATE TABLE t (a int PRIMARY KEY)', database);
  const found = await read(database);
  assert.deepEqual(content.parse(JSON.parse(JSON.stringify(found))), found);
});

test('the hash does not depend on the order of rows or columns', async () => {
  const forward = await hashOf("CREATE TABLE t (a int, b text); INSERT INTO t VALUES (1, 'x'), (2, 'y')");
  const backward = await hashOf("CREATE TABLE t (b text, a int); INSERT INTO t VALUES ('y', 2), ('x', 1)");
  assert.equal(forward, backward);
});

test('a column with its table’s name does not stand in for the row', async () => {
  const rows = (other: string) =>
    `CREATE TABLE t (t text, r text, b text); INSERT INTO t VALUES ('same', 'same', '${other}')`;
  assert.notEqual(await hashOf(rows('one')), await hashOf(rows('two')));
});

test('NULL, an empty text and the word NULL are three things', async () => {
  const hashes = await Promise.all(
    ['NULL', "''", "'NULL'"].map((value) => hashOf(`CREATE TABLE t (a text); INSERT INTO t VALUES (${value})`)),
  );
  assert.equal(new Set(hashes).size, 3);
});

test('a row twice is not no row, and a value may not move to another row', async () => {
  const insert = (values: string) => hashOf(`CREATE TABLE t (a int, b int); INSERT INTO t VALUES ${values}`);
  assert.notEqual(await insert('(1, 1), (1, 1)'), await hashOf('CREATE TABLE t (a int, b int)'));
  assert.notEqual(await insert('(1, 2), (3, 4)'), await insert('(1, 4), (3, 2)'));
});

test('the settings of database and role do not change the hash', async () => {
  const database = await services.database();
  await services.sql(
    `CREATE TABLE t AS SELECT 1.0::float8 / 3 AS f, now() AS at, interval '1 day 2 hours' AS span, '\\x01'::bytea AS bytes, 5::money AS m`,
    database,
  );
  const earlier = await read(database);
  await services.sql(
    `ALTER DATABASE ${database} SET extra_float_digits = -5; ALTER DATABASE ${database} SET DateStyle = 'German';
     ALTER DATABASE ${database} SET TimeZone = 'Asia/Tokyo'; ALTER DATABASE ${database} SET IntervalStyle = 'iso_8601';
     ALTER DATABASE ${database} SET bytea_output = 'escape'; ALTER DATABASE ${database} SET search_path = 'nowhere'`,
    database,
  );
  const later = await read(database);
  assert.deepEqual(later.tables, earlier.tables);
  assert.equal(later.database.settings.length, 6);
});

test('what a server notes for itself among the options of a column is no part of the content', async () => {
  const database = await services.database();
  await services.sql('CREATE TABLE t (a int); ALTER TABLE t ALTER a SET (n_distinct = 5)', database);
  const before = await read(database);
  // As 15.20 writes it; older servers refuse the name in ALTER TABLE.
  const note = `UPDATE pg_attribute SET attoptions = '{pg_attver=22158952,n_distinct=%}' WHERE attrelid = 't'::regclass AND attnum = 1`;
  await services.sql(note.replace('%', '5'), database);
  assert.deepEqual(await read(database), before);
  await services.sql(note.replace('%', '6'), database);
  assert.notDeepEqual(await read(database), before);
});

test('rows that a policy hides are an error, never a smaller number', async () => {
  const database = await services.database();
  await services.sql(
    `CREATE ROLE blinded LOGIN PASSWORD 'blinded-Secret'; CREATE TABLE t (a int); INSERT INTO t VALUES (1);
     ALTER TABLE t ENABLE ROW LEVEL SECURITY; GRANT SELECT ON t TO blinded`,
    database,
  );
  const blinded = { ...services.settings.postgres, user: 'blinded', password: 'blinded-Secret' };
  await assert.rejects(read(database, blinded), /row-level security/);
});

test('a definition is reprinted as this server prints it, and nothing stays behind', async () => {
  const [made, restored] = [await services.database(), await services.database()];
  const check = (status: string) => `CREATE TABLE t (status varchar CONSTRAINT c CHECK (${status}))`;
  await services.sql(check("status IN ('a', 'b')"), made);
  const expected = await read(made);
  const [printed] = expected.objects.constraint.things.map((thing) => thing.definition.slice('CHECK ('.length, -1));
  await services.sql(check(printed ?? ''), restored);
  const actual = await read(restored);
  assert.notEqual(actual.objects.constraint.digest, expected.objects.constraint.digest);
  await using client = await connect(services.settings.postgres, { database: restored });
  const reprinted = await reprint(client, expected, actual);
  assert.equal(reprinted.get(keyOf('constraint', 'c on public.t')), actual.objects.constraint.things[0]?.definition);
  const left = await services.sql(
    "SELECT FROM pg_class WHERE relnamespace::regnamespace::text LIKE 'pg_temp%'",
    restored,
  );
  assert.equal(left.length, 0);
});
