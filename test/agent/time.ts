/** A time of the test's own: it stands still while an agent works, and goes on when every agent waits. */
import type { Clock } from '../../src/agent/clock.ts';
import { until } from '../support/services.ts';

export type Time = {
  readonly now: Date;
  /** A clock that reads it, so many milliseconds wrong. */
  clock(wrong?: number): Clock;
  /** Lets it go on until `end`, from one thing that is waited for to the next; ends when all `agents` wait again. */
  goOn(end: string, agents: Agents): Promise<void>;
  /** Sets it, forwards or backwards, as an administrator sets a clock: everyone looks again. */
  set(time: string, agents: Agents): Promise<void>;
};

/** Who lives by this time; `fault` says why one of them ended. */
type Agents = readonly { fault: unknown }[];

export function timeFrom(start: string): Time {
  let now = Date.parse(start);
  const waiting = new Set<{ until: number; wake: () => void }>();

  const allWait = (agents: Agents) =>
    until(
      () => {
        for (const { fault } of agents) if (fault !== undefined) throw fault;
        return waiting.size === agents.length;
      },
      `all ${agents.length} agents wait`,
      () => `at ${new Date(now).toISOString()} only ${waiting.size} do`,
    );
  const wake = (chosen: (time: number) => boolean) => {
    for (const one of [...waiting]) if (chosen(one.until)) one.wake();
  };

  return {
    get now() {
      return new Date(now);
    },
    clock: (wrong = 0) => ({
      now: () => new Date(now + wrong),
      wait: (time, signal) =>
        new Promise((resolve) => {
          const wake = () => {
            waiting.delete(one);
            signal.removeEventListener('abort', wake);
            resolve();
          };
          const one = { until: time.getTime() - wrong, wake };
          waiting.add(one);
          signal.addEventListener('abort', wake);
          if (signal.aborted) wake();
        }),
    }),
    async goOn(end, agents) {
      for (;;) {
        await allWait(agents);
        const next = Math.min(...[...waiting].map((one) => one.until));
        if (next > Date.parse(end)) break;
        now = Math.max(now, next);
        wake((time) => time <= now);
      }
      now = Date.parse(end);
    },
    async set(time, agents) {
      await allWait(agents);
      now = Date.parse(time);
      wake(() => true);
      await allWait(agents);
    },
  };
}
