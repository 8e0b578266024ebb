/** Making faults: positioned, with a stable rule, and helpful about names that nearly exist. */
import { distance } from 'fastest-levenshtein';
import type { Fault, Position } from './model.ts';

export function error(rule: string, position: Position, reason: string): Fault {
  return { line: position.line, column: position.column, rule, severity: 'error', reason };
}

export function warning(rule: string, position: Position, reason: string): Fault {
  return { ...error(rule, position, reason), severity: 'warning' };
}

/** The name that was most likely meant: at most a third of its letters differ, or two of a short word. */
export function nearest(name: string, valid: Iterable<string>): string | undefined {
  let best: { name: string; distance: number } | undefined;
  for (const candidate of valid) {
    const apart = distance(name.toLowerCase(), candidate.toLowerCase());
    if (best === undefined || apart < best.distance) best = { name: candidate, distance: apart };
  }
  if (best === undefined || best.distance > Math.max(name.length < 4 ? 1 : 2, Math.floor(name.length / 3)))
    return undefined;
  return best.name;
}

/** `there is no scenario "intakt"; did you mean "intact"? Valid: …` */
export function unknown(kind: string, name: string, valid: readonly string[]): string {
  const meant = nearest(name, valid);
  const list = valid.length === 0 ? 'there are none' : `valid: ${valid.join(', ')}`;
  return `there is no ${kind} "${name}"${meant === undefined ? '' : `, did you mean "${meant}"?`} (${list})`;
}
