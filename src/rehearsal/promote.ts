/** Writes what the steps of `intact` really printed into the page, keeping the elisions that still hold. */
import { readFileSync, writeFileSync } from 'node:fs';
import { promote } from '../runbook/promote.ts';
import type { LoadedPage } from './pages.ts';
import type { RunResult } from './result.ts';

/** The page without its expected outputs: its steps succeed whatever they print, so that all of them are seen. */
export function withoutOutputs(loaded: LoadedPage): LoadedPage {
  const steps = loaded.page.steps.map(({ output: _, ...step }) => step);
  return { ...loaded, page: { ...loaded.page, steps } };
}

/**
 * @param run of the page without its outputs, in the reader's lane
 * @returns whether the page changed
 */
export function promotePage(loaded: LoadedPage, run: RunResult): boolean {
  const text = readFileSync(loaded.file, 'utf8');
  const printed = run.steps.filter(({ flaw }) => flaw === undefined);
  const promoted = promote(text, loaded.page, printed, run.values);
  if (promoted !== text) writeFileSync(loaded.file, promoted);
  return promoted !== text;
}
