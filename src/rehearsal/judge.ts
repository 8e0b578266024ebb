/** PURE. Whether the steps ended as the scenario says, and where and how to say so if not. */
import type { LabName, Outcome, Page, Position, ScenarioName, Step } from '../runbook/model.ts';
import { outputFlaw } from './performed.ts';
import type { Flaw, LaneName, StepResult } from './result.ts';

/** `done`, `stops at download` */
export function describeOutcome(outcome: Outcome): string {
  if (outcome.kind === 'done') return 'done';
  if (outcome.kind === 'stops') return `stops at ${outcome.at}`;
  const { runbook, step } = outcome.recoverWith;
  return `fails at ${outcome.at}, recover with ${runbook}#${step}`;
}

/** What happened, in words: `done`, `stopped at download`. */
export function describeEnd(results: StepResult[]): string {
  const last = results.at(-1);
  return last?.flaw === undefined ? 'done' : `stopped at ${last.id}`;
}

export type JudgeSteps = {
  page: Page;
  scenario: ScenarioName;
  expected: Outcome;
  results: StepResult[];
  values: Record<string, string>;
};

/** The flaws of a run's steps, measured by the scenario's expected outcome. None: as the page says. */
export function judgeSteps({ page, scenario, expected, results, values }: JudgeSteps): Flaw[] {
  const last = results.at(-1);
  const flaw = last?.flaw;
  const key = page.scenarios.find(({ name }) => name === scenario)?.position ?? { line: 1, column: 1 };
  if (expected.kind === 'done') {
    if (flaw === undefined) return [];
    return [{ ...flaw, reason: `${flaw.reason}, in scenario ${scenario}, which must end in done` }];
  }
  if (last === undefined || flaw === undefined)
    return [
      {
        ...key,
        rule: 'scenario-did-not-stop',
        reason: `nothing stopped the reader in scenario ${scenario}`,
        expected: describeOutcome(expected),
        received: 'every step succeeded',
      },
    ];
  if (last.stuck) return [flaw];
  if (last.id !== expected.at)
    return [
      {
        ...key,
        rule: 'scenario-stops-elsewhere',
        reason: `scenario ${scenario} stops the reader at another step`,
        expected: describeOutcome(expected),
        received: `stopped at ${last.id} (line ${flaw.line}): ${flaw.received ?? flaw.reason}`,
      },
    ];
  const step = page.steps.find(({ id, lab }) => id === last.id && lab === last.lab);
  const differs = step?.output?.onStop ? outputFlaw(step, last.output, values) : undefined;
  return differs === undefined ? [] : [differs];
}

/** Where a wrong end state is reported: the last step that wrote to the target, else the last that ran. */
export function lastWriter(page: Page, results: StepResult[], writers: ReadonlySet<string>): Position {
  const ran = results.map(({ id, lab }) => page.steps.find((step) => step.id === id && step.lab === lab));
  const steps = ran.filter((step): step is Step => step !== undefined);
  const step = steps.findLast(({ id }) => writers.has(id)) ?? steps.at(-1) ?? page.steps[0];
  return step === undefined ? { line: 1, column: 1 } : { line: step.line, column: step.column };
}

/** The command that repeats just this. */
export function againCommand(path: string, scenario?: ScenarioName, lane?: LaneName, lab?: LabName): string {
  const words = ['npx drillbook rehearse', path];
  // Without the word it is the local one.
  if (lab === 'compose') words.push('--lab', lab);
  if (scenario !== undefined) words.push('--scenario', scenario);
  if (lane !== undefined) words.push('--lane', lane);
  return words.join(' ');
}
