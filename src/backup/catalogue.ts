/** The backups in the store: which there are, what belongs to each, and which of them is the last good one. */
import { distance } from 'fastest-levenshtein';
import { Failure } from '../failure.ts';
import type { Store } from '../store/store.ts';
import {
  backupName,
  backupTime,
  type CompanionKind,
  companionOf,
  describeName,
  drillOutcome,
  drillTime,
} from './name.ts';
import { type DrillRecord, parseDrillRecord } from './verdict.ts';

export type Backup = {
  name: string;
  /** When it was taken, by its name; for a name of another form, when the object was stored. */
  time: Date;
  /** Bytes of the archive. */
  size: number;
  checksum: boolean;
  manifest: boolean;
  globals: boolean;
  /** Names of the drills' records, oldest first. */
  drills: string[];
  /** The newest drill that decided something. */
  drill?: DrillRecord;
};

type Options = { signal?: AbortSignal | undefined };

/** A drill's record is small; what is greater is none. Bytes. */
const RECORD_LIMIT = 1024 ** 2;
/** The newest backup is first looked for among those of so many milliseconds: nine days. */
const RECENT_MS = 9 * 86_400_000;
/** So many records are read at the same time. */
const AT_ONCE = 8;

/** What lies beside a backup, in words. */
const COMPANIONS: Record<CompanionKind, string> = {
  checksum: 'checksum',
  manifest: 'manifest',
  globals: 'file of roles',
  drill: 'verdict of a drill',
};

/** The archives of a database, newest first by the time in the name, with the verdict of each one's newest drill. */
export async function listBackups(store: Store, database: string, options: Options = {}): Promise<Backup[]> {
  return (await survey(store, database, options)).backups;
}

/**
 * The backup of that name, or the newest one.
 * @throws Failure no-backups, backup-not-found (which offers the nearest names), backup-companion
 */
export async function findBackup(
  store: Store,
  database: string,
  name?: string,
  options: Options = {},
): Promise<Backup> {
  const beside = name === undefined ? undefined : companionOf(name);
  if (name !== undefined && beside !== undefined)
    throw new Failure('backup-companion', { name, kind: COMPANIONS[beside.kind], backup: beside.backup });
  const found = await (name === undefined
    ? newestBackup(store, database, options)
    : ownBackup(store, database, name, options));
  if (found !== undefined) {
    await readVerdict(store, found, options);
    return found;
  }
  const foreign = name === undefined ? undefined : await otherBackup(store, name, options);
  if (foreign !== undefined) return foreign;
  const { backups } = await readNames(store, database, options);
  if (name === undefined || backups.length === 0) throw new Failure('no-backups', { database, store: store.address });
  throw new Failure('backup-not-found', { name, nearest: nearest(name, backups).join(', ') });
}

/**
 * The newest proven one; if none, the newest with a manifest; if none, the newest. Empty archives and those that a drill
 * disproved come last: they are kept only where there is nothing else.
 */
export function lastGood(backups: readonly Backup[]): Backup | undefined {
  const newest = backups.toSorted((a, b) => b.time.getTime() - a.time.getTime());
  const sound = newest.filter((backup) => backup.size > 0 && backup.drill?.verdict !== 'disproved');
  return (
    sound.find((backup) => backup.drill?.verdict === 'proven') ??
    sound.find((backup) => backup.manifest) ??
    sound[0] ??
    newest[0]
  );
}

export type Survey = {
  /** Newest first. */
  backups: Backup[];
  /** Companions whose archive is not there, with the time in their name. */
  orphans: { name: string; time: Date }[];
};

/** The backups with their verdicts, and what lies there without an archive. */
export async function survey(store: Store, database: string, options: Options = {}): Promise<Survey> {
  const found = await readNames(store, database, options);
  const drilled = found.backups.filter((backup) => backup.drills.length > 0);
  for (let at = 0; at < drilled.length; at += AT_ONCE)
    await Promise.all(drilled.slice(at, at + AT_ONCE).map((backup) => readVerdict(store, backup, options)));
  return found;
}

