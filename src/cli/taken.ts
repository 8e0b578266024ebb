/** A backup that was taken, and what retention did, for people. */
import { refusal } from '../backup/retain.ts';
import type { Taken } from '../backup/take.ts';
import { Failure } from '../failure.ts';
import { bytes, seconds } from './progress.ts';
import { describeSuspicion } from './suspicion.ts';

const FIGURE = new Intl.NumberFormat('en');

/** Several lines, the last one ended. */
export function describeTaken(taken: Taken): string {
  const rows = [
    ['Archive', `${bytes(taken.bytes)}, read back to its end`],
    ['SHA-256', taken.sha256],
    ['Manifest', `${FIGURE.format(taken.tables)} tables, ${FIGURE.format(taken.rows)} rows`],
    ['Roles', taken.globalsRefused === undefined ? 'saved, without passwords' : `not saved: ${taken.globalsRefused}`],
    ['Took', seconds(taken.seconds * 1000)],
    ['Retention', retention(taken)],
  ];
  const lines = rows.map(([label = '', text]) => `  ${label.padEnd(10)} ${text}`);
  return `${taken.name} is complete.\n\n${lines.join('\n')}\n\nProve it: drillbook drill ${taken.name}\n${warning(taken)}`;
}

function warning({ retention: result }: Taken): string {
  if (result instanceof Failure || result.suspicion === undefined) return '';
  return `\n${describeSuspicion(result.suspicion)}\n`;
}

/** 0, or 3 when the backup is complete but retention was not: nobody shall learn of that from a full disk. */
export function statusOf(taken: Taken): 0 | 3 {
  return failureOf(taken) === undefined ? 0 : 3;
}

function failureOf({ retention }: Taken): Failure | undefined {
  return retention instanceof Failure ? retention : refusal(retention);
}

function retention(taken: Taken): string {
  const { retention: result } = taken;
  const failure = failureOf(taken);
  const failed = failure === undefined ? '' : `failed, nothing is lost: ${failure.message} [${failure.code}]`;
  if (result instanceof Failure) return failed;
  const strange =
    result.strange.length === 0 ? '' : `, ${result.strange.length} left alone: "drillbook prune" says why`;
  const done = `${result.removed.length === 0 ? 'none' : result.removed.length} removed, ${result.kept} kept${strange}`;
  return failed === '' ? done : `${done}; ${failed}`;
}
