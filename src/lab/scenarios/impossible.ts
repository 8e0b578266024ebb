import { Failure } from '../../failure.ts';
import type { ScenarioName } from '../../runbook/model.ts';

/** The state cannot be made on this machine or with this data. It is said, with exit status 3, and never skipped. */
export function impossible(scenario: ScenarioName, reason: string, cause?: unknown): Failure {
  return new Failure('scenario-impossible', { scenario, reason }, { cause });
}
