/** For programs: the whole result, as it is. */
import type { Rehearsal } from '../rehearsal/result.ts';

export function jsonReport(rehearsal: Rehearsal): string {
  return `${JSON.stringify({ schema: 1, ...rehearsal }, null, 2)}\n`;
}
