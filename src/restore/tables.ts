/**
 * Restores single tables of a backup: into their place, or beside it. The whole backup is restored and proven in a throwaway database
 * first; nothing of the target is touched before that, and then all of it in one transaction.
 */
import { join } from 'node:path';
import { distance } from 'fastest-levenshtein';
import { Failure } from '../failure.ts';
import { type Client, connect, databaseArgument, environmentOf, quoteIdentifier } from '../postgres/connection.ts';
import { pinSession, readCatalog } from '../postgres/fingerprint.ts';
import { postgresPrograms } from '../postgres/programs.ts';
import { reprint } from '../postgres/reprint.ts';
import { readRows } from '../postgres/rows.ts';
import { runOrFail } from '../process.ts';
import { type Report, silent } from '../progress.ts';
import type { Settings, TableName } from '../settings.ts';
import type { Brought } from './brought.ts';
import { compareContent } from './proof.ts';
import { type How, place } from './tables/place.ts';
import { familyOf, foreignKeysOf, objectsOf, positionsOf, type Relation, relationsOf } from './tables/relations.ts';
import { copyRows, makeScratch } from './tables/rows.ts';
import { moveBeside, onlyObjects, type Staged, stage } from './tables/staged.ts';

export type RestoreTablesOptions = {
  /** The backup's name; the newest one without it. */
  backup?: string | undefined;
  /** At least one. A partitioned table comes with its partitions. */
  tables: readonly TableName[];
  /** Beside the present tables: in another schema under the same names, or in the same schema with a suffix. Without it into their place. */
  beside?: { schema: string } | { suffix: string } | undefined;
  report?: Report;
  signal?: AbortSignal | undefined;
};

export type RestoredTable = {
  /** As in the backup, quoted as SQL takes it. */
  table: string;
  /** What it is called in the database now. */
  as: string;
  how: How;
  rows: number;
};

export type RestoredTables = {
  backup: string;
  database: string;
  /** `unproven`: the backup has no manifest. */
  verdict: 'equal' | 'unproven';
  tables: RestoredTable[];
  /** Foreign keys of these tables, and of others to them, that were made and hold: `orders_user_fkey on public.orders`. */
  foreignKeys: string[];
  /** Foreign keys of the backup that do not hold now: beside, those to tables that stay where they are. */
  leftOut: string[];
  /** Where the sequences stand. */
  sequences: { name: string; last: string }[];
  seconds: number;
};

/**
 * Into their place: a table that is defined as in the backup keeps its identity and everything that depends on it, and only its rows are
 * replaced; any other is made anew. All other objects are as before, and every constraint holds, or nothing has changed.
 * @throws Failure tables-unknown, table-exists, table-needed, tables-refused, roles-missing, backup-unfit, restore-differs, and those of the
 *   store, the archive and the server; the signal's reason when aborted
 */
export async function restoreTables(settings: Settings, options: RestoreTablesOptions): Promise<RestoredTables> {
  const { tables, beside, report = silent, signal = new AbortController().signal } = options;
  const began = performance.now();
  const { database } = settings.postgres;
  const chosen = tables.map(({ schema, name }) => ({ schema, name }));
  if (chosen.length === 0)
    throw new Failure('tables-unknown', { backup: 'A restore of tables', tables: 'without a name', nearest: 'none' });
  try {
    await using client = await connect(settings.postgres, { signal });
    await client.query(
      'SET default_transaction_read_only = off; SET idle_in_transaction_session_timeout = 0; SET statement_timeout = 0',
    );
    await using staged = await stage(settings, { backup: options.backup, report, signal }, (brought) =>
      known(brought, chosen),
    );
    const { names, relations, leftOut } = await choose(staged, chosen, beside);
    report({ kind: 'stage', title: `Looking at the tables of ${database}` });
    const units = await howOf(client, staged, relations, beside !== undefined, database);
    const wanted = await wantedOf(staged, relations);
    const anew = relations.filter(({ unit }) => units.get(unit) !== 'filled');
    const { ddl, grants } = await definitionsOf(settings, staged, anew, wanted.keys);
    report({ kind: 'stage', title: 'Bringing the rows' });
    const scratch = await makeScratch(client);
    const schema = beside !== undefined && 'schema' in beside ? quoteIdentifier(beside.schema) : undefined;
    try {
      await copyRows(settings, staged.database, { client, scratch, relations, signal });
      report({ kind: 'stage', title: `Putting ${names.size} tables in their place` });
      const placed = await place(client, { database, units, relations, scratch, ddl, grants, wanted, schema });
      return {
        backup: staged.backup,
        database,
        verdict: staged.verdict,
        tables: [...names].map(([table, as]) => ({
          table,
          as,
          how: units.get(as) ?? 'made',
          rows: rowsOf(as, relations, placed.rows),
        })),
        foreignKeys: placed.keys.map(({ name, table }) => `${name} on ${table}`),
        leftOut,
        sequences: placed.positions.map(({ name, last }) => ({ name, last })),
        seconds: (performance.now() - began) / 1000,
      };
    } catch (error) {
      await removeScratch(settings, scratch);
      throw error;
    }
  } catch (error) {
    // An interruption ends every session, in whatever it is.
    signal.throwIfAborted();
    throw error;
  }
}

