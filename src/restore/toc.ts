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

function ofType(form: RegExp): (thing: Thing) => boolean {
  return ({ state = '' }) => form.test(state);
}
