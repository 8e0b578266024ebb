import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Lab } from '../../../src/lab/lab.ts';
import { createSample } from '../../../src/lab/sample/create.ts';
import { labUp } from '../../../src/lab/up.ts';
import { type Client, connect } from '../../../src/postgres/connection.ts';
import { readContent } from '../../../src/postgres/fingerprint.ts';
import { run } from '../../../src/process.ts';
import { silent } from '../../../src/progress.ts';

let lab: Lab & AsyncDisposable;
let client: Client;
before(async () => {
  lab = await labUp({ report: silent });
  await createSample(lab, { rows: 10_000 });
  client = await connect(lab.settings.postgres);
});
after(async () => {
  await client[Symbol.asyncDispose]();
  await lab.down();
});

/** Each query must return at least this many rows. */
const FEATURES: [feature: string, least: number, sql: string][] = [
  [
    'twelve tables in public',
    12,
    `FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition`,
  ],
  ['tenants with row-level security', 4, `FROM pg_class WHERE relrowsecurity`],
  ['policies, one of them restrictive', 1, `FROM pg_policy WHERE NOT polpermissive`],
  [
    'range, hash and default partitions',
    3,
    `FROM pg_class WHERE relispartition AND (pg_get_expr(relpartbound, oid) ~ 'FROM|modulus|DEFAULT')`,
  ],
  ['enum types', 2, `FROM pg_type WHERE typtype = 'e'`],
  ['domain types', 2, `FROM pg_type WHERE typtype = 'd' AND typnamespace = 'public'::regnamespace`],
  [
    'identity columns of both kinds',
    2,
    `FROM (SELECT DISTINCT attidentity FROM pg_attribute WHERE attidentity <> '') AS kinds`,
  ],
  [
    'serial columns',
    3,
    `FROM pg_depend WHERE classid = 'pg_class'::regclass AND deptype = 'a' AND objid IN (SELECT oid FROM pg_class WHERE relkind = 'S')`,
  ],
  ['generated columns', 4, `FROM pg_attribute WHERE attgenerated = 's'`],
  ['deferrable foreign keys', 3, `FROM pg_constraint WHERE contype = 'f' AND condeferrable`],
  ['composite foreign keys', 2, `FROM pg_constraint WHERE contype = 'f' AND cardinality(conkey) > 1`],
  ['partial indexes', 3, `FROM pg_index WHERE indpred IS NOT NULL`],
  ['expression indexes', 2, `FROM pg_index WHERE indexprs IS NOT NULL`],
  [
    'unique indexes that are no constraint',
    3,
    `FROM pg_index WHERE indisunique AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)`,
  ],
  [
    'check constraints with IN lists on varchar',
    3,
    `FROM pg_constraint WHERE contype = 'c' AND pg_get_constraintdef(oid) ~ 'ANY.*character varying'`,
  ],
  ['an exclusion constraint', 1, `FROM pg_constraint WHERE contype = 'x'`],
  [
    'functions, a procedure and an aggregate',
    3,
    `FROM (SELECT DISTINCT prokind FROM pg_proc WHERE pronamespace = 'public'::regnamespace) AS kinds`,
  ],
  ['triggers, one of them disabled', 1, `FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'D'`],
  [
    'views on views',
    1,
    `FROM pg_depend JOIN pg_rewrite ON pg_rewrite.oid = objid JOIN pg_class AS below ON below.oid = refobjid WHERE classid = 'pg_rewrite'::regclass AND below.relkind = 'v' AND ev_class <> below.oid AND below.relnamespace = 'public'::regnamespace`,
  ],
  ['a materialised view with rows and one without', 2, `FROM (SELECT DISTINCT ispopulated FROM pg_matviews) AS kinds`],
  ['large objects, one of them empty', 3, `FROM pg_largeobject_metadata`],
  [
    'jsonb, arrays, bytea, timestamptz',
    4,
    `FROM (SELECT DISTINCT atttypid FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid WHERE relnamespace = 'public'::regnamespace AND atttypid IN ('jsonb'::regtype, 'text[]'::regtype, 'bytea'::regtype, 'timestamptz'::regtype)) AS kinds`,
  ],
  ['numeric extremes', 1, `FROM extremes WHERE length(anything::text) > 1000`],
  ['not a number and infinity', 2, `FROM extremes WHERE anything IN ('NaN', '-Infinity')`],
  ['NULs beside empty strings', 2, `FROM extremes WHERE label IS NULL OR label = ''`],
  ['bytes that are zero', 1, `FROM extremes WHERE position('\\x00'::bytea IN bytes) > 0`],
  ['non-ASCII text', 100, `FROM users WHERE display_name ~ '[^\\x01-\\x7f]'`],
  ['quoted mixed-case names', 1, `FROM pg_class WHERE relname = 'Stock Levels'`],
  [
    'a column with its table’s name',
    1,
    `FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid WHERE attname = relname AND relkind = 'r'`,
  ],
  [
    'comments on many kinds',
    6,
    `FROM (SELECT DISTINCT classoid, objsubid > 0 FROM pg_description WHERE objoid >= 16384) AS kinds`,
  ],
  ['column privileges', 3, `FROM pg_attribute WHERE attacl IS NOT NULL`],
  [
    'database settings',
    1,
    `FROM pg_db_role_setting JOIN pg_database ON pg_database.oid = setdatabase WHERE datname = current_database() AND cardinality(setconfig) >= 3`,
  ],
  ['grants to a second role', 1, `FROM pg_class WHERE relacl::text LIKE '%freshtrack_report=%'`],
  ['default privileges', 1, `FROM pg_default_acl`],
  ['an empty table', 1, `FROM pg_class WHERE relname = 'feature_flags' AND reltuples = 0`],
];

