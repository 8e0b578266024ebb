/** The checks that hold for every backup, with a manifest or without: enough tables, and every key table with its rows. */
import type { Content } from '../postgres/content.ts';
import type { Settings, TableName } from '../settings.ts';
import { figure } from './proof.ts';

export type KeyTable = { table: string; rows: number };
export type Validation = { tables: number; rows: number; keyTables: KeyTable[]; faults: string[] };

/** A key table that is missing is a fault; it is never counted as 0 rows. */
export function validate(actual: Content, settings: Pick<Settings, 'minTables' | 'keyTables'>): Validation {
  const names = actual.objects.table.things.map((thing) => thing.name);
  const inPublic = names.filter((name) => name.startsWith('public.')).length;
  const counted = settings.keyTables.map((name) => ({ table: quoted(name), rows: rowsOf(actual, name) }));
  const missing = counted.filter(({ rows }) => rows === undefined);
  const few = `${figure(inPublic)} tables in schema public, at least ${figure(settings.minTables)} are expected`;
  return {
    tables: actual.tables.length,
    rows: actual.tables.reduce((sum, table) => sum + table.rows, 0),
    keyTables: counted.flatMap(({ table, rows }) => (rows === undefined ? [] : [{ table, rows }])),
    faults: [
      ...(inPublic < settings.minTables ? [few] : []),
      ...missing.map(({ table }) => `key table ${table} is missing`),
    ],
  };
}

/** Of a partitioned table, the rows of its partitions; undefined when there is no such table. */
function rowsOf(actual: Content, { schema, name }: TableName): number | undefined {
  const table = actual.tables.find((candidate) => candidate.schema === schema && candidate.name === name);
  if (table !== undefined) return table.rows;
  const root = actual.objects.table.things.find((thing) => unquoted(thing.name) === `${schema}.${name}`);
  if (root === undefined) return undefined;
  const parts = actual.tables.filter((partition) => partition.root === root.name);
  return parts.reduce((sum, partition) => sum + partition.rows, 0);
}

function quoted({ schema, name }: TableName): string {
  return [schema, name].map((part) => (/^[a-z_][a-z0-9_$]*$/.test(part) ? part : JSON.stringify(part))).join('.');
}

/** Good enough to compare: `public."Mixed"` → `public.Mixed`. */
function unquoted(name: string): string {
  return name.replaceAll(/"((?:[^"]|"")*)"/g, (_, inner: string) => inner.replaceAll('""', '"'));
}
