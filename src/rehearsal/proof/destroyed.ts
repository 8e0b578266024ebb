/** What really disappeared between two observations, to be compared with what a step declares. */
import type { Observation, ObservedDatabase } from '../world.ts';

export type Destroyed = {
  kind: 'database' | 'object';
  name: string;
  /** `renamed`: it is there under another name; `replaced`: another one has its name; `changed`: content it held is gone. */
  how: 'dropped' | 'renamed' | 'replaced' | 'changed' | 'removed' | 'overwritten';
  /** For a reader: "the database freshtrack was dropped". */
  sentence: string;
};

export function destroyed(before: Observation, after: Observation): Destroyed[] {
  return [...destroyedDatabases(before, after), ...destroyedObjects(before, after)];
}

function destroyedDatabases(before: Observation, after: Observation): Destroyed[] {
  return before.databases.flatMap((was): Destroyed[] => {
    const { name } = was;
    const same = after.databases.find(({ oid }) => oid === was.oid);
    const namesake = after.databases.find((other) => other.name === name);
    if (same !== undefined && same.name !== name)
      return [
        { kind: 'database', name, how: 'renamed', sentence: `the database ${name} was renamed to ${same.name}` },
        ...lostContent(was, same),
      ];
    if (same !== undefined) return lostContent(was, same);
    if (namesake === undefined)
      return [{ kind: 'database', name, how: 'dropped', sentence: `the database ${name} was dropped` }];
    return [{ kind: 'database', name, how: 'replaced', sentence: `the database ${name} was dropped and made again` }];
  });
}

/** Restoring into a database without tables destroys nothing; changing rows or tables that were there does. */
function lostContent(was: ObservedDatabase, is: ObservedDatabase): Destroyed[] {
  if (was.digest === is.digest || was.content === undefined) return [];
  const now = new Map(is.content?.tables.map((table) => [`${table.schema}.${table.name}`, table]));
  const lost = was.content.tables.filter((table) => {
    const other = now.get(`${table.schema}.${table.name}`);
    return other === undefined || (table.rows > 0 && other.hash !== table.hash);
  });
  if (lost.length === 0) return [];
  const names = lost.slice(0, 3).map(({ schema, name }) => `${schema}.${name}`);
  const more = lost.length > names.length ? ` and ${lost.length - names.length} more` : '';
  const sentence = `in the database ${was.name} the content of ${names.join(', ')}${more} changed`;
  return [{ kind: 'database', name: was.name, how: 'changed', sentence }];
}

function destroyedObjects(before: Observation, after: Observation): Destroyed[] {
  if (before.objects === undefined || after.objects === undefined) return [];
  const now = new Map(after.objects.map((object) => [object.name, object]));
  return before.objects.flatMap(({ name, size, modified }): Destroyed[] => {
    const is = now.get(name);
    if (is === undefined) return [{ kind: 'object', name, how: 'removed', sentence: `the object ${name} was removed` }];
    if (is.size === size && is.modified === modified) return [];
    return [{ kind: 'object', name, how: 'overwritten', sentence: `the object ${name} was overwritten` }];
  });
}
