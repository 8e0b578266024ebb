/**
 * The one transaction in which tables take their place: locked, emptied or made anew, filled, their foreign keys made again (which checks
 * every row), and compared with the backup. Whatever is not as it must be rolls all of it back.
 */
import type { ClientBase } from 'pg';
import { Failure } from '../../failure.ts';
import type { Content, TableContent } from '../../postgres/content.ts';
import { pinSession, readCatalog } from '../../postgres/fingerprint.ts';
import { readRows } from '../../postgres/rows.ts';
import { compareContent } from '../proof.ts';
import { literal } from '../properties.ts';
import {
  type ForeignKey,
  familyOf,
  foreignKeysOf,
  objectsOf,
  type Position,
  positionsOf,
  type Relation,
  relationsOf,
} from './relations.ts';
import { onlyObjects } from './staged.ts';

/** How a chosen table comes to its place. */
export type How = 'filled' | 'replaced' | 'made' | 'beside';

export type Plan = {
  /** For messages. */
  database: string;
  /** Each chosen table, quoted, as it shall be called, and how it gets there. */
  units: ReadonlyMap<string, How>;
  /** Of the backup, as they shall be called; the rows of the one at place `i` are in `<scratch>.r<i>`. */
  relations: readonly Relation[];
  scratch: string;
  /** What makes those that are not there, or are to be replaced; and their privileges. */
  ddl: string;
  grants: string;
  /** Of the backup: content of the tables, their objects, foreign keys of them and to them, positions of their sequences. */
  wanted: {
    tables: readonly TableContent[];
    catalog: Omit<Content, 'tables'>;
    keys: readonly ForeignKey[];
    positions: readonly Position[];
  };
  /** A schema to be made. */
  schema: string | undefined;
};

export type Placed = { keys: ForeignKey[]; positions: Position[]; rows: TableContent[] };

/** How long a lock is waited for before all is given up, so that the application does not wait behind us for ever. */
const LOCK_TIMEOUT = '30s';

/** @throws Failure table-needed, tables-refused; all is as before then */
export async function place(client: ClientBase, plan: Plan): Promise<Placed> {
  try {
    const placed = await inTransaction(client, plan);
    await client.query('COMMIT');
    return placed;
  } catch (cause) {
    await client.query('ROLLBACK').catch(() => {}); // a session that is gone has rolled back
    if (cause instanceof Failure || !(cause instanceof Error) || !('severity' in cause)) throw cause;
    const detail = 'detail' in cause && typeof cause.detail === 'string' ? `; ${cause.detail}` : '';
    throw new Failure('tables-refused', { database: plan.database, message: `${cause.message}${detail}` }, { cause });
  }
}

async function inTransaction(client: ClientBase, plan: Plan): Promise<Placed> {
  const { units, relations, wanted } = plan;
  const names = relations.map(({ quoted }) => quoted);
  const of = (...hows: How[]) => [...units].filter(([, how]) => hows.includes(how)).map(([name]) => name);
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE');
  await client.query(
    `SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'; SET LOCAL statement_timeout = 0; SET LOCAL search_path = pg_catalog`,
  );
  const present = of('filled', 'replaced').sort();
  // Before the first query, which takes the snapshot: nothing may be written between the two.
  if (present.length > 0) await client.query(`LOCK TABLE ${present.join(', ')} IN ACCESS EXCLUSIVE MODE`);
  const before = await readCatalog(client);
  // With partitions that the backup does not have.
  const all = [...names];
  for (const unit of present) all.push(...(await relationsOf(client, unit)).map(({ quoted }) => quoted));
  const families = await familyOf(client, all);

  const keysBefore = await foreignKeysOf(client, all);
  for (const { table, name } of keysBefore) await client.query(`ALTER TABLE ${table} DROP CONSTRAINT ${name}`);
  const publications = await publicationsOf(client, of('replaced'));
  await dropTables(client, of('replaced'));
  if (plan.schema !== undefined) await client.query(`CREATE SCHEMA IF NOT EXISTS ${plan.schema}`);
  if (plan.ddl !== '') {
    await client.query(plan.ddl);
    await pinSession(client);
    await withoutDefaults(client, of('replaced', 'made', 'beside'), relations);
    await client.query(plan.grants);
  }
  await fill(client, plan, of('filled'));
  for (const { publication, table } of publications)
    await client.query(`ALTER PUBLICATION ${publication} ADD TABLE ONLY ${table}`);

  const keys = await keysToMake(client, plan, keysBefore);
  for (const { table, name, definition, comment } of keys) {
    await client.query(`ALTER TABLE ${table} ADD CONSTRAINT ${name} ${definition}`);
    if (comment !== null) await client.query(`COMMENT ON CONSTRAINT ${name} ON ${table} IS ${literal(comment)}`);
  }
  await client.query(`DROP SCHEMA ${plan.scratch} CASCADE`);
  await client.query(`ANALYZE ${names.join(', ')}`);
  for (const name of await familyOf(client, names)) families.add(name);
  const rows = await check(client, plan, { before, families, added: keys });
  // Last: what setval does is not taken back by a rollback.
  return { keys, rows, positions: await setPositions(client, names, wanted.positions, new Set(of('filled'))) };
}

