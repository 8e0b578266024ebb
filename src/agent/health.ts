/** Is the service well? A sentence for people and a yes or no for machines. It names no address, no user and no key. */
import type { Status } from './status.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Reading the bucket takes minutes at most, and the loop turns every five. */
const HANGS_MS = 20 * MINUTE_MS;
/** A store may be restarted. */
const STORE_AWAY_MS = 10 * MINUTE_MS;
/** A backup that is due may have to be tried again, and a long one needs its time. */
const LATE_MS = HOUR_MS;
const LATE_RUNNING_MS = 6 * HOUR_MS;

export type Health = { well: boolean; sentence: string };

/** @param monotonic `performance.now()` */
export function healthOf(status: Status, now: Date, monotonic: number): Health {
  const { running, storeFault, missingSince, backups, faults } = status;
  if (running === undefined && monotonic - status.turnedAt > HANGS_MS)
    return ill(`The service has done nothing for ${minutes(monotonic - status.turnedAt)}`);
  if (storeFault !== undefined && since(storeFault.since, now) > STORE_AWAY_MS)
    return ill(
      `The bucket could not be read for ${minutes(since(storeFault.since, now))} (${storeFault.code}); the log says more`,
    );
  if (missingSince !== undefined && since(missingSince, now) > (running ? LATE_RUNNING_MS : LATE_MS)) {
    const why = faults.backup === undefined ? '' : ` (${faults.backup}); the log says more`;
    return ill(`The backup that was due at ${time(missingSince)} is missing${why}`);
  }
  if (running !== undefined) return well(`A ${running.what} runs since ${time(running.since)}`);
  if (backups === undefined) return well('The service starts');
  const next = status.next === undefined ? '' : `; the next is due at ${time(status.next)}`;
  const [newest] = backups;
  return well(newest === undefined ? `There is no backup yet${next}` : `The newest backup is ${newest.name}${next}`);
}

function ill(sentence: string): Health {
  return { well: false, sentence: `${sentence}.` };
}

function well(sentence: string): Health {
  return { well: true, sentence: `${sentence}.` };
}

function since(then: Date, now: Date): number {
  return now.getTime() - then.getTime();
}

function minutes(milliseconds: number): string {
  return `${Math.round(milliseconds / MINUTE_MS)} min`;
}

/** 2026-11-23 02:00 UTC */
function time(date: Date): string {
  return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
