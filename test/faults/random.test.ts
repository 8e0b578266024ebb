/**
 * Good backups never fail: databases that chance has made (types, expressions, names that need quotes, everything that hangs on
 * tables) are backed up, drilled and proven. DRILLBOOK_SEED makes the same ones again.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { takeBackup } from '../../src/backup/take.ts';
import { quoteIdentifier } from '../../src/postgres/connection.ts';
import { drill } from '../../src/restore/drill.ts';
import { randomNumbers } from '../support/random.ts';
import { type Services, startServices } from '../support/services.ts';

const SEED = Number(process.env.DRILLBOOK_SEED ?? Date.now() % 1_000_000);
const SCHEMAS = 30;

/** A type, a value of it from the number `i`, and whether it can be compared by `<`. */
const TYPES: [type: string, value: string, ordered: boolean][] = [
  ['int', 'i', true],
  ['bigint', 'i * 10000000000', true],
  ['smallint', 'i % 100', true],
  ['numeric', "CASE i % 4 WHEN 0 THEN 'NaN' ELSE i / 7.0 END", true],
  ['numeric(12,3)', 'i / 3.0', true],
  ['real', "CASE i % 5 WHEN 0 THEN '-Infinity'::real ELSE sqrt(i) END", true],
  ['double precision', "CASE i % 5 WHEN 0 THEN '-0'::float8 ELSE sqrt(i) END", true],
  ['text', "CASE i % 3 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE E'a\\tb\\n\\\\. ü ' || i END", true],
  ['varchar(30)', "(ARRAY['new', 'active', 'gone'])[1 + i % 3]", true],
  ['char(7)', "'c' || i", true],
  ['text COLLATE "C"', 'md5(i::text)', true],
  ['boolean', 'i % 2 = 0', true],
  ['date', "date '0044-03-15 BC' + i * 1000", true],
  [
    'timestamp',
    "CASE i % 4 WHEN 0 THEN 'infinity' ELSE timestamp '2026-03-29 01:30' + i * interval '10 min' END",
    true,
  ],
  ['timestamptz(3)', "timestamptz '2026-10-25 00:30+00' + i * interval '17 min 3.123456 s'", true],
  ['time', "time '23:00' + i * interval '1 s'", true],
  ['timetz', "timetz '23:00+05:30'", true],
  ['interval', 'make_interval(months => i, days => -i, secs => i * 0.7)', true],
  ['uuid', 'md5(i::text)::uuid', true],
  ['bytea', "decode(md5(i::text), 'hex')", true],
  ['json', `('{"b": 1,  "a": ' || i || ', "a": null}')::json`, false],
  ['jsonb', "jsonb_build_object('x', i, 'y', ARRAY[i::text, NULL])", false],
  ['xml', "('<a>' || i || '</a>')::xml", false],
  ['inet', "'10.0.0.1'::inet + i", true],
  ['cidr', "'10.1.0.0/16'", true],
  ['macaddr', "'08:00:2b:01:02:03'", true],
  ['bit(5)', 'i::bit(5)', true],
  ['varbit', 'i::bit(9)', true],
  ['point', 'point(i, -i)', false],
  ['box', 'box(point(0, 0), point(i, i))', false],
  ['money', 'i::money', true],
  ['tsvector', "to_tsvector('english', 'running dogs ' || i)", true],
  ['tsquery', "to_tsquery('simple', 'a & !b | c' || i)", true],
  ['int4range', 'int4range(i, i + 5)', true],
  ['tstzrange', "tstzrange('2026-01-01', NULL)", true],
  ['int[]', 'ARRAY[i, NULL, -i]', true],
  ['text[][]', `ARRAY[['a,b', '"q"'], ['{}', 'NULL']]`, true],
  ['"Mood of Day"', `(ARRAY['so so', 'it''s "ok"', 'Ü'])[1 + i % 3]::"Mood of Day"`, true],
  ['"Mood of Day"[]', `ARRAY['Ü']::"Mood of Day"[]`, true],
  ['positive', 'i + 1', true],
  ['pair', 'ROW(i, \'x, "y"\')::pair', true],
  ['oid', 'i::oid', true],
  ['regclass', "'pg_class'::regclass", true],
  ['pg_lsn', "'16/B374D848'", true],
];

