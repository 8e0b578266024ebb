/** `repeatable`: the page once more, in what its first run left, working folder included. It must end the same. */
import type { Page, ScenarioName, Step } from '../runbook/model.ts';
import { undeclared } from './destruction.ts';
import { judgeSteps } from './judge.ts';
import { differentEndFaults, proveOutcome } from './proof.ts';
import type { Flaw, StepResult } from './result.ts';
import type { Target } from './step/definition.ts';
import { type Observation, observe, type Prepared, type World } from './world.ts';

export type SecondRun = {
  page: Page;
  scenario: ScenarioName;
  world: World;
  prepared: Prepared;
  values: Record<string, string>;
  /** How the first run ended. */
  first: Observation;
  perform: () => Promise<StepResult[]>;
  /** What a step declares that it destroys. */
  targets: (step: Step) => Target[];
};

/** What is wrong with it: a step at its own place, an end at the key `repeatable`. */
export async function secondRun(options: SecondRun): Promise<Flaw[]> {
  const { page, scenario, world, prepared, values, first } = options;
  const outcome = { kind: 'done' } as const;
  const results = await options.perform();
  const steps = judgeSteps({ page, scenario, expected: outcome, results, values });
  if (steps.length > 0)
    return steps.map((flaw) => ({
      ...flaw,
      reason: `${flaw.reason}; this was its second run, and it is "repeatable"`,
    }));
  const after = await observe(world);
  const ends = await proveOutcome({ page, world, prepared, before: prepared.before, after, outcome });
  const faults = [...ends, ...differentEndFaults(first, after)];
  return [
    ...undeclared(page, results, options.targets),
    ...faults.map((fault) => ({ ...page.promisedAt.repeatable, ...fault })),
  ];
}
