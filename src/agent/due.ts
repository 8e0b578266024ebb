/**
 * What is due, decided from nothing but the bucket's list and the time: so a new container, a second agent and one that was
 * killed all come to the same answer. Pure.
 */
import type { Backup } from '../backup/catalogue.ts';
import { drillTime } from '../backup/name.ts';
import type { Schedule } from './schedule.ts';

export type Plan = { backup: Schedule; drill: Schedule | undefined; drillAfterBackup: boolean };

export type Due =
  | { what: 'backup'; why: 'first' | 'schedule'; since: Date }
  | { what: 'drill'; why: 'first' | 'after backup' | 'schedule'; since: Date; backup: string };

/**
 * A backup whose name is further ahead of the clock was named by a clock that was wrong. Within it, one of several clocks is
 * slow or was put back a little, and the backup counts. Milliseconds.
 */
export const AHEAD_MS = 3_600_000;

/** In the order in which it is done. `backups` are newest first, without those that do not count. */
export function whatIsDue(plan: Plan, backups: readonly Backup[], now: Date): Due[] {
  return [backupDue(plan, backups[0], now), drillDue(plan, backups, now)].filter((due) => due !== undefined);
}

/** Names of backups that a clock which was wrong gave: they prove nothing about what was due. */
export function aheadOf(backups: readonly Backup[], now: Date): string[] {
  return backups.filter((backup) => backup.time.getTime() > now.getTime() + AHEAD_MS).map((backup) => backup.name);
}

/** When something is due next, whatever is due now. */
export function nextDue(plan: Plan, now: Date): { backup: Date | undefined; drill: Date | undefined } {
  return { backup: plan.backup.next(now), drill: plan.drill?.next(now) };
}

function backupDue(plan: Plan, newest: Backup | undefined, now: Date): Due | undefined {
  if (newest === undefined) return { what: 'backup', why: 'first', since: now };
  const since = plan.backup.last(now);
  return since === undefined || newest.time >= since ? undefined : { what: 'backup', why: 'schedule', since };
}

function drillDue(plan: Plan, backups: readonly Backup[], now: Date): Due | undefined {
  const [newest] = backups;
  if (newest === undefined) return undefined;
  const due = { what: 'drill', backup: newest.name } as const;
  if (newest.drills.length === 0) {
    if (plan.drillAfterBackup) return { ...due, why: 'after backup', since: newest.time };
    // Nobody should wait a week for the first proof, nor after a backup that was disproved.
    if (!backups.some(proven)) return { ...due, why: 'first', since: newest.time };
  }
  const since = plan.drill?.last(now);
  if (since === undefined) return undefined;
  const times = backups.flatMap(({ drills }) => drills).map((name) => drillTime(name)?.getTime() ?? 0);
  const done = times.some((time) => time >= since.getTime() && time <= now.getTime() + AHEAD_MS);
  return done ? undefined : { ...due, why: 'schedule', since };
}

function proven({ drill }: Backup): boolean {
  return drill?.verdict === 'proven' || drill?.verdict === 'restorable';
}
