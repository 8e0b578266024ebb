/** What both lanes have in common: what they are given and what they give back. */
import type { Values } from '../../runbook/elision.ts';
import type { LabName, Page, Step } from '../../runbook/model.ts';
import type { StepResult } from '../result.ts';
import type { Limits } from '../terminal/terminal.ts';

export type LaneOptions = {
  page: Page;
  /** The page's file, beside which its scripts lie; absolute. */
  pageFile: string;
  /** Parameters by name. */
  values: Values;
  /** The whole environment of the reader. */
  environment: Record<string, string>;
  /** Empty folders to work in; absolute. */
  folders: { toolbox: string; host: string };
  lab: LabName;
  /** The last step to perform; without it, all. */
  upTo?: string;
  /** Called before and after each step, to observe what it changed. */
  around?: { before(step: Step): Promise<void>; after(step: Step, result: StepResult): Promise<void> };
  limits?: Partial<Limits>;
  signal?: AbortSignal;
};

/** The steps of this lab, in the page's order, up to the last one wanted. */
export function stepsFor({ page, lab, upTo }: Pick<LaneOptions, 'page' | 'lab' | 'upTo'>): Step[] {
  const steps = page.steps.filter((step) => step.lab === undefined || step.lab === lab);
  const last = upTo === undefined ? -1 : steps.findIndex((step) => step.id === upTo);
  return last === -1 ? steps : steps.slice(0, last + 1);
}

/** Performs steps one after the other and stops at the first that does not succeed. */
export async function inOrder(
  options: LaneOptions,
  steps: Step[],
  perform: (step: Step) => Promise<StepResult>,
): Promise<StepResult[]> {
  const results: StepResult[] = [];
  for (const step of steps) {
    options.signal?.throwIfAborted();
    await options.around?.before(step);
    const result = await perform(step);
    await options.around?.after(step, result);
    results.push(result);
    if (result.flaw !== undefined) break;
  }
  return results;
}
