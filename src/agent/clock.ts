/** The time by which the service lives, handed in so that a test can let a week pass. */
import { setTimeout as delay } from 'node:timers/promises';

export type Clock = {
  now(): Date;
  /** Resolves at `time` or earlier, and at once when aborted: whoever waits looks at the time again. */
  wait(time: Date, signal: AbortSignal): Promise<void>;
};

/**
 * No wait is longer, in milliseconds: a clock that is set, or a machine that slept, is noticed within it, and what others put into the
 * bucket is seen.
 */
const LONGEST_MS = 300_000;

export const systemClock: Clock = {
  now: () => new Date(),
  async wait(time, signal) {
    const milliseconds = Math.min(LONGEST_MS, Math.max(0, time.getTime() - Date.now()));
    // An abort ends the wait; the loop sees it by itself.
    await delay(milliseconds, undefined, { signal }).catch(() => {});
  },
};
