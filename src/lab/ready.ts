/** Whether the sample application can work. */
import { Failure } from '../failure.ts';
import { until } from '../process/wait.ts';
import type { Lab } from './lab.ts';

const READY_MS = 20_000;

/**
 * Waits until the application says that its database and tables are there.
 * @throws Failure backend-not-ready with its own reason
 */
export async function waitForBackend(lab: Lab, signal?: AbortSignal): Promise<void> {
  let reason = 'it does not answer';
  const ready = async () => {
    try {
      const response = await fetch(`${lab.backendUrl}/readyz`, { signal: AbortSignal.timeout(5_000) });
      if (response.ok) return true;
      const verdict: unknown = await response.json();
      if (typeof verdict === 'object' && verdict !== null && 'reason' in verdict) reason = String(verdict.reason);
    } catch (cause) {
      reason = cause instanceof Error ? cause.message : String(cause);
    }
    return false;
  };
  if (!(await until(ready, { timeout: READY_MS, signal })))
    throw new Failure('backend-not-ready', { reason, log: lab.services.backend.log });
}
