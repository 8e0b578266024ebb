/**
 * The mark that a drill leaves on everything it makes: who made it. Whatever carries the exact mark of a drill that is over may be
 * removed; whatever does not was made by somebody else and stays, however it is called.
 */
import { hostname } from 'node:os';
import { z } from 'zod';
import { alive, identify, place } from '../process/identity.ts';

export const maker = z.object({
  pid: z.int().positive(),
  /** The instant of the process's start: ids are given again. */
  started: z.string(),
  /** Where that id means something; see process/identity.ts. */
  place: z.string(),
  /** For people. */
  host: z.string(),
  /** ISO 8601 in UTC. */
  begun: z.iso.datetime(),
});
export type Maker = z.infer<typeof maker>;

/** Ourselves, as a maker. */
export async function ourselves(now = new Date()): Promise<Maker> {
  const started = (await identify(process.pid))?.started ?? 'unknown';
  return { pid: process.pid, started, place: place(), host: hostname(), begun: now.toISOString() };
}

/** What drills of this very process are working with now: a process may live on when a drill of it is over. */
const atWork = new Set<string>();

/** Says that a drill of this process works with the database or folder, until the answer is called. */
export function workingWith(thing: string): () => void {
  atWork.add(thing);
  return () => atWork.delete(thing);
}

/** Whether who made the thing still works with it. `unknown`: it ran in another place, and cannot be looked for here. */
export async function fateOf(made: Maker, thing: string): Promise<'alive' | 'gone' | 'unknown'> {
  if (made.place !== place()) return 'unknown';
  if (!(await alive(made))) return 'gone';
  return made.pid !== process.pid || atWork.has(thing) ? 'alive' : 'gone';
}

const BEGIN = 'Drillbook: throwaway database of a drill of ';
const MARK = '. Mark: ';
const databaseMark = maker.extend({ database: z.string(), oid: z.string() });

/** How the comment of every test database begins, for a look at the catalogue. */
export { BEGIN as COMMENT_BEGIN };

/** The comment of a test database: for people what it is, and the mark of this very database. */
export function commentOf(backup: string, database: string, oid: string, made: Maker): string {
  return `${BEGIN}${backup}${MARK}${JSON.stringify({ database, oid, ...made })}`;
}

/** Who made the database; undefined when this comment is not the mark of this very database: it may have been copied. */
export function makerIn(comment: string, database: string, oid: string): Maker | undefined {
  const at = comment.lastIndexOf(MARK);
  if (!comment.startsWith(BEGIN) || at < 0) return undefined;
  try {
    const { database: named, oid: numbered, ...made } = databaseMark.parse(JSON.parse(comment.slice(at + MARK.length)));
    return named === database && numbered === oid ? made : undefined;
  } catch {
    return undefined;
  }
}
