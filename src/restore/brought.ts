/** A backup that was brought here, compared with its checksums and opened: what every restore for real begins with. */
import { tmpdir } from 'node:os';
import { type Backup, findBackup } from '../backup/catalogue.ts';
import type { Manifest } from '../backup/manifest.ts';
import { Failure } from '../failure.ts';
import { checkReadable } from '../postgres/archive.ts';
import { type OpenedArchive, openArchive } from '../postgres/opened.ts';
import { postgresPrograms } from '../postgres/programs.ts';
import type { Report } from '../progress.ts';
import type { Settings } from '../settings.ts';
import { openStore } from '../store/store.ts';
import { type Contents, readArchive } from './contents.ts';
import { compareWithChecksums, emptiness, fetchArchive, fetchManifest } from './fetch.ts';
import { workingFolder } from './folder.ts';
import { enoughDiskSpace } from './preflight.ts';

export type Brought = AsyncDisposable & {
  backup: Backup;
  /** Undefined where the backup has none: then nothing can prove what is restored. */
  manifest: Manifest | undefined;
  archive: OpenedArchive;
  contents: Contents;
};

/**
 * Finds a backup of the settings' database, downloads it and compares it with everything that was written down of it. Disposing
 * removes the file.
 * @param name the newest backup without it
 * @param server the version of the server that it is for, such as `15.18`
 * @throws Failure backup-unfit, backup-not-found, no-backups, manifest-unreadable, archive-*, no-space, folder-unusable and those of the store
 */
export async function bringBackup(
  settings: Settings,
  name: string | undefined,
  { server, report, signal }: { server: string; report: Report; signal: AbortSignal },
): Promise<Brought> {
  await using stack = new AsyncDisposableStack();
  const store = openStore(settings.store);
  report({ kind: 'stage', title: 'Finding the backup' });
  const backup = await findBackup(store, settings.postgres.database, name, { signal });
  const unfit = (reason: string) => new Failure('backup-unfit', { backup: backup.name, reason });
  const empty = emptiness(backup);
  if (empty !== undefined) throw unfit(empty);
  const manifest = await fetchManifest(store, backup, signal);
  const programs = await postgresPrograms();
  // Marked as a drill's: one that is killed leaves it to the next drill to be removed.
  const { path: folder } = stack.use(await workingFolder());
  if (!(await enoughDiskSpace(folder, backup.size)))
    throw new Failure('no-space', { file: `${backup.name} in ${tmpdir()}` });
  report({ kind: 'stage', title: `Downloading ${backup.name}` });
  const { file, ...downloaded } = await fetchArchive(store, backup, folder, { report, signal });
  const { faults } = await compareWithChecksums(store, backup, manifest, downloaded, signal);
  if (faults.length > 0) throw unfit(faults.join('; '));
  const archive = stack.use(await openArchive(file, { name: backup.name, signal }));
  checkReadable(archive.head, programs, server, backup.name);
  const contents = await readArchive(archive, programs, { complete: manifest === undefined, signal });
  const { database } = settings.postgres;
  const foreign = [manifest?.database, contents.database].find((origin) => origin !== undefined && origin !== database);
  if (foreign !== undefined) throw unfit(`it is a backup of database "${foreign}", not of "${database}"`);
  const held = stack.move();
  return { backup, manifest, archive, contents, [Symbol.asyncDispose]: () => held.disposeAsync() };
}