/** With a session of its own: ours may be gone. What cannot be removed now, the next restore removes. */
async function removeScratch(settings: Settings, scratch: string): Promise<void> {
  try {
    await using client = await connect(settings.postgres);
    await client.query(`BEGIN READ WRITE; DROP SCHEMA IF EXISTS ${scratch} CASCADE; COMMIT`);
  } catch {
    // The error that brought us here is the one worth reading.
  }
}

function rowsOf(
  unit: string,
  relations: readonly Relation[],
  rows: readonly { schema: string; name: string; rows: number }[],
): number {
  const own = relations.filter((one) => one.unit === unit);
  const mine = rows.filter(({ schema, name }) => own.some((one) => one.schema === schema && one.name === name));
  return mine.reduce((sum, table) => sum + table.rows, 0);
}

/** Before anything is made, where a manifest tells. */
function known({ backup, manifest }: Brought, chosen: readonly TableName[]): void {
  if (manifest === undefined) return;
  const names = manifest.content.objects.table.things.map(({ name }) => name);
  unknownAmong(backup.name, chosen, new Set(names));
}

/** Both as the server quotes them (`public.users`) and always quoted. */
function unknownAmong(backup: string, chosen: readonly TableName[], names: ReadonlySet<string>): void {
  const quoted = new Set([...names].map(alwaysQuoted));
  const unknown = chosen.map(quotedName).filter((name) => !quoted.has(name));
  const [first] = unknown;
  if (first === undefined) return;
  const near = [...names].sort((a, b) => distance(first, alwaysQuoted(a)) - distance(first, alwaysQuoted(b)));
  throw new Failure('tables-unknown', {
    backup,
    tables: unknown.join(', '),
    nearest: near.slice(0, 3).join(', ') || 'none',
  });
}

function quotedName({ schema, name }: TableName): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}

function alwaysQuoted(name: string): string {
  const parts = name.match(/"(?:[^"]|"")+"|[^".]+/g) ?? [];
  return parts.map((part) => (part.startsWith('"') ? part : `"${part}"`)).join('.');
}

/** The tables with their partitions, in the staged database already under the names that they shall have. */
async function choose(staged: Staged, chosen: readonly TableName[], beside: RestoreTablesOptions['beside']) {
  const { client, backup } = staged;
  const found: Relation[] = [];
  for (const table of chosen) {
    const some = await relationsOf(client, quotedName(table));
    const [first] = some;
    if (first === undefined)
      throw new Failure('tables-unknown', { backup, tables: quotedName(table), nearest: 'none' });
    // A partition that was named beside its whole comes with it.
    for (const one of some)
      if (!found.some(({ quoted }) => quoted === one.quoted)) found.push({ ...one, unit: first.quoted });
  }
  const partOf = new Map(found.map(({ quoted, unit }) => [quoted, unit]));
  const topmost = (unit: string): string => {
    const above = partOf.get(unit);
    return above === undefined || above === unit ? unit : topmost(above);
  };
  const relations = found.map((one) => ({ ...one, unit: topmost(one.unit) }));
  const units = [...new Set(relations.map(({ unit }) => unit))];
  if (beside === undefined) return { names: new Map(units.map((unit) => [unit, unit])), relations, leftOut: [] };

  const own = new Set(relations.map(({ quoted }) => quoted));
  const across = (await foreignKeysOf(client, [...own])).filter(
    ({ table, target }) => !own.has(table) || !own.has(target),
  );
  for (const { table, name } of across) await client.query(`ALTER TABLE ${table} DROP CONSTRAINT ${name}`);
  await moveBeside(client, relations, beside);
  const renamed = (one: TableName): TableName =>
    'schema' in beside
      ? { schema: beside.schema, name: one.name }
      : { schema: one.schema, name: one.name + beside.suffix };
  const names = new Map<string, string>();
  const moved: Relation[] = [];
  for (const unit of units) {
    const table = relations.find(({ quoted }) => quoted === unit);
    const some = table === undefined ? [] : await relationsOf(client, quotedName(renamed(table)));
    const as = some[0]?.quoted ?? unit;
    names.set(unit, as);
    moved.push(...some.map((one) => ({ ...one, unit: as })));
  }
  return {
    names,
    relations: moved,
    leftOut: across.filter(({ table }) => own.has(table)).map(({ name, table }) => `${name} on ${table}`),
  };
}

