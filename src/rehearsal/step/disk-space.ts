/** The working folder has room for what a step puts into it. */
import { openStore } from '../../store/store.ts';
import type { Check } from './definition.ts';

/** For what lies beside a backup, and for a page that downloads none, in bytes. */
const BESIDE = 16 * 1024 ** 2;

/** Room for the whole backup, also where an earlier download lies there: it is replaced only when the new one is complete. */
export const enoughDiskSpace: Check = {
  title: 'the working folder has room for the backup',
  async reason({ place, parameters: { BACKUP }, settings }) {
    const stored = BACKUP === undefined ? undefined : await openStore(settings().store).stat(BACKUP);
    if (BACKUP !== undefined && stored === undefined) return `the store has no ${BACKUP}`;
    const needed = (stored?.size ?? 0) + BESIDE;
    const free = await place.free();
    if (free >= needed) return undefined;
    return `${bytes(free)} are free in this folder, and ${BACKUP ?? 'this step'} needs ${bytes(needed)}`;
  },
};

function bytes(count: number): string {
  return `${count.toLocaleString('en')} bytes`;
}
