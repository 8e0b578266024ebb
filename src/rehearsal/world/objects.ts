/** What is in the bucket, kept as files and put back as it was. */
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { putFile } from '../../lab/scenarios/kept.ts';
import type { Store } from '../../store/store.ts';
import type { Kept } from './kept.ts';

/** Copies every object below the store's prefix into the world's folder. */
export async function keepObjects(store: Store, kept: Kept): Promise<void> {
  for await (const { name, size, modified } of store.list('')) {
    await fetchObject(store, name, objectFile(kept, name));
    kept.objects.set(name, { size, modified: modified.getTime() });
  }
}

/** Removes what is new, puts back what is missing or was written since. */
export async function resetObjects(store: Store, kept: Kept): Promise<void> {
  const unchanged = new Set<string>();
  const added: string[] = [];
  for await (const { name, size, modified } of store.list('')) {
    const was = kept.objects.get(name);
    if (was === undefined) added.push(name);
    else if (was.size === size && was.modified === modified.getTime()) unchanged.add(name);
  }
  if (added.length > 0) await store.remove(added);
  const put = [...kept.objects.keys()].filter((name) => !unchanged.has(name));
  for (const name of put) await putFile(store, name, objectFile(kept, name));
  if (put.length === 0) return;
  // The list tells parts of a second that a single object's head does not.
  for await (const { name, size, modified } of store.list(''))
    if (kept.objects.has(name)) kept.objects.set(name, { size, modified: modified.getTime() });
}

export async function fetchObject(store: Store, name: string, file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await rm(file, { force: true });
  await store.download(name, file);
}

export function objectFile(kept: Pick<Kept, 'folder'>, name: string): string {
  return join(kept.folder, 'objects', name);
}
