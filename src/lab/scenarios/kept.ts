/** Backups as files of this machine: put into the store under any name, whole, altered or in part. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import type { Store } from '../../store/store.ts';
import type { KeptBackup } from './scenario.ts';

/** What lies beside an archive, by the end of its name. */
export const CHECKSUM = '.sha256';
export const MANIFEST = '.manifest.json';

/** The part of a manifest that scenarios change; everything else is kept as it is. */
const ManifestHead = z.looseObject({
  createdAt: z.string(),
  archive: z.looseObject({ name: z.string(), bytes: z.number(), sha256: z.string() }),
});

export async function putFile(store: Store, name: string, file: string): Promise<void> {
  const upload = await store.upload(name);
  try {
    await pipeline(createReadStream(file), upload.stream);
    await upload.complete();
  } catch (error) {
    await upload.abort();
    throw error;
  }
}

/** Puts every object of a backup into the store, the archive last. */
export async function publish(store: Store, backup: KeptBackup): Promise<void> {
  const besides = backup.objects.filter((name) => name !== backup.name);
  for (const name of [...besides, backup.name]) await putFile(store, name, join(backup.folder, name));
}

/** Puts an archive under a name, with a checksum and a manifest (where the backup has one) that agree with its bytes. */
export async function publishArchive(
  store: Store,
  name: string,
  archive: Buffer,
  manifestOf: KeptBackup,
  folder: string,
  change: { createdAt?: string } = {},
): Promise<void> {
  const sha256 = sha256Of(archive);
  await store.putText(`${name}${CHECKSUM}`, checksumLine(sha256, name));
  const manifest = manifestOf.objects.find((object) => object.endsWith(MANIFEST));
  if (manifest !== undefined) {
    const head = ManifestHead.parse(JSON.parse(await readFile(join(manifestOf.folder, manifest), 'utf8')));
    const altered = { ...head, ...change, archive: { ...head.archive, name, bytes: archive.length, sha256 } };
    await store.putText(`${name}${MANIFEST}`, `${JSON.stringify(altered, null, 2)}\n`);
  }
  await putBytes(store, name, archive, folder);
}

export async function putBytes(store: Store, name: string, bytes: Buffer, folder: string): Promise<void> {
  const file = join(folder, `${name}.upload`);
  await writeFile(file, bytes);
  await putFile(store, name, file);
}

export function readArchive(backup: KeptBackup): Promise<Buffer> {
  return readFile(join(backup.folder, backup.name));
}

export function sha256Of(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** As sha256sum writes it and reads it. */
export function checksumLine(sha256: string, name: string): string {
  return `${sha256}  ${name}\n`;
}

/** The name that a backup of the same database would have at another time: `freshtrack_2026-11-22_02-00-00.sql.gz`. */
export function nameAt(name: string, time: Date): string {
  const stamp = time.toISOString().slice(0, 19).replace('T', '_').replaceAll(':', '-');
  return name.replace(STAMP, stamp);
}

/** The time in a backup's name, UTC. */
export function timeIn(name: string): Date {
  const [, date, time] = STAMP.exec(name) ?? [];
  return new Date(`${date}T${time?.replaceAll('-', ':')}Z`);
}

const STAMP = /(\d{4}-\d\d-\d\d)_(\d\d-\d\d-\d\d)/;
