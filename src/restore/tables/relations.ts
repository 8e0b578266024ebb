/** Tables as a restore of single tables sees them: with their partitions, and with everything that is theirs. */
import type { ClientBase } from 'pg';
import type { Content, Kind, Thing } from '../../postgres/content.ts';

export type Relation = {
  schema: string;
  name: string;
  /** As SQL takes it: `public."Mixed"`. */
  quoted: string;
  /** A partitioned table has no rows of its own. */
  partitioned: boolean;
  /** The chosen table that it is, or is a partition of; quoted. */
  unit: string;
  /** Without generated ones; quoted, with their type. */
  columns: { name: string; type: string }[];
};

/** A table and all its partitions, the table first; empty when there is none. */
export async function relationsOf(client: ClientBase, unit: string): Promise<Relation[]> {
  const { rows } = await client.query<Omit<Relation, 'unit'>>(
    `SELECT
       n.nspname::text AS schema, c.relname::text AS name, format('%I.%I', n.nspname, c.relname) AS quoted,
       c.relkind = 'p' AS partitioned,
       coalesce((
         SELECT json_agg(json_build_object('name', format('%I', a.attname), 'type', format_type(a.atttypid, a.atttypmod)) ORDER BY a.attnum)
         FROM pg_attribute a
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''), '[]') AS columns
     FROM (
       SELECT to_regclass($1) AS relid, -1 AS level
       UNION SELECT relid, level FROM pg_partition_tree(to_regclass($1))
     ) AS t
     JOIN pg_class c ON c.oid = t.relid AND c.relkind IN ('r', 'p')
     JOIN pg_namespace n ON n.oid = c.relnamespace
     GROUP BY c.oid, 1, 2, 3, 4
     ORDER BY min(t.level), 3`,
    [unit],
  );
  return rows.map((row) => ({ ...row, unit }));
}

/** Names of these tables and of all that is theirs: indexes, owned sequences, extended statistics. */
export async function familyOf(client: ClientBase, tables: readonly string[]): Promise<Set<string>> {
  const { rows } = await client.query<{ name: string }>(
    `WITH t AS (SELECT to_regclass(name)::oid AS oid FROM unnest($1::text[]) AS name)
     SELECT format('%I.%I', n.nspname, c.relname) AS name
     FROM pg_class c
     JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.oid IN (SELECT oid FROM t)
       OR c.oid IN (SELECT i.indexrelid FROM pg_index i JOIN t ON t.oid = i.indrelid)
       OR c.relkind = 'S' AND c.oid IN (
         SELECT d.objid FROM pg_depend d JOIN t ON t.oid = d.refobjid
         WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i'))
     UNION
     SELECT format('%I.%I', n.nspname, s.stxname)
     FROM pg_statistic_ext s
     JOIN pg_namespace n ON n.oid = s.stxnamespace
     JOIN t ON t.oid = s.stxrelid`,
    [tables],
  );
  return new Set(rows.map(({ name }) => name));
}

/** Publications list their tables; that list belongs to both. */
const SHARED: ReadonlySet<Kind> = new Set(['publication']);

/** Pure: what of a database's objects is these tables' (`theirs`), or all but that. */
export function objectsOf(
  objects: Content['objects'],
  family: ReadonlySet<string>,
  theirs: boolean,
): Content['objects'] {
  const kinds = Object.entries(objects).map(([kind, { things }]) => {
    // Object.entries forgets the type of the keys.
    const shared = SHARED.has(kind as Kind);
    const some = shared ? [] : things.filter((thing) => isOf(thing, family) === theirs);
    return [kind, { count: some.length, digest: '', things: some }];
  });
  return Object.fromEntries(kinds);
}

/** `public.t`, `public.t.column`, `table public.t`, `column public.t.c`, `constraint on public.t`. */
function isOf({ name, on }: Thing, family: ReadonlySet<string>): boolean {
  if (family.has(name) || (on !== undefined && family.has(on))) return true;
  for (const one of family)
    if (name.endsWith(` ${one}`) || name.startsWith(`${one}.`) || name.includes(` ${one}.`)) return true;
  return false;
}

export type ForeignKey = {
  /** Quoted. */
  name: string;
  table: string;
  target: string;
  definition: string;
  comment: string | null;
};

/** The foreign keys of these tables and those of any table that point at them; of a partition also those of the whole. */
export async function foreignKeysOf(client: ClientBase, tables: readonly string[]): Promise<ForeignKey[]> {
  const { rows } = await client.query<ForeignKey>(
    `WITH t AS (
       SELECT to_regclass(name)::oid AS oid FROM unnest($1::text[]) AS name
       UNION
       SELECT a.relid FROM unnest($1::text[]) AS name CROSS JOIN pg_partition_ancestors(to_regclass(name)) AS a)
     SELECT
       format('%I', k.conname) AS name, format('%I.%I', n.nspname, c.relname) AS "table",
       format('%I.%I', fn.nspname, f.relname) AS target,
       pg_get_constraintdef(k.oid) AS definition, obj_description(k.oid, 'pg_constraint') AS comment
     FROM pg_constraint k
     JOIN pg_class c ON c.oid = k.conrelid
     JOIN pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_class f ON f.oid = k.confrelid
     JOIN pg_namespace fn ON fn.oid = f.relnamespace
     WHERE k.contype = 'f' AND k.conparentid = 0 AND (k.conrelid IN (SELECT oid FROM t) OR k.confrelid IN (SELECT oid FROM t))
     ORDER BY 2, 1`,
    [tables],
  );
  return rows;
}

/** Where the sequences stand that these tables own or take their defaults from. */
export type Position = { name: string; last: string; called: boolean; increment: string };

export async function positionsOf(client: ClientBase, tables: readonly string[]): Promise<Position[]> {
  const { rows } = await client.query<{ name: string; increment: string }>(
    `WITH t AS (SELECT to_regclass(name)::oid AS oid FROM unnest($1::text[]) AS name)
     SELECT DISTINCT format('%I.%I', n.nspname, c.relname) AS name, s.seqincrement::text AS increment
     FROM pg_sequence s
     JOIN pg_class c ON c.oid = s.seqrelid
     JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE EXISTS (
         SELECT FROM pg_depend d JOIN t ON t.oid = d.refobjid
         WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i'))
       OR EXISTS (
         SELECT FROM pg_depend d
         JOIN pg_attrdef f ON f.oid = d.objid AND d.classid = 'pg_attrdef'::regclass
         JOIN t ON t.oid = f.adrelid
         WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid)
     ORDER BY 1`,
    [tables],
  );
  const positions: Position[] = [];
  for (const { name, increment } of rows) {
    const { rows: found } = await client.query<{ last: string; called: boolean }>(
      `SELECT last_value::text AS last, is_called AS called FROM ${name}`,
    );
    for (const place of found) positions.push({ name, increment, ...place });
  }
  return positions;
}