/** @throws Failure table-exists */
async function howOf(
  client: Client,
  staged: Staged,
  relations: readonly Relation[],
  beside: boolean,
  database: string,
): Promise<Map<string, How>> {
  const units = [...new Set(relations.map(({ unit }) => unit))];
  const hows = new Map<string, How>();
  const [here, there] = [await catalogOf(client), await catalogOf(staged.client)];
  for (const unit of units) {
    const family = [...(await familyOf(staged.client, namesOf(relations, unit)))];
    const { rows } = await client.query<{ name: string }>(
      'SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass(name) IS NOT NULL',
      [family],
    );
    const present = new Set(rows.map(({ name }) => name));
    if (beside && rows[0] !== undefined) throw new Failure('table-exists', { name: rows[0].name, database });
    if (beside || !present.has(unit)) {
      hows.set(unit, beside ? 'beside' : 'made');
      continue;
    }
    const now = (await relationsOf(client, unit)).map(({ quoted }) => quoted);
    const ours = new Set([...family, ...(await familyOf(client, now))]);
    // What was dumped from here was sent through the server once more than what is here; see reprint.
    const asItIs = onlyObjects(here, objectsOf(here.objects, ours, true));
    const dumped = onlyObjects(there, objectsOf(there.objects, ours, true));
    const printed = await reprint(staged.client, asItIs, dumped);
    const differences = compareContent(asItIs, dumped, { printed, without: new Set(['database']) });
    hows.set(unit, differences.length === 0 ? 'filled' : 'replaced');
  }
  return hows;
}

async function catalogOf(client: Client) {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  const catalog = await readCatalog(client);
  await client.query('COMMIT');
  return catalog;
}

function namesOf(relations: readonly Relation[], unit?: string): string[] {
  return relations.filter((one) => unit === undefined || one.unit === unit).map(({ quoted }) => quoted);
}

/** What the backup holds of these tables. Their foreign keys are taken away afterwards: they are made when the rows are there. */
async function wantedOf({ client }: Staged, relations: readonly Relation[]) {
  const names = namesOf(relations);
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
  const catalog = await readCatalog(client);
  const chosen = new Set(relations.map(({ schema, name }) => JSON.stringify([schema, name])));
  await pinSession(client);
  const tables = await readRows(
    [client],
    () => {},
    ({ schema, name }) => chosen.has(JSON.stringify([schema, name])),
  );
  const keys = await foreignKeysOf(client, names);
  const positions = await positionsOf(client, names);
  await client.query('COMMIT');
  return { catalog, tables, keys, positions };
}

/** The SQL that makes tables with all that is theirs but foreign keys, as pg_dump writes it. */
async function definitionsOf(
  settings: Settings,
  { client, database }: Staged,
  relations: readonly Relation[],
  keys: readonly { table: string; name: string }[],
): Promise<{ ddl: string; grants: string }> {
  if (relations.length === 0) return { ddl: '', grants: '' };
  for (const { table, name } of keys) await client.query(`ALTER TABLE ${table} DROP CONSTRAINT ${name}`);
  const { bin } = await postgresPrograms();
  const chosen = relations.map(({ schema, name }) => `--table=${quotedName({ schema, name })}`);
  const args = [
    databaseArgument(database),
    '--schema-only',
    '--no-publications',
    '--no-tablespaces',
    '--strict-names',
    ...chosen,
  ];
  const { stdout } = await runOrFail(join(bin, 'pg_dump'), args, {
    env: environmentOf(settings.postgres, database),
    timeout: 120_000,
  });
  // What is only for psql, and what would change our session.
  const sql = stdout.replace(/^(\\(un)?restrict .*|SET transaction_timeout = 0;)$/gm, '');
  const privilege = /^(GRANT|REVOKE) .*;$/gm;
  return { ddl: sql.replace(privilege, ''), grants: sql.match(privilege)?.join('\n') ?? '' };
}
