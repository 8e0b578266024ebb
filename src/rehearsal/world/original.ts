/** Whether what production held when the reader began is still somewhere, whatever the reader was interrupted in. */

import { parseManifest } from '../../backup/manifest.ts';
import { MANIFEST } from '../../lab/scenarios/kept.ts';
import { compareContent } from '../../restore/proof.ts';
import { openStore } from '../../store/store.ts';
import { observe } from './observe.ts';
import type { World } from './types.ts';

export type Original = {
  exists: boolean;
  /** Where it was found, e.g. `database freshtrack_old`. */
  where: string[];
  /** One sentence, for a message. */
  reason: string;
};

/**
 * Looks for it in every database and in every backup with a manifest whose archive is there. Where there was no production
 * (`absent`), there is nothing to lose.
 */
export async function originalStillExists(world: World): Promise<Original> {
  const { original } = world.kept;
  if (original === undefined) return { exists: true, where: [], reason: 'there was no production database' };
  const isOriginal = (content: typeof original) =>
    compareContent(original, content, { without: new Set(['database']) }).length === 0;
  const { databases, objects } = await observe(world);
  const where = databases
    .filter(({ content }) => content !== undefined && isOriginal(content))
    .map(({ name }) => `database ${name}`);
  const store = openStore(world.settings.store);
  for (const { name } of objects ?? []) {
    const archive = objects?.find((object) => `${object.name}${MANIFEST}` === name);
    if (archive === undefined) continue;
    const manifest = parseManifest(await store.getText(name), name);
    if (archive.size === manifest.archive.bytes && isOriginal(manifest.content)) where.push(`backup ${archive.name}`);
  }
  const looked = `${databases.length} databases and ${objects?.length ?? 0} objects`;
  if (where.length === 0) return { exists: false, where, reason: `none of ${looked} holds it` };
  return { exists: true, where, reason: `it is in ${where.join(', ')}` };
}