const NAMES = [
  'plain',
  'Mixed Case',
  'select',
  'quo"te',
  'ünï',
  "it's",
  'a.b',
  'back\\slash',
  'semi;colon',
  '$1',
  ' blank ',
  'table',
  '日本',
  '--',
  'x'.repeat(63),
  '%s',
  'user',
  'new\nline',
];

const TYPES_FIRST = `
  CREATE TYPE "Mood of Day" AS ENUM ('so so', 'it''s "ok"', 'Ü');
  CREATE DOMAIN positive AS int DEFAULT 1 CHECK (VALUE > 0) CONSTRAINT "not many" CHECK (VALUE NOT IN (666, 667));
  CREATE TYPE pair AS (n int, "T" text);
  CREATE FUNCTION twice(a text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $_$ SELECT a || '$$' || a $_$;
  CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;`;

/** The SQL of a database. */
function databaseBy(random: () => number): string {
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] ?? assert.fail();
  const often = (chance: number) => random() < chance;
  const sql = [TYPES_FIRST];
  const schemas = ['public', ...(often(0.5) ? [pick(NAMES)] : [])];
  for (const schema of schemas.slice(1)) sql.push(`CREATE SCHEMA ${quoteIdentifier(schema)}`);
  const keys: string[] = [];
  const tables = new Set(NAMES.toSorted(() => random() - 0.5).slice(0, 2 + Math.floor(random() * 3)));
  let made = 0;
  for (const plain of tables) {
    made++;
    const name = `${quoteIdentifier(pick(schemas))}.${quoteIdentifier(plain)}`;
    const columns = NAMES.toSorted(() => random() - 0.5)
      .slice(0, 2 + Math.floor(random() * 6))
      .map((column) => ({ column: quoteIdentifier(column), type: pick(TYPES) }));
    const partitioned = often(0.2);
    const unlogged = often(0.15) && !partitioned;
    const lines = ['"the key" int NOT NULL', ...columns.map(({ column, type: [type] }) => `${column} ${type}`)];
    const varchars = columns.filter(({ type: [type] }) => type.startsWith('varchar'));
    for (const { column } of varchars) lines.push(`CHECK (${column} IN ('new', 'active', 'gone'))`);
    const texts = columns.filter(({ type: [type] }) => type === 'text' || type.startsWith('varchar'));
    if (often(0.4) && texts[0])
      lines.push(`"made of" text GENERATED ALWAYS AS (twice(${texts[0].column}::text)) STORED`);
    if (often(0.3)) lines.push('"counted" bigint GENERATED BY DEFAULT AS IDENTITY (START 7 INCREMENT 3)');
    sql.push(
      `CREATE ${unlogged ? 'UNLOGGED ' : ''}TABLE ${name} (${lines.join(', ')}, PRIMARY KEY ("the key"))${partitioned ? ' PARTITION BY HASH ("the key")' : ''}`,
    );
    if (partitioned)
      for (const rest of [0, 1])
        sql.push(
          `CREATE TABLE public.${quoteIdentifier(`part ${rest} of ${plain}`.slice(0, 40))} PARTITION OF ${name} FOR VALUES WITH (MODULUS 2, REMAINDER ${rest})`,
        );
    const named = columns.map(({ column }) => column).join(', ');
    const values = columns.map(({ type: [, value] }) => value).join(', ');
    sql.push(
      `INSERT INTO ${name} ("the key", ${named}) SELECT i, ${values} FROM generate_series(1, ${Math.floor(random() * 60)}) AS i`,
    );
    for (const {
      column,
      type: [type, , ordered],
    } of columns) {
      if (ordered && often(0.3))
        sql.push(
          `CREATE INDEX ON ${name} (${column}${often(0.5) ? ' DESC NULLS LAST' : ''}) WHERE "the key" > 3 AND ${column} IS NOT NULL`,
        );
      if (often(0.2))
        sql.push(`COMMENT ON COLUMN ${name}.${column} IS E'it''s\\n\\\\ ${type.replaceAll(/['"]/g, '')}'`);
      if (often(0.15)) sql.push(`ALTER TABLE ${name} ALTER ${column} SET STATISTICS 50`);
    }
    for (const { column } of varchars.slice(0, 1)) {
      sql.push(
        `ALTER TABLE ${name} ALTER ${column} SET DEFAULT CASE WHEN 'a'::varchar IN ('a', 'b') THEN 'new' ELSE 'gone' END`,
      );
      sql.push(`CREATE INDEX ON ${name} (lower(${column}::text), "the key") WHERE ${column} IN ('new', 'gone')`);
      sql.push(
        `CREATE VIEW ${quoteIdentifier(`view ${made} of ${plain}`.slice(0, 50))} AS SELECT * FROM ${name} WHERE ${column} IN ('new', 'active')`,
      );
      sql.push(
        `CREATE POLICY ${quoteIdentifier(pick(NAMES))} ON ${name} USING (${column} IN ('new', 'active') AND "the key" NOT BETWEEN 3 AND 5)`,
      );
      if (often(0.5)) sql.push(`ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY`);
      if (often(0.5) && !partitioned)
        sql.push(`CREATE RULE kept AS ON DELETE TO ${name} WHERE OLD.${column} IN ('new', 'gone') DO INSTEAD NOTHING`);
      if (often(0.5) && !unlogged && !partitioned)
        sql.push(
          `CREATE PUBLICATION ${quoteIdentifier(`feed ${made}`)} FOR TABLE ${name} WHERE ("the key" > 5) WITH (publish = 'insert')`,
        );
    }
    if (often(0.4))
      sql.push(
        `CREATE TRIGGER ${quoteIdentifier(pick(NAMES))} BEFORE UPDATE ON ${name} FOR EACH ROW WHEN (NEW."the key" IN (1, 2)) EXECUTE FUNCTION touched()`,
      );
    if (often(0.3) && !partitioned) sql.push(`ALTER TABLE ${name} DISABLE TRIGGER ALL`);
    const other = keys.at(-1);
    if (other !== undefined && !partitioned && often(0.6))
      sql.push(
        `ALTER TABLE ${name} ADD CONSTRAINT ${quoteIdentifier(pick(NAMES))} FOREIGN KEY ("the key") REFERENCES ${other} DEFERRABLE NOT VALID`,
      );
    if (often(0.3))
      sql.push(
        `CREATE MATERIALIZED VIEW ${quoteIdentifier(`sums ${made}`)} AS SELECT count(*) AS n, max("the key") AS most FROM ${name}${often(0.3) ? ' WITH NO DATA' : ''}`,
      );
    if (often(0.3))
      sql.push(
        `CREATE STATISTICS ${quoteIdentifier(`of ${made}`)} ON "the key", ${columns.find(({ type: [, , ordered] }) => ordered)?.column ?? '("the key" + 1)'} FROM ${name}`,
      );
    if (often(0.3)) sql.push(`GRANT SELECT ("the key"), UPDATE ON ${name} TO PUBLIC`);
    if (!unlogged) keys.push(name);
  }
  if (often(0.5))
    sql.push(
      `CREATE SEQUENCE ${quoteIdentifier(`seq ${pick(NAMES)}`.slice(0, 60))} INCREMENT -3 MAXVALUE 100 START 50 CYCLE`,
    );
  if (often(0.4)) sql.push("SELECT lo_from_bytea(0, decode(repeat('00ff', 5000), 'hex')), lo_from_bytea(0, '')");
  return sql.join(';\n');
}