async function dropTables(client: ClientBase, tables: string[]): Promise<void> {
  if (tables.length === 0) return;
  try {
    await client.query(`DROP TABLE ${tables.join(', ')}`);
  } catch (cause) {
    if (!(cause instanceof Error) || !('code' in cause) || cause.code !== '2BP01') throw cause;
    const dependents = 'detail' in cause ? String(cause.detail).replaceAll('\n', '; ') : cause.message;
    throw new Failure(
      'table-needed',
      { table: tables.join(', '), why: 'is defined differently than in the backup', dependents },
      { cause },
    );
  }
}

/** With triggers, rules and forced row security off: rows come as they are. */
async function fill(client: ClientBase, { relations, scratch }: Plan, filled: readonly string[]): Promise<void> {
  const names = relations.map(({ quoted }) => quoted);
  const switches = await switchesOf(client, names);
  for (const { off } of switches) await client.query(off);
  const emptied = relations.filter(({ unit, partitioned }) => filled.includes(unit) && !partitioned);
  if (emptied.length > 0) await client.query(`TRUNCATE ${emptied.map(({ quoted }) => `ONLY ${quoted}`).join(', ')}`);
  for (const [i, { quoted, unit, partitioned, columns }] of relations.entries()) {
    if (partitioned) continue;
    const list = columns.map(({ name }) => name).join(', ');
    // Through the whole: rows of a partition by hash may belong in another one here.
    const whole = relations.some((one) => one.quoted === unit && one.partitioned) ? unit : quoted;
    await client.query(
      list === ''
        ? `INSERT INTO ${whole} SELECT FROM ${scratch}.r${i}`
        : `INSERT INTO ${whole} (${list}) OVERRIDING SYSTEM VALUE SELECT ${list} FROM ${scratch}.r${i}`,
    );
  }
  for (const { on } of switches) await client.query(on);
}

/** Each trigger and rule that is on, and forced row security: how to switch it off, and back to what it was. */
async function switchesOf(client: ClientBase, tables: readonly string[]): Promise<{ off: string; on: string }[]> {
  const { rows } = await client.query<{ off: string; on: string }>(
    `WITH t AS (
       SELECT c.oid, c.relforcerowsecurity AS forced, 'ALTER TABLE ONLY ' || name AS alter
       FROM unnest($1::text[]) AS name JOIN pg_class c ON c.oid = to_regclass(name))
     SELECT format('%s DISABLE TRIGGER %I', alter, g.tgname) AS off,
       format('%s ENABLE %s TRIGGER %I', alter, CASE g.tgenabled WHEN 'R' THEN 'REPLICA' WHEN 'A' THEN 'ALWAYS' ELSE '' END, g.tgname) AS on
     FROM t JOIN pg_trigger g ON g.tgrelid = t.oid AND NOT g.tgisinternal AND g.tgenabled <> 'D'
     UNION ALL
     SELECT format('%s DISABLE RULE %I', alter, r.rulename),
       format('%s ENABLE %s RULE %I', alter, CASE r.ev_enabled WHEN 'R' THEN 'REPLICA' WHEN 'A' THEN 'ALWAYS' ELSE '' END, r.rulename)
     FROM t JOIN pg_rewrite r ON r.ev_class = t.oid AND r.ev_enabled <> 'D'
     UNION ALL
     SELECT alter || ' NO FORCE ROW LEVEL SECURITY', alter || ' FORCE ROW LEVEL SECURITY' FROM t WHERE forced`,
    [tables],
  );
  return rows;
}

/** Default privileges of the target are given to every new table; ours have those of the backup alone. */
async function withoutDefaults(
  client: ClientBase,
  anew: readonly string[],
  relations: readonly Relation[],
): Promise<void> {
  const names = relations.filter(({ unit }) => anew.includes(unit)).map(({ quoted }) => quoted);
  const { rows } = await client.query<{ revoke: string }>(
    `SELECT DISTINCT format('REVOKE ALL ON %s %I.%I FROM %s', CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
       n.nspname, c.relname, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE format('%I', pg_get_userbyid(a.grantee)) END) AS revoke
     FROM unnest($1::text[]) AS name
     JOIN pg_class c ON c.oid = to_regclass(name) AND c.relkind IN ('r', 'p', 'S')
     JOIN pg_namespace n ON n.oid = c.relnamespace
     CROSS JOIN LATERAL aclexplode(c.relacl) AS a
     WHERE a.grantee <> c.relowner`,
    [[...(await familyOf(client, names))]],
  );
  for (const { revoke } of rows) await client.query(revoke);
}

