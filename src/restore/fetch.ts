/** Brings a backup into a local folder and compares it with what was written down when it was taken. */
import { join } from 'node:path';
import type { Backup } from '../backup/catalogue.ts';
import { type Manifest, parseManifest } from '../backup/manifest.ts';
import { companionName } from '../backup/name.ts';
import { Failure } from '../failure.ts';
import type { Report } from '../progress.ts';
import type { Downloaded, Store } from '../store/store.ts';

type Options = { report: Report; signal: AbortSignal };

/** Undefined when the backup has none. @throws Failure manifest-unreadable */
export async function fetchManifest(store: Store, backup: Backup, signal: AbortSignal): Promise<Manifest | undefined> {
  if (!backup.manifest) return undefined;
  const name = companionName(backup.name, 'manifest');
  // A schema of thousands of tables fills some megabytes.
  return parseManifest(await store.getText(name, { limit: 512 * 1024 ** 2, signal }), name);
}

/** What became of a manifest; `reason` without its full stop. */
export type ManifestRead =
  | { state: 'read'; manifest: Manifest }
  | { state: 'absent' }
  | { state: 'unreadable'; reason: string };

/** As `fetchManifest`; a manifest that cannot be read is no reason not to drill: it says nothing about the archive. */
export async function readManifest(store: Store, backup: Backup, signal: AbortSignal): Promise<ManifestRead> {
  try {
    const manifest = await fetchManifest(store, backup, signal);
    return manifest === undefined ? { state: 'absent' } : { state: 'read', manifest };
  } catch (error) {
    if (!(error instanceof Failure) || !['manifest-unreadable', 'object-too-large'].includes(error.code)) throw error;
    return { state: 'unreadable', reason: error.message.replace(/^The manifest "[^"]*" cannot be read: |\.$/g, '') };
  }
}

/** Downloads into `folder`, which must be private and empty. */
export async function fetchArchive(
  store: Store,
  backup: Backup,
  folder: string,
  { report, signal }: Options,
): Promise<Downloaded & { file: string }> {
  const file = join(folder, 'archive');
  const onProgress = (done: number, total: number) => report({ kind: 'amount', done, total, unit: 'bytes' });
  return { file, ...(await store.download(backup.name, file, { signal, onProgress })) };
}

/**
 * Why these bytes are not the backup that was taken, each a sentence without its full stop; and what they were compared with.
 * A checksum that names another file proves nothing about this one.
 */
export async function compareWithChecksums(
  store: Store,
  backup: Backup,
  manifest: Manifest | undefined,
  downloaded: Downloaded,
  signal: AbortSignal,
): Promise<{ faults: string[]; compared: string[] }> {
  const faults: string[] = [];
  const compared: string[] = [];
  if (manifest !== undefined) {
    if (manifest.archive.bytes !== downloaded.bytes)
      faults.push(`the archive has ${downloaded.bytes} bytes, its manifest says ${manifest.archive.bytes}`);
    if (manifest.archive.sha256 !== downloaded.sha256)
      faults.push(`the archive's SHA-256 differs from the one in its manifest`);
    if (manifest.archive.name !== backup.name) faults.push(`its manifest belongs to ${manifest.archive.name}`);
    compared.push('size and SHA-256 of the archive with its manifest');
  }
  if (backup.checksum) {
    const name = companionName(backup.name, 'checksum');
    const text = await store.getText(name, { limit: 1_000_000, signal });
    const sums = checksumsIn(text);
    const own = sums.find(({ file }) => file === backup.name);
    if (sums[0] === undefined) faults.push(`${name} is no checksum`);
    else if (own === undefined) faults.push(`${name} is the checksum of another file, ${sums[0].file}`);
    else if (own.sum !== downloaded.sha256) faults.push(`the archive's SHA-256 differs from the one in ${name}`);
    compared.push('SHA-256 of the archive with its checksum file');
  }
  return { faults, compared };
}

/** Lines of `sha256sum`, also as other programs and editors write them: in capitals, with Windows line ends, in a list. Pure. */
function checksumsIn(text: string): { sum: string; file: string }[] {
  const lines = text.replace(/^\uFEFF/, '').matchAll(/^([0-9a-f]{64}) [ *](?:\.\/)?(.+?)\r?$/gim);
  return [...lines].map(([, sum = '', file = '']) => ({ sum: sum.toLowerCase(), file }));
}

/** A backup of nothing, or none at all. @throws Failure object-missing when it was removed meanwhile */
export function emptiness(backup: Backup): string | undefined {
  return backup.size === 0 ? 'the archive is empty (0 bytes)' : undefined;
}

/** What a Failure says that speaks of the backup itself; others are thrown on. */
export function aboutTheBackup(error: unknown): string {
  if (error instanceof Failure && error.exit === 1 && error.code.startsWith('archive-'))
    return error.message.replace(/\.$/, '');
  throw error;
}