for (const [feature, least, sql] of FEATURES)
  test(`the sample has ${feature}`, async () => {
    const { rows } = await client.query<{ found: number }>(`SELECT count(*)::int AS found ${sql}`);
    assert.ok((rows[0]?.found ?? 0) >= least, `${rows[0]?.found} found, at least ${least} expected`);
  });

test('the sample needs no extension beside plpgsql', async () => {
  const { rows } = await client.query('SELECT extname FROM pg_extension');
  assert.deepEqual(rows, [{ extname: 'plpgsql' }]);
});

test('the same number of rows gives the same content, another number does not', async () => {
  const content = async (database: string, rows: number) => {
    await createSample(lab, { rows, database });
    await using other = await connect(lab.settings.postgres, { database });
    await other.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const { tables, sequences, objects, largeObjects } = await readContent(other);
    return { tables, sequences, objects, largeObjects };
  };
  const first = await content('first', 10_000);
  assert.deepEqual(await content('second', 10_000), first);
  assert.notDeepEqual((await content('third', 12_000)).tables, first.tables);
});

test('the number of rows is about what was asked for', async () => {
  await createSample(lab, { rows: 100_000, database: 'counted' });
  await using other = await connect(lab.settings.postgres, { database: 'counted' });
  const { rows } = await other.query<{ rows: number }>(
    `SELECT sum(reltuples)::int AS rows FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`,
  );
  assert.ok(Math.abs((rows[0]?.rows ?? 0) - 100_000) < 10_000, String(rows[0]?.rows));
});

test('a number of rows outside the range is refused before anything is made', async () => {
  for (const rows of [9_999, 5_000_001, 12_345.6, Number.NaN])
    await assert.rejects(createSample(lab, { rows, database: 'refused' }), RangeError);
});

test('an abort leaves no database', async () => {
  const controller = new AbortController();
  const reason = new Error('enough');
  const made = createSample(lab, {
    rows: 200_000,
    database: 'aborted',
    report: (event) => event.kind === 'amount' && event.done === 1 && setImmediate(() => controller.abort(reason)),
    signal: controller.signal,
  });
  await assert.rejects(made);
  const { rows } = await client.query(`SELECT FROM pg_database WHERE datname = 'aborted'`);
  assert.equal(rows.length, 0);
});

test('a plain owner can own all of it, dump it and restore it', async () => {
  await createSample(lab, { rows: 10_000, database: 'plain', owner: 'plain-owner' });
  const script = `
    set -e
    pg_dump --format=custom --file="$TMPDIR/plain.dump" plain
    psql -X -q -d postgres -c 'DROP DATABASE plain'
    pg_restore --create --exit-on-error --dbname=postgres "$TMPDIR/plain.dump"
    psql -X -At -d plain -c 'SELECT count(*) FROM users'`;
  const env = lab.environment('plain-owner');
  const ran = await run('bash', ['-c', script], { env, cwd: join(lab.folder, 'tmp') });
  assert.deepEqual({ status: ran.status, stdout: ran.stdout }, { status: 0, stdout: '600\n' }, ran.stderr);
});