async function publicationsOf(client: ClientBase, tables: readonly string[]) {
  const { rows } = await client.query<{ publication: string; table: string }>(
    `SELECT format('%I', p.pubname) AS publication, name AS "table"
     FROM unnest($1::text[]) AS name
     JOIN pg_publication_rel r ON r.prrelid = to_regclass(name)
     JOIN pg_publication p ON p.oid = r.prpubid`,
    [tables],
  );
  return rows;
}

/**
 * Those that were dropped for the time, but of tables that are as in the backup now those of the backup; and those of other tables that
 * point at ours, where a table that was lost took them with it.
 */
async function keysToMake(
  client: ClientBase,
  { units, relations, wanted }: Plan,
  before: readonly ForeignKey[],
): Promise<ForeignKey[]> {
  const same = (a: ForeignKey) => (b: ForeignKey) => a.table === b.table && a.name === b.name;
  const asInBackup = new Set(relations.filter(({ unit }) => units.get(unit) !== 'filled').map(({ quoted }) => quoted));
  const kept = before.filter((key) => !asInBackup.has(key.table));
  const missing = wanted.keys.filter((key) => !kept.some(same(key)));
  const { rows } = await client.query<{ name: string }>(
    'SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass(name) IS NOT NULL',
    [missing.flatMap(({ table, target }) => [table, target])],
  );
  const present = new Set(rows.map(({ name }) => name));
  return [...kept, ...missing.filter(({ table, target }) => present.has(table) && present.has(target))];
}

/** @throws Failure tables-refused with the first difference */
async function check(
  client: ClientBase,
  { database, units, relations, wanted, schema, scratch }: Plan,
  {
    before,
    families,
    added,
  }: { before: Omit<Content, 'tables'>; families: ReadonlySet<string>; added: readonly ForeignKey[] },
): Promise<TableContent[]> {
  const refuse = (message: string) => new Failure('tables-refused', { database, message });
  const catalog = await readCatalog(client);
  const others = compareContent(
    onlyObjects(before, objectsOf(before.objects, families, false)),
    onlyObjects(catalog, objectsOf(catalog.objects, families, false)),
    { without: new Set(['database']) },
  ).filter(({ kind, name, text }) => {
    // A foreign key that another table had in the backup, and lost with ours.
    const expected =
      (kind === 'constraint' || kind === 'comment') &&
      added.some((key) => name.endsWith(`${key.name} on ${key.table}`));
    const ours = name.includes(scratch) || (schema !== undefined && isOfSchema(name, schema));
    return !ours && !(expected && text.endsWith('is not in the backup'));
  });
  if (others[0] !== undefined)
    throw refuse(`something else would change: ${others[0].text.replaceAll('the backup', 'the database before')}`);

  const anew = relations.filter(({ unit }) => units.get(unit) !== 'filled').map(({ quoted }) => quoted);
  const family = await familyOf(client, anew);
  const differences = compareContent(
    onlyObjects(wanted.catalog, objectsOf(wanted.catalog.objects, family, true)),
    onlyObjects(catalog, objectsOf(catalog.objects, family, true)),
    { without: new Set(['database']) },
  );
  if (differences[0] !== undefined) throw refuse(differences[0].text);

  await pinSession(client);
  const chosen = new Set(relations.map(({ schema, name }) => JSON.stringify([schema, name])));
  const tables = await readRows(
    [client],
    () => {},
    ({ schema, name }) => chosen.has(JSON.stringify([schema, name])),
  );
  const [wrong] = compareContent(
    { ...onlyObjects(wanted.catalog, objectsOf(wanted.catalog.objects, new Set(), true)), tables: [...wanted.tables] },
    { ...onlyObjects(catalog, objectsOf(catalog.objects, new Set(), true)), tables },
    { without: new Set(['database']) },
  );
  if (wrong !== undefined) throw refuse(wrong.text);
  return tables;
}

/** A schema that was made for the tables, with its owner and privileges. */
function isOfSchema(name: string, schema: string): boolean {
  const bare = schema.slice(1, -1).replaceAll('""', '"');
  return [schema, bare].some((one) => name === one || name === `schema ${one}`);
}

/** Never backwards where a table was only filled: numbers that were given since the backup are not given again. */
async function setPositions(
  client: ClientBase,
  tables: readonly string[],
  wanted: readonly Position[],
  filled: ReadonlySet<string>,
): Promise<Position[]> {
  const positions = await positionsOf(client, tables);
  const set: Position[] = [];
  for (const now of positions) {
    const then = wanted.find(({ name }) => name === now.name);
    const rank = ({ last, called, increment }: Position) =>
      (BigInt(last) * 2n + (called ? 1n : 0n)) * (increment.startsWith('-') ? -1n : 1n);
    const later = then === undefined || (filled.size > 0 && rank(now) >= rank(then)) ? now : then;
    if (later !== now) await client.query('SELECT setval($1::regclass, $2, $3)', [now.name, later.last, later.called]);
    set.push(later);
  }
  return set;
}
