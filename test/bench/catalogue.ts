/** A bucket with very many backups: how long the commands take that read its list, and whether their memory grows. */

import { findBackup } from '../../src/backup/catalogue.ts';
import { backupName, companionName, drillName } from '../../src/backup/name.ts';
import { labUp } from '../../src/lab/up.ts';
import type { Report } from '../../src/progress.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { type Measured, measureDrillbook } from './measured.ts';

export type Options = { backups: number; report: Report; signal: AbortSignal };

/** One size of bucket. */
export type CatalogueFigures = {
  backups: number;
  objects: number;
  list: Measured;
  dryRun: Measured;
  /** Seconds to find the newest backup, without the start of a program. */
  newest: number;
};

const DATABASE = 'many';
/** What a backup consists of: archive, checksum, manifest, roles, the verdict of a drill. */
const OBJECTS = 5;
const AT_ONCE = 16;
const EVERY_MS = 3 * 3_600_000;
/** What the large bucket is compared with. */
const FEW = 100;

export async function measureCatalogue({ backups, report, signal }: Options) {
  await using lab = await labUp({ report, signal });
  const store = openStore(lab.settings.store);
  const env = { ...lab.environment('administrator'), POSTGRES_DB: DATABASE };
  const figures: CatalogueFigures[] = [];
  let filled = 0;
  for (const count of [Math.min(FEW, backups), backups]) {
    await fill(store, filled, count, report, signal);
    filled = count;
    report({ kind: 'stage', title: `Reading the list of ${count} backups` });
    const list = await median(() => measureDrillbook(['backups'], { env, signal }));
    const dryRun = await median(() => measureDrillbook(['prune', '--dry-run'], { env, signal }));
    const since = performance.now();
    await findBackup(store, DATABASE, undefined, { signal });
    const newest = (performance.now() - since) / 1000;
    figures.push({ backups: count, objects: count * OBJECTS, list, dryRun, newest });
  }
  return { versions: lab.versions, figures };
}

/** The one in the middle of three, by time. What it printed is no figure. */
async function median(run: () => Promise<Measured>): Promise<Measured> {
  const runs = [await run(), await run(), await run()].toSorted((a, b) => a.seconds - b.seconds);
  const [, middle] = runs;
  if (middle === undefined) throw new Error('three runs have a middle');
  return { ...middle, stdout: '' };
}

/** Backups from now backwards, one every three hours, numbered `from` to `to`. */
async function fill(store: Store, from: number, to: number, report: Report, signal: AbortSignal): Promise<void> {
  report({ kind: 'stage', title: `Filling a bucket with ${to} backups of ${OBJECTS} small objects each` });
  const now = Date.now();
  let next = from;
  const worker = async () => {
    while (next < to) {
      const number = next++;
      const time = new Date(now - number * EVERY_MS);
      const name = backupName(DATABASE, time);
      const manifest = JSON.stringify({ schema: 1, archive: { name, bytes: 5 } });
      await store.putText(name, 'PGDMP', { signal });
      await store.putText(companionName(name, 'checksum'), `${'0'.repeat(64)}  ${name}\n`, { signal });
      await store.putText(companionName(name, 'manifest'), manifest, { signal });
      await store.putText(companionName(name, 'globals'), '--\n', { signal });
      const record = drillName(name, time, { verdict: 'restorable', milliseconds: 12_345 });
      await store.putText(record, '{"schema":1}', { signal });
      report({ kind: 'amount', done: number + 1, total: to, unit: 'steps' });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
