/** What the service knows of itself at this moment: the loop writes it, metrics and health read it. */
import type { Backup } from '../backup/catalogue.ts';
import type { VerdictWord } from '../backup/verdict.ts';
import { type Memory, NOTHING } from './memory.ts';

export type Verdict = VerdictWord | 'undecided';

export type Status = {
  readonly database: string;
  readonly startedAt: Date;
  /** When the loop last turned, by `performance.now()`: a clock that is set must not look like a loop that hangs. */
  turnedAt: number;
  /** Newest first, without those that count for nothing; undefined until the bucket was read. */
  backups: readonly Backup[] | undefined;
  memory: Memory;
  running: { what: 'backup' | 'drill'; since: Date } | undefined;
  /** When the next backup is due. */
  next: Date | undefined;
  /** Since when the backup that is missing was due. */
  missingSince: Date | undefined;
  /** Why the bucket cannot be read, and since when. */
  storeFault: { code: string; since: Date } | undefined;
  /** Why the last try of each failed; gone with the next that succeeds. */
  faults: { backup?: string; drill?: string };
  /** Of the newest backup's database, in bytes. */
  databaseBytes: number | undefined;
  runs: { backup: Record<'taken' | 'failed' | 'skipped', number>; drill: Record<Verdict, number> };
};

export function newStatus(database: string, now: Date): Status {
  return {
    database,
    startedAt: now,
    turnedAt: performance.now(),
    backups: undefined,
    memory: NOTHING,
    running: undefined,
    next: undefined,
    missingSince: undefined,
    storeFault: undefined,
    faults: {},
    databaseBytes: undefined,
    runs: {
      backup: { taken: 0, failed: 0, skipped: 0 },
      drill: { proven: 0, restorable: 0, disproved: 0, undecided: 0 },
    },
  };
}
