/** Retention: which backups may go, and removing them with what belongs to them. */
import { type Report, silent } from '../progress.ts';
import type { Settings } from '../settings.ts';
import { openStore } from '../store/store.ts';
import { type Backup, lastGood, type Survey, survey } from './catalogue.ts';
import { companionName } from './name.ts';

const DAY_MS = 86_400_000;

export type PruneOptions = {
  /** Only says what would be removed. */
  dryRun?: boolean;
  report?: Report;
  signal?: AbortSignal | undefined;
  now?: () => Date;
};

export type Pruned = {
  removed: Backup[];
  kept: number;
  /** The backup that is never removed. */
  lastGood: Backup | undefined;
  /** It is older than the days that backups are kept, and stays all the same. */
  lastGoodIsOld: boolean;
  /** The names of all objects that were (or would be) removed. */
  objects: string[];
  dryRun: boolean;
};

/**
 * Removes the backups of the settings' database that are older than `keepDays`, with their checksums, manifests, globals and
 * drill records. Never the last good backup; never an object whose name it does not know.
 * @throws Failure store-unreachable, store-auth, bucket-missing
 */
export async function prune(settings: Settings, options: PruneOptions = {}): Promise<Pruned> {
  const { dryRun = false, report = silent, signal, now = () => new Date() } = options;
  report({ kind: 'stage', title: `Looking for backups older than ${settings.keepDays} days` });
  const store = openStore(settings.store);
  const { database } = settings.postgres;
  const { backups, orphans } = await survey(store, database, { signal });
  const cutoff = new Date(now().getTime() - settings.keepDays * DAY_MS);
  const plan = choose(backups, cutoff);
  const archives = plan.removed.map((backup) => backup.name);
  const companions = [...plan.removed.flatMap(companionsOf), ...oldOrphans(orphans, cutoff)];
  if (!dryRun && archives.length + companions.length > 0) {
    report({ kind: 'stage', title: `Removing ${archives.length} old backups` });
    // Archives first: what is cut short here leaves orphans, which the next run removes, and no archive without its manifest.
    await store.remove(archives, { signal });
    await store.remove(companions, { signal });
  }
  return {
    ...plan,
    kept: backups.length - plan.removed.length,
    lastGoodIsOld: plan.lastGood !== undefined && plan.lastGood.time < cutoff,
    objects: [...archives, ...companions],
    dryRun,
  };
}

/** The decision alone: oldest first, never the last good one. */
export function choose(backups: readonly Backup[], cutoff: Date): { removed: Backup[]; lastGood: Backup | undefined } {
  const good = lastGood(backups);
  const removed = backups.filter((backup) => backup.time < cutoff && backup.name !== good?.name);
  return { removed: removed.sort((a, b) => a.time.getTime() - b.time.getTime()), lastGood: good };
}

function companionsOf(backup: Backup): string[] {
  const kinds = (['checksum', 'manifest', 'globals'] as const).filter((kind) => backup[kind]);
  return [...kinds.map((kind) => companionName(backup.name, kind)), ...backup.drills];
}

/** A checksum or manifest without an archive is left by a run that was cut short; a young one may belong to a run of now. */
function oldOrphans(orphans: Survey['orphans'], cutoff: Date): string[] {
  return orphans.filter((orphan) => orphan.time < cutoff).map((orphan) => orphan.name);
}
