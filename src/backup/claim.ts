/**
 * A backup that is being taken holds its name with a small object, `.drillbook/taking/<backup>.json`: of several that start
 * in one second each gets a name of its own, and what a killed run left behind can be found and removed.
 */
import { z } from 'zod';
import { Failure } from '../failure.ts';
import type { Store } from '../store/store.ts';
import { backupName, backupTime, companionName } from './name.ts';

const FOLDER = '.drillbook/taking/';
/** A claim of this age belongs to a run that was killed: no backup that is taken daily takes a day. Milliseconds. */
const STALE_MS = 86_400_000;
/** So many names, one per second, are tried. */
const TRIES = 60;

const claimRecord = z.object({ upload: z.string().optional() });

/** The objects that a run puts before its archive becomes visible. */
export function madeBeforeArchive(name: string): string[] {
  return (['checksum', 'manifest', 'globals'] as const).map((kind) => companionName(name, kind));
}

/**
 * Claims the first free name from `time` on, a second further for each that is taken.
 * @throws Failure backup-name-taken, store-unreachable, store-auth, bucket-missing
 */
export async function claimName(store: Store, database: string, time: Date, signal?: AbortSignal): Promise<string> {
  for (let second = 0; second < TRIES; second++) {
    const name = backupName(database, new Date(time.getTime() + second * 1000));
    if (!(await store.claim(claimObject(name), JSON.stringify({}), { signal }))) continue;
    // The claim is held from here on: an archive that is there now was finished before, and nobody adds one later.
    const free = await existing(store, name, signal).then(
      (names) => names.length === 0,
      async (error: unknown) => {
        await releaseName(store, name).catch(() => {}); // the first error is the one worth reading
        throw error;
      },
    );
    if (free) return name;
    await releaseName(store, name);
  }
  throw new Failure('backup-name-taken', { name: backupName(database, time) });
}

/** Remembers which upload belongs to a claimed name, so that its parts can be removed after a crash. */
export async function noteUpload(store: Store, name: string, upload: string, signal?: AbortSignal): Promise<void> {
  await store.putText(claimObject(name), JSON.stringify({ upload }), { signal });
}

export async function releaseName(store: Store, name: string): Promise<void> {
  await store.remove([claimObject(name)]);
}

/**
 * Removes what a run of this name put into the store, if its archive never became visible.
 * @returns whether the archive is there, and everything was therefore left alone
 */
export async function removeUnfinished(store: Store, name: string): Promise<boolean> {
  if ((await store.stat(name)) !== undefined) return true;
  await store.remove(madeBeforeArchive(name));
  return false;
}

/** Clears away the runs of this database that were killed at least a day ago, and returns their names. */
export async function removeStale(store: Store, database: string, now: Date, signal?: AbortSignal): Promise<string[]> {
  const removed: string[] = [];
  for await (const object of store.list(`${FOLDER}${database}_`, { signal })) {
    const name = object.name.slice(FOLDER.length, -'.json'.length);
    if (backupTime(database, name) === undefined || now.getTime() - object.modified.getTime() < STALE_MS) continue;
    const upload = uploadIn(await textOrEmpty(store, object.name, signal));
    if (upload !== undefined) await store.abortUpload(name, upload);
    await removeUnfinished(store, name);
    await releaseName(store, name);
    removed.push(name);
  }
  return removed;
}

function claimObject(name: string): string {
  return `${FOLDER}${name}.json`;
}

/** Another run may have cleared the same claim away in the meantime. */
async function textOrEmpty(store: Store, name: string, signal: AbortSignal | undefined): Promise<string> {
  try {
    return await store.getText(name, { limit: 65_536, signal });
  } catch (error) {
    if (error instanceof Failure && error.code === 'object-missing') return '';
    throw error;
  }
}

function uploadIn(text: string): string | undefined {
  try {
    return claimRecord.safeParse(JSON.parse(text)).data?.upload;
  } catch {
    return undefined;
  }
}

/** Whatever has this name or begins with it: nothing that is there is ever written over. */
async function existing(store: Store, name: string, signal: AbortSignal | undefined): Promise<string[]> {
  const names: string[] = [];
  for await (const object of store.list(name, { signal })) names.push(object.name);
  return names;
}