let services: Services;
before(async () => {
  services = await startServices();
});
after(() => services?.[Symbol.asyncDispose]());

test(`${SCHEMAS} databases that chance has made are all proven`, async (t) => {
  t.diagnostic(`seed ${SEED}`);
  const counts = { databases: 0, tables: 0, objects: 0, 'false failures': 0 };
  for (let nth = 0; nth < SCHEMAS; nth++) {
    const database = await services.database(`chance_${nth}`);
    const sql = databaseBy(randomNumbers(SEED * 1000 + nth));
    await services
      .sql(sql, database)
      .catch((error: unknown) => assert.fail(`${error}, seed ${SEED}, number ${nth}\n${sql}`));
    const settings = services.with({ postgres: { database } });
    settings.minTables = 0;
    const { name, tables } = await takeBackup(settings);
    const { verdict, reasons, compared } = await drill(settings, { backup: name, server: 'given' });
    if (verdict !== 'proven') counts['false failures']++;
    assert.deepEqual(reasons, [], `seed ${SEED}, number ${nth}\n${sql}`);
    assert.equal(verdict, 'proven');
    counts.databases++;
    counts.tables += tables;
    counts.objects += Number(/^([\d,]+) definitions/m.exec(compared.join('\n'))?.[1]?.replace(',', '') ?? 0);
    await services.sql(`DROP DATABASE ${quoteIdentifier(database)}`);
  }
  t.diagnostic(JSON.stringify(counts));
});
