/** Faults as text, one line each: `file:line:column reason (rule)`, as editors and CI recognise it. */
import type { Fault } from './model.ts';

/** `runbooks/drill/index.mdx:12:9 there is no label "setp", did you mean "step"? (label-unknown)` */
export function messageOf(fault: Fault, path: string): string {
  const weight = fault.severity === 'warning' ? 'warning: ' : '';
  return `${path}:${fault.line}:${fault.column} ${weight}${fault.reason} (${fault.rule})`;
}

/** In the order in which a person meets them: by line, then by column. */
export function sortFaults(faults: readonly Fault[]): Fault[] {
  return [...faults].sort((a, b) => a.line - b.line || a.column - b.column || a.rule.localeCompare(b.rule));
}
