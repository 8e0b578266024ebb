/** Takes backups and keeps them as files, so that scenarios can put them into the store whole, altered or in part. */
import { join } from 'node:path';
import { takeBackup } from '../../backup/take.ts';
import type { Lab } from '../../lab/lab.ts';
import type { KeptBackup } from '../../lab/scenarios/scenario.ts';
import { type Report, silent } from '../../progress.ts';
import type { Settings } from '../../settings.ts';
import { openStore } from '../../store/store.ts';
import type { Kept } from './kept.ts';
import { fetchObject, objectFile } from './objects.ts';

/** Takes a backup and leaves it in the store. */
export async function takeKept(
  lab: Lab,
  settings: Settings,
  kept: Kept,
  options: { report?: Report; signal?: AbortSignal | undefined; folder?: string } = {},
): Promise<KeptBackup> {
  const { takeBackup: takeThere } = lab.toolbox;
  if (takeThere !== undefined) {
    // Its name holds its second, and the clock there is this one.
    while (Date.now() < kept.lastTaken + 1_000) await new Promise((resolve) => setTimeout(resolve, 50));
    const name = await takeThere(settings.postgres.database, options.signal);
    kept.lastTaken = Date.now();
    return keepBackup(settings, kept, name, options.folder);
  }
  kept.lastTaken = Math.max(Date.now(), kept.lastTaken + 1_000);
  const now = new Date(kept.lastTaken);
  const taken = await takeBackup(settings, {
    report: options.report ?? silent,
    signal: options.signal,
    now: () => now,
  });
  return keepBackup(settings, kept, taken.name, options.folder);
}

/** Copies a backup that is in the store. */
export async function keepBackup(settings: Settings, kept: Kept, name: string, folder?: string): Promise<KeptBackup> {
  const store = openStore(settings.store);
  const into = folder ?? join(kept.folder, 'objects');
  const objects: string[] = [];
  for await (const object of store.list(name)) {
    // Verdicts of drills are not part of the backup.
    if (object.name !== name && !/^\.(sha256|manifest\.json|globals\.sql)$/.test(object.name.slice(name.length)))
      continue;
    await fetchObject(
      store,
      object.name,
      folder === undefined ? objectFile(kept, object.name) : join(into, object.name),
    );
    objects.push(object.name);
  }
  return { name, folder: into, objects };
}
