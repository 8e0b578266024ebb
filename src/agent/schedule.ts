/** A schedule: when something was last due, and when it is due next. Five fields of cron, read in a time zone. */
import { Cron } from 'croner';

export type Schedule = {
  /** The last due time that has come, up to and including `now`. */
  last(now: Date): Date | undefined;
  /** The first due time after `now`. */
  next(now: Date): Date | undefined;
};

/**
 * Where clocks are put forward, a fixed time that does not exist is due at the first one after the gap; where they are put
 * back, it is due once. `pattern` has been checked by the settings.
 */
export function schedule(pattern: string, timeZone: string): Schedule {
  const cron = new Cron(pattern, { timezone: timeZone, mode: '5-part', fixedTimeRule: 'no-wildcard', paused: true });
  return {
    // croner counts in whole seconds, and previousRuns leaves out the time it is given.
    last: (now) => cron.previousRuns(1, new Date(Math.floor(now.getTime() / 1000) * 1000 + 1000))[0],
    next: (now) => cron.nextRun(now) ?? undefined,
  };
}
