/** What really disappeared while a step ran, against what its script says that it destroys. */
import { connect } from '../postgres/connection.ts';
import type { Page, Step } from '../runbook/model.ts';
import { destroyed } from './proof.ts';
import type { Flaw, StepResult } from './result.ts';
import { describeTarget, type Target } from './step/definition.ts';
import type { Observation, World } from './world.ts';

export type Databases = ReadonlyMap<number, string>;

/** Every database by its oid: a name alone does not tell that another database has it now. */
export async function databasesOf(world: World): Promise<Databases> {
  await using client = await connect(world.lab.settings.postgres, { database: 'postgres' });
  const { rows } = await client.query<{ oid: number; name: string }>('SELECT oid, datname AS name FROM pg_database');
  return new Map(rows.map(({ oid, name }) => [oid, name]));
}

/** Databases that were there before and are not any more; one that was renamed is still there. */
export function gone(before: Databases, after: Databases): string[] {
  return [...before].filter(([oid]) => !after.has(oid)).map(([, name]) => name);
}

/** Whether anything was made, dropped or renamed. */
export function changed(before: Databases, after: Databases): boolean {
  return before.size !== after.size || [...before].some(([oid, name]) => after.get(oid) !== name);
}

/** One flaw for each database that a step destroyed without saying so. */
export function undeclared(page: Page, results: StepResult[], declared: (step: Step) => Target[]): Flaw[] {
  return results.flatMap((result) => {
    const step = page.steps.find(({ id, lab }) => id === result.id && lab === result.lab);
    if (step === undefined) return [];
    const targets = declared(step).map(describeTarget);
    return result.destroyed
      .filter((name) => !targets.includes(`database ${name}`))
      .map((name) => ({
        line: step.line,
        column: step.column,
        rule: 'destruction-undeclared',
        reason: `step "${step.id}" destroyed database ${name} and does not declare it`,
        expected: targets.length === 0 ? 'nothing destroyed' : `at most ${targets.join(', ')} destroyed`,
        received: `database ${name} is gone`,
      }));
  });
}

/** Databases that are still there, but lost content, and that no step of the page declares. */
export function overwritten(
  before: Observation,
  after: Observation,
  targets: Target[],
): Omit<Flaw, 'line' | 'column'>[] {
  const declared = targets.map(describeTarget);
  return destroyed(before, after)
    .filter(({ kind, how, name }) => kind === 'database' && how === 'changed' && !declared.includes(`database ${name}`))
    .map(({ name, sentence }) => ({
      rule: 'destruction-undeclared',
      reason: `${sentence}, and no step declares that it destroys it`,
      expected: declared.length === 0 ? 'nothing destroyed' : `at most ${declared.join(', ')} destroyed`,
      received: `database ${name} lost content`,
    }));
}