/** Names hold the time, so the newest are the last: most are found without a list of all that was ever taken. */
async function newestBackup(store: Store, database: string, options: Options): Promise<Backup | undefined> {
  const after = backupName(database, new Date(Date.now() - RECENT_MS));
  const { backups } = await readNames(store, database, { ...options, after });
  return backups[0] ?? (await readNames(store, database, options)).backups[0];
}

async function ownBackup(store: Store, database: string, name: string, options: Options): Promise<Backup | undefined> {
  if (backupTime(database, name) === undefined) return undefined;
  const { backups } = await readNames(store, database, { ...options, prefix: name });
  return backups.find((backup) => backup.name === name);
}

/**
 * Reads names only, no verdicts. Objects that are nothing of this database's are passed over.
 * @param options.prefix only names that begin so
 * @param options.after only names that sort after this one
 */
async function readNames(
  store: Store,
  database: string,
  { prefix = `${database}_`, ...options }: Options & { prefix?: string; after?: string },
): Promise<Survey> {
  const backups = new Map<string, Backup>();
  const early: { name: string; backup: string; time: Date; kind: CompanionKind }[] = [];
  for await (const object of store.list(prefix, options)) {
    const described = describeName(database, object.name);
    if (described === undefined) continue;
    const { backup: owner, kind, time } = described;
    const backup = backups.get(owner);
    if (kind === 'archive') backups.set(object.name, newBackup(object.name, time, object.size));
    // A store lists by name, and an archive's name is the beginning of its companions': rarely is one of them earlier.
    else if (backup === undefined) early.push({ name: object.name, backup: owner, kind, time });
    else attach(backup, kind, object.name);
  }
  const orphans: Survey['orphans'] = [];
  for (const { name, backup: owner, kind, time } of early) {
    const backup = backups.get(owner);
    if (backup === undefined) orphans.push({ name, time });
    else attach(backup, kind, name);
  }
  return { backups: [...backups.values()].sort((a, b) => b.time.getTime() - a.time.getTime()), orphans };
}

function newBackup(name: string, time: Date, size: number): Backup {
  return { name, time, size, checksum: false, manifest: false, globals: false, drills: [] };
}

function attach(backup: Backup, kind: CompanionKind, name: string): void {
  if (kind === 'drill') backup.drills.push(name);
  else backup[kind] = true;
}

/** The verdict of one backup's newest drill that says one: by its name, or for names of before that, by reading the record. */
async function readVerdict(store: Store, backup: Backup, options: Options = {}): Promise<void> {
  for (const name of backup.drills.toReversed()) {
    const said = saidBy(name);
    if (said !== undefined) {
      backup.drill = said;
      return;
    }
    const text = await store.getText(name, { limit: RECORD_LIMIT, ...options }).catch((error: unknown) => {
      // Removed meanwhile, or no record at all: neither is a reason not to list the backup.
      if (error instanceof Failure && ['object-missing', 'object-too-large'].includes(error.code)) return '';
      throw error;
    });
    const record = parseDrillRecord(text);
    if (record === undefined) continue;
    backup.drill = record;
    return;
  }
}

function saidBy(name: string): DrillRecord | undefined {
  const [began, outcome] = [drillTime(name), drillOutcome(name)];
  if (began === undefined || outcome === undefined) return undefined;
  const { verdict, milliseconds } = outcome;
  const endedAt = new Date(began.getTime() + milliseconds).toISOString();
  return { schema: 1, verdict, endedAt, seconds: milliseconds / 1000 };
}

/** A person may name any object: an archive that was made by hand has a name of its own. */
async function otherBackup(store: Store, name: string, options: Options): Promise<Backup | undefined> {
  const object = name === '' ? undefined : await store.stat(name);
  if (object === undefined) return undefined;
  const names = new Set<string>();
  for await (const companion of store.list(`${name}.`, options)) names.add(companion.name.slice(name.length));
  return {
    name,
    time: object.modified,
    size: object.size,
    checksum: names.has('.sha256'),
    manifest: names.has('.manifest.json'),
    globals: names.has('.globals.sql'),
    drills: [],
  };
}

function nearest(name: string, backups: readonly Backup[]): string[] {
  const ranked = backups.map((backup) => ({ name: backup.name, far: distance(name, backup.name) }));
  return ranked
    .sort((a, b) => a.far - b.far)
    .slice(0, 3)
    .map((entry) => entry.name);
}
