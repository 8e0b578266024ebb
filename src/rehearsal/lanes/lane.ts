/** What both lanes have in common: what they are given and what they give back. */
import type { Containers } from '../../lab/container.ts';
import type { Values } from '../../runbook/elision.ts';
import type { LabName, Page, Step } from '../../runbook/model.ts';
import type { StepResult } from '../result.ts';
import type { Recorder } from '../terminal/recorder.ts';
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
  /** Where the toolbox is a container: `environment` and `folders.toolbox` are then as they are in there. */
  containers?: Containers;
  lab: LabName;
  /** The first and the last step to perform; without them, all. */
  from?: string;
  upTo?: string;
  /** Called before and after each step, to observe what it changed. */
  around?: { before(step: Step): Promise<void>; after(step: Step, result: StepResult): Promise<void> };
  /** Keeps what the reader's terminals show. */
  recorder?: Recorder;
  limits?: Partial<Limits>;
  signal?: AbortSignal;
};

/** The steps of this lab, in the page's order, from the first to the last one wanted. */
export function stepsFor({ page, lab, from, upTo }: Pick<LaneOptions, 'page' | 'lab' | 'from' | 'upTo'>): Step[] {
  const steps = page.steps.filter((step) => step.lab === undefined || step.lab === lab);
  const first = steps.findIndex((step) => step.id === from);
  const last = steps.findIndex((step) => step.id === upTo);
  return steps.slice(Math.max(0, first), last === -1 ? undefined : last + 1);
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
