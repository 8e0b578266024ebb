/** Retention: which backups may go, and removing them with what belongs to them. */
import { Failure } from '../failure.ts';
import { type Report, silent } from '../progress.ts';
import type { Settings } from '../settings.ts';
import { openStore, type Store } from '../store/store.ts';
import { type Backup, lastGood, type Survey, survey } from './catalogue.ts';
import { whyNoCompanion, whyNotOurs } from './known.ts';
import { companionName } from './name.ts';
import { type Suspicion, suspiciouslySmall } from './sizes.ts';

const DAY_MS = 86_400_000;
/** So many objects are looked at, at the same time. */
const AT_ONCE = 8;

export type PruneOptions = {
  /** Only says what would be removed. */
  dryRun?: boolean;
  report?: Report;
  signal?: AbortSignal | undefined;
  now?: () => Date;
};

/** An object and a reason, without its full stop. */
export type Told = { name: string; reason: string };

export type Choice = {
  /** Oldest first. */
  removed: Backup[];
  /** Old enough to go, and kept all the same, oldest first. */
  spared: { backup: Backup; because: 'last good' | 'count' }[];
  /** The backup that is never removed. */
  lastGood: Backup | undefined;
};

export type Pruned = Choice & {
  /** How many backups are (or would be) left. */
  kept: number;
  /** The last good backup is older than the days that backups are kept, and stays all the same. */
  lastGoodIsOld: boolean;
  /** The names of all objects that were (or would be) removed. */
  objects: string[];
  /** Objects whose content is not what their name says: they were left alone. A dry run reads no content. */
  strange: Told[];
  /** Objects that the store would not remove. */
  refused: Told[];
  /** The bucket keeps versions: what is removed is only hidden, and still fills the store. Undefined: nobody knows. */
  versioned: boolean | undefined;
  /** The newest backup, when it is much smaller than those before it. */
  suspicion: Suspicion | undefined;
  dryRun: boolean;
};

/**
 * Removes the backups of the settings' database that are older than `keepDays` and none of the newest `keepCount` sound ones, with their
 * checksums, manifests, globals and drill records. Never the last good backup; never an object whose name or content it does not know. What
 * the store refuses to remove does not keep the rest.
 * @throws Failure store-unreachable, store-auth, bucket-missing
 */
export async function prune(settings: Settings, options: PruneOptions = {}): Promise<Pruned> {
  const { dryRun = false, report = silent, signal, now = () => new Date() } = options;
  report({ kind: 'stage', title: `Looking for backups older than ${settings.keepDays} days` });
  const store = openStore(settings.store);
  const { database } = settings.postgres;
  const { backups, orphans } = await survey(store, database, { signal });
  const cutoff = new Date(now().getTime() - settings.keepDays * DAY_MS);
  const plan = choose(backups, cutoff, settings.keepCount);
  const lone = oldOrphans(orphans, cutoff);
  const work = { store, database, report, signal };
  const done = dryRun ? await foresee(work, plan.removed, lone) : await carryOut(work, plan.removed, lone);
  return {
    ...plan,
    ...done,
    kept: backups.length - done.removed.length,
    lastGoodIsOld: plan.lastGood !== undefined && plan.lastGood.time < cutoff,
    suspicion: suspiciouslySmall(backups, settings.smallPercent),
    dryRun,
  };
}

/** What a person must hear of as a failure: the store would not remove what should go. */
export function refusal({ refused: [first, ...more] }: Pruned): Failure | undefined {
  if (first === undefined) return undefined;
  return new Failure('removal-refused', { ...first, more: more.length === 0 ? '' : ` (and ${more.length} more)` });
}

/** The decision alone: nothing goes that is young, one of the newest sound ones, or the last good one. */
export function choose(backups: readonly Backup[], cutoff: Date, keepCount: number): Choice {
  const oldestFirst = backups.toSorted((a, b) => a.time.getTime() - b.time.getTime());
  const good = lastGood(backups);
  const counted = new Set(keepCount === 0 ? [] : oldestFirst.filter(isSound).slice(-keepCount));
  const choice: Choice = { removed: [], spared: [], lastGood: good };
  for (const backup of oldestFirst) {
    if (backup.time >= cutoff) continue;
    if (backup.name === good?.name) choice.spared.push({ backup, because: 'last good' });
    else if (counted.has(backup)) choice.spared.push({ backup, because: 'count' });
    else choice.removed.push(backup);
  }
  return choice;
}

/** Something to restore from, for all that is known. */
function isSound(backup: Backup): boolean {
  return backup.size > 0 && backup.drill?.verdict !== 'disproved';
}

type Work = { store: Store; database: string; report: Report; signal: AbortSignal | undefined };
type Done = Pick<Pruned, 'removed' | 'objects' | 'strange' | 'refused' | 'versioned'>;

async function foresee({ store, signal }: Work, removed: Backup[], lone: string[]): Promise<Done> {
  const objects = [...removed.map((backup) => backup.name), ...removed.flatMap(companionsOf), ...lone];
  const versioned = objects.length === 0 ? undefined : await store.keepsVersions({ signal });
  return { removed, objects, strange: [], refused: [], versioned };
}

/** Archives first: what is cut short here leaves orphans, which the next run removes, and no archive without its manifest. */
async function carryOut(work: Work, chosen: Backup[], lone: string[]): Promise<Done> {
  const { store, database, report, signal } = work;
  if (chosen.length + lone.length === 0)
    return { removed: [], objects: [], strange: [], refused: [], versioned: undefined };
  report({ kind: 'stage', title: `Removing ${chosen.length} old backups` });
  const archives = await removeOurs(work, chosen, (backup) => whyNotOurs(store, backup, { signal }));
  const gone = new Set(archives.removed);
  const removed = chosen.filter((backup) => gone.has(backup.name));
  // What belongs to an archive that stays, stays with it.
  const names = [...removed.flatMap(companionsOf), ...lone].map((name) => ({ name }));
  const others = await removeOurs(work, names, ({ name }) => whyNoCompanion(store, database, name, { signal }));
  return {
    removed,
    objects: [...archives.removed, ...others.removed],
    strange: [...archives.strange, ...others.strange],
    refused: [...archives.refused, ...others.refused],
    versioned: archives.hidden + others.hidden > 0,
  };
}

/** Removes what still is what its name says. */
async function removeOurs<T extends { name: string }>(
  { store, signal }: Work,
  all: readonly T[],
  doubt: (one: T) => Promise<string | undefined>,
) {
  const strange: Told[] = [];
  const ours: string[] = [];
  for (let at = 0; at < all.length; at += AT_ONCE) {
    const some = all.slice(at, at + AT_ONCE);
    const reasons = await Promise.all(some.map(doubt));
    for (const [i, { name }] of some.entries()) {
      const reason = reasons[i];
      if (reason === undefined) ours.push(name);
      else strange.push({ name, reason });
    }
  }
  const { refused, hidden } = await store.removeEach(ours, { signal });
  const stayed = new Set(refused.map(({ name }) => name));
  return { removed: ours.filter((name) => !stayed.has(name)), strange, refused, hidden };
}

function companionsOf(backup: Backup): string[] {
  const kinds = (['checksum', 'manifest', 'globals'] as const).filter((kind) => backup[kind]);
  return [...kinds.map((kind) => companionName(backup.name, kind)), ...backup.drills];
}

/** A checksum or manifest without an archive is left by a run that was cut short; a young one may belong to a run of now. */
function oldOrphans(orphans: Survey['orphans'], cutoff: Date): string[] {
  return orphans.filter((orphan) => orphan.time < cutoff).map((orphan) => orphan.name);
}
