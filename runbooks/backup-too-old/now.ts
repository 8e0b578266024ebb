/** Takes a backup now, and looks for itself whether the bucket has one that is young enough. */
import { listBackups } from '../../src/backup/catalogue.ts';
import { serverIsReachable, step } from '../../src/rehearsal/step.ts';
import { openStore } from '../../src/store/store.ts';

/** The alert fires above this age, in milliseconds. */
const TOO_OLD_MS = 25 * 3_600_000;

export default step(import.meta, {
  before: [serverIsReachable],
  async after({ parameters, settings, signal }) {
    const database = parameters.DATABASE ?? '';
    const [newest] = await listBackups(openStore(settings().store), database, { signal });
    if (newest === undefined) return `the bucket has no backup of ${database}`;
    return Date.now() - newest.time.getTime() > TOO_OLD_MS ? `the newest is still ${newest.name}` : undefined;
  },
});
