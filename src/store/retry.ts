/** Whether and when a request is repeated: only what may succeed a moment later, a bounded number of times, at growing distances. */
import { Failure } from '../failure.ts';
import { codeOf, reasonOf } from './failures.ts';
import { S3Error } from './minio.ts';

/**
 * absent: nobody listens, and who restarts is back within a second or two · silent: it took the request and said nothing for as long
 * as we wait · busy: it asks for a pause, or the connection broke · lasting: the same answer would come again.
 */
export type Fault = 'absent' | 'silent' | 'busy' | 'lasting';

/** How often a request is repeated. */
export const REPEATS: Record<Fault, number> = { absent: 3, silent: 1, busy: 4, lasting: 0 };

const FIRST_MS = 100;
const GROWTH = 4;
const LONGEST_MS = 10_000;

const ABSENT = ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN'];
const SILENT = ['ETIMEDOUT', 'NO_ANSWER'];
const BUSY = ['ECONNRESET', 'EPIPE', 'ECONNABORTED'];
/** Answers that come with a status which does not say it, such as 400 or, after a long upload, 200. */
const BUSY_ANSWERS = ['InternalError', 'RequestTimeout', 'ServiceUnavailable', 'SlowDown', 'Throttling'];

/** What kind of trouble an error of minio-js, of Node or of our transport is. */
export function faultOf(cause: unknown): Fault {
  if (cause instanceof Failure) return 'lasting';
  const code = codeOf(cause);
  if (cause instanceof S3Error) return BUSY_ANSWERS.includes(code) ? 'busy' : 'lasting';
  if (ABSENT.includes(code)) return 'absent';
  if (SILENT.includes(code)) return 'silent';
  return BUSY.includes(code) || /Retryable HTTP status|socket hang up|aborted/.test(reasonOf(cause))
    ? 'busy'
    : 'lasting';
}

/**
 * How long to wait before a request is repeated, in milliseconds; undefined when it is not. Half of each pause is left to chance, so
 * that many who were turned away at once do not come back at once.
 * @param repeats how often it was repeated before
 * @param chance from 0 to 1
 */
export function pauseBefore(fault: Fault, repeats: number, chance: number = Math.random()): number | undefined {
  if (repeats >= REPEATS[fault]) return undefined;
  return Math.min(FIRST_MS * GROWTH ** repeats, LONGEST_MS) * (0.5 + chance / 2);
}
