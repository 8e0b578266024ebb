/** What servers of different major versions cannot have in common. Pure. */
import type { Content, Thing } from '../postgres/content.ts';
import { majorOf } from '../postgres/programs.ts';

/** The privilege MAINTAIN exists since this major; an older server's ALL is without it. */
const MAINTAIN_SINCE = 17;

export type AcrossMajors = {
  expected: Content;
  actual: Content;
  /** What was not compared for that reason, in words. */
  notCompared: string[];
};

/** Takes out of both what only one of the two versions can have. */
export function acrossMajors(expected: Content, actual: Content, then: string, now: string): AcrossMajors {
  const [older, newer] = [majorOf(then), majorOf(now)].sort((a, b) => a - b);
  if (older === undefined || newer === undefined || older === newer) return { expected, actual, notCompared: [] };
  const notCompared = [`the backup is of PostgreSQL ${then}, it was restored on ${now}`];
  if (older >= MAINTAIN_SINCE || newer < MAINTAIN_SINCE) return { expected, actual, notCompared };
  notCompared.push(`the privilege MAINTAIN: PostgreSQL ${older} does not know it`);
  return { expected: withoutMaintain(expected), actual: withoutMaintain(actual), notCompared };
}

function withoutMaintain(content: Content): Content {
  const strip = (text: string) => text.replaceAll(/(?<=: |, )MAINTAIN\*?, |, MAINTAIN\*?(?=;|$)/g, '');
  const stripped = (thing: Thing): Thing =>
    thing.state === undefined ? thing : { ...thing, state: strip(thing.state) };
  const { privilege, 'default privilege': defaults } = content.objects;
  const without = <K extends typeof privilege>(kind: K) => ({ ...kind, things: kind.things.map(stripped) });
  return {
    ...content,
    objects: { ...content.objects, privilege: without(privilege), 'default privilege': without(defaults) },
  };
}
