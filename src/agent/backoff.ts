/** Pauses after failures: each twice as long as the one before it, up to a quarter of an hour. */

const FIRST_MS = 15_000;
const LONGEST_MS = 900_000;

export type Backoff = {
  /** Notes a failure at `now` and returns when to try again. */
  failed(now: Date): Date;
  succeeded(): void;
  /** When to try; undefined: at once. */
  notBefore(now: Date): Date | undefined;
};

export function backoff(): Backoff {
  let failures = 0;
  let until: Date | undefined;
  return {
    failed(now) {
      until = new Date(now.getTime() + Math.min(LONGEST_MS, FIRST_MS * 2 ** failures++));
      return until;
    },
    succeeded() {
      failures = 0;
      until = undefined;
    },
    notBefore(now) {
      // A clock that was put back must not turn a pause into days.
      const over = until === undefined || until <= now || until.getTime() - now.getTime() > LONGEST_MS;
      return over ? undefined : until;
    },
  };
}
