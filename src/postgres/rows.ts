/**
 * Counts and hashes the rows of tables. Everything is summed up in the server, so memory is constant whatever the size,
 * and its parallel workers help. A row is written out column by column, in the order of their names, each behind the
 * table's alias: `t::text` would hash a column where the table has one of that name, and the order of columns differs
 * between an inherited table and its restored copy.
 */
import type { ClientBase } from 'pg';
import { quoteIdentifier } from './connection.ts';
import type { TableContent } from './content.ts';

/** A table to read: where it is, its columns, and its size in pages as the server believes it. */
export type TableShape = { schema: string; name: string; columns: string[]; pages: number; root: string | null };

const SHAPES = `
  SELECT
    n.nspname AS schema,
    c.relname AS name,
    ARRAY(
      SELECT a.attname::text FROM pg_attribute a
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      ORDER BY a.attname COLLATE "C") AS columns,
    (pg_relation_size(c.oid) / 8192)::int AS pages,
    (SELECT format('%I.%I', rn.nspname, r.relname)
     FROM pg_class r JOIN pg_namespace rn ON rn.oid = r.relnamespace
     WHERE c.relispartition AND r.oid = pg_partition_root(c.oid)) AS root
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND c.relpersistence <> 't'
    AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (
      SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
  ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`;

/**
 * Every table with rows of its own: partitions are read themselves, foreign tables are not read.
 * @param clients sessions of one snapshot; each reads the largest table that is left
 * @param wanted which tables to read; all without it
 */
export async function readRows(
  clients: readonly ClientBase[],
  onTable: (done: number, total: number) => void = () => {},
  wanted: (shape: TableShape) => boolean = () => true,
): Promise<TableContent[]> {
  const [first] = clients;
  if (first === undefined) return [];
  const { rows: all } = await first.query<TableShape>(SHAPES);
  const shapes = all.filter(wanted);
  const queue = shapes.toSorted((a, b) => b.pages - a.pages);
  const read = new Map<TableShape, TableContent>();
  await Promise.all(
    clients.map(async (client) => {
      for (let shape = queue.shift(); shape !== undefined; shape = queue.shift()) {
        read.set(shape, await readTable(client, shape));
        onTable(read.size, shapes.length);
      }
    }),
  );
  return shapes.flatMap((shape) => read.get(shape) ?? []);
}

/** Counts and hashes one table. */
export async function readTable(client: ClientBase, shape: TableShape): Promise<TableContent> {
  const { schema, name, columns, root } = shape;
  const row = `ROW(${columns.map((column) => `r.${quoteIdentifier(column)}`).join(', ')})::text`;
  const { rows } = await client.query<{ rows: string; hash: string }>(
    `SELECT count(*) AS rows, coalesce(sum(hashtextextended(${row}, 0)), 0) AS hash
     FROM ONLY ${quoteIdentifier(schema)}.${quoteIdentifier(name)} AS r`,
  );
  const { rows: count = '0', hash = '0' } = rows[0] ?? {};
  return { schema, name, rows: Number(count), hash, ...(root === null ? {} : { root }) };
}
