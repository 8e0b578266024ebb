/** What a page promises in figures, `rto` and `facts`, against what was measured in a run that ended in done. */
import type { Manifest } from '../backup/manifest.ts';
import { holds, parseFigure } from '../runbook/facts.ts';
import type { Page } from '../runbook/model.ts';
import type { Flaw, StepResult } from './result.ts';

export type Measured = {
  /** Start to end. */
  seconds: number;
  results: readonly Pick<StepResult, 'id' | 'seconds'>[];
  manifest: Manifest;
};

/** The promised time was exceeded: in whatever scenario, because a restore is never needed on a good day. */
export function rtoFlaws(page: Pick<Page, 'rto' | 'promisedAt'>, scenario: string, seconds: number): Flaw[] {
  if (page.rto === undefined || seconds <= page.rto) return [];
  return [
    {
      ...page.promisedAt.rto,
      rule: 'rto-exceeded',
      reason: `scenario ${scenario} took longer than the page promises`,
      expected: `at most ${spoken(page.rto)}`,
      received: spoken(seconds),
    },
  ];
}

/** Figures of the text that are not what was measured. Times only where `timed`: a script's are not the reader's. */
export function factFlaws(page: Pick<Page, 'facts' | 'promisedAt'>, measured: Measured, timed: boolean): Flaw[] {
  return Object.entries(page.facts).flatMap(([name, given]) => {
    const { figure } = parseFigure(name, given);
    const value = measuredValue(name, measured);
    if (figure === undefined || value === undefined || holds(figure, value)) return [];
    if (figure.kind === 'seconds' && !timed) return [];
    const units = { count: `${value}`, bytes: `${value} bytes`, seconds: spoken(value) };
    return [
      {
        ...(page.promisedAt.facts[name] ?? { line: 1, column: 1 }),
        rule: 'fact-differs',
        reason: `the text says "${figure.text}" (${name}), and something else was measured`,
        expected: given,
        received: units[figure.kind],
      },
    ];
  });
}

/** Undefined for a step that is not performed in this lab. */
function measuredValue(name: string, { seconds, results, manifest }: Measured): number | undefined {
  const { tables } = manifest.content;
  if (name === 'tables') return tables.length;
  if (name === 'rows') return tables.reduce((sum, { rows }) => sum + rows, 0);
  if (name === 'archive') return manifest.archive.bytes;
  if (name === 'time') return seconds;
  return results.find(({ id }) => `time.${id}` === name)?.seconds;
}

function spoken(seconds: number): string {
  return `${Math.round(seconds * 10) / 10} s`;
}
