/** What a restored database must have of an archive's table of contents, where no manifest says more. Pure. */
import type { Content, Kind, Thing } from '../postgres/content.ts';
import type { TocEntry } from './contents.ts';
import { type Difference, figure } from './proof.ts';

/** Kinds that an archive lists one by one, with the things of a database that such entries make. */
const COUNTED: { label: string; entries: string[]; kind: Kind; made?: (thing: Thing) => boolean }[] = [
  { label: 'tables', entries: ['TABLE', 'FOREIGN TABLE'], kind: 'table' },
  { label: 'sequences', entries: ['SEQUENCE'], kind: 'sequence' },
  { label: 'views', entries: ['VIEW'], kind: 'view' },
  { label: 'materialised views', entries: ['MATERIALIZED VIEW'], kind: 'materialised view' },
  { label: 'functions', entries: ['FUNCTION', 'PROCEDURE', 'AGGREGATE'], kind: 'function' },
  { label: 'triggers', entries: ['TRIGGER'], kind: 'trigger' },
  { label: 'indexes', entries: ['INDEX'], kind: 'index' },
  { label: 'policies', entries: ['POLICY'], kind: 'policy' },
  { label: 'foreign keys', entries: ['FK CONSTRAINT'], kind: 'constraint', made: ofType(/^foreign key/) },
  { label: 'other keys', entries: ['CONSTRAINT'], kind: 'constraint', made: ofType(/^(primary key|unique|exclusion)/) },
];

/**
 * Compares how many things of each kind the archive lists and the database has. More is no loss: one entry of a partitioned
 * table may make a key on each partition.
 */
export function compareToc(entries: readonly TocEntry[], actual: Content): Difference[] {
  return COUNTED.flatMap(({ label, entries: kinds, kind, made = () => true }) => {
    const listed = entries.filter((entry) => kinds.includes(entry.kind)).length;
    const found = actual.objects[kind].things.filter(made).length;
    const text = `${label}: ${figure(found)} restored, the archive lists ${figure(listed)}`;
    return found >= listed ? [] : [{ kind, name: label, text } satisfies Difference];
  });
}

/**
 * Compares the rows that the archive holds for each table with those of the restored one. Rows that were dumped through a
 * partitioned table are in its partitions. What is read nowhere, such as a foreign table, is not compared.
 */
export function compareRowCounts(stated: ReadonlyMap<string, number>, actual: Content): Difference[] {
  const found = new Map<string, number>();
  const add = (key: string, rows: number) => found.set(key, (found.get(key) ?? 0) + rows);
  for (const { schema, name, root, rows } of actual.tables) {
    add(JSON.stringify([schema, name]), rows);
    if (root !== undefined) add(keyOf(root), rows);
  }
  return [...stated].flatMap(([name, rows]): Difference[] => {
    const restored = found.get(keyOf(name));
    if (restored === undefined || restored === rows) return [];
    const text = `table ${name}: ${figure(restored)} rows restored, the archive holds ${figure(rows)}`;
    return [{ kind: 'rows', name, text }];
  });
}

/** Of a name as SQL writes it. */
function keyOf(name: string): string {
  const parts = name.match(/"(?:[^"]|"")+"|[^".]+/g) ?? [];
  return JSON.stringify(parts.map((part) => (part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part)));
}

function ofType(form: RegExp): (thing: Thing) => boolean {
  return ({ state = '' }) => form.test(state);
}
