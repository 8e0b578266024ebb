/** Whether two runs of a page ended the same: the same databases, each with the same content. */
import type { Observation } from '../world.ts';
import type { EndFault } from './fault.ts';
import { contentChange } from './unchanged.ts';

/** A database may have been made again; what is in it counts. */
export function differentEndFaults(first: Observation, second: Observation): EndFault[] {
  const is = new Map(second.databases.map((database) => [database.name, database]));
  const had = new Set(first.databases.map(({ name }) => name));
  const gone = first.databases.filter(({ name }) => !is.has(name)).map(({ name }) => `${name} is gone`);
  const added = second.databases.filter(({ name }) => !had.has(name)).map(({ name }) => `${name} is new`);
  const changed = first.databases.flatMap((was) => {
    const now = is.get(was.name);
    return now === undefined || now.digest === was.digest ? [] : [`${was.name}: ${contentChange(was, now)}`];
  });
  return [...gone, ...added, ...changed].map((difference) => ({
    rule: 'not-repeatable',
    reason: `the second run ended differently from the first: ${difference}`,
    expected: 'the same databases with the same content as after the first run',
    received: difference,
  }));
}
