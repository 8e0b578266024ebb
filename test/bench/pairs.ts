/** Two ways of doing the same, one after the other, A B A B …: what both suffer from the machine falls out of the ratio. */
import type { Client } from '../../src/postgres/connection.ts';
import type { Report } from '../../src/progress.ts';
import type { Measured } from './measured.ts';

export type Way = { name: string; run(): Promise<Measured> };
export type Spread = { median: number; min: number; max: number };
export type Pairs = { ours: Measured[]; theirs: Measured[]; ratio: Spread };

type Options = { pairs: number; admin: Client; report: Report; signal: AbortSignal };

/** Each is run once unmeasured before, so that no first run pays for cold files. */
export async function inPairs(ours: Way, theirs: Way, options: Options): Promise<Pairs> {
  const { pairs, report } = options;
  const found: Pairs = { ours: [], theirs: [], ratio: spreadOf([]) };
  for (let pair = 0; pair <= pairs; pair++) {
    const which = pair === 0 ? 'warming up' : `pair ${pair} of ${pairs}`;
    const a = await one(ours, which, options);
    const b = await one(theirs, which, options);
    if (pair === 0) continue;
    found.ours.push(a);
    found.theirs.push(b);
    const ratio = (a.seconds / b.seconds).toFixed(2);
    report({ kind: 'note', text: `${which}: ${a.seconds.toFixed(2)} s to ${b.seconds.toFixed(2)} s, ratio ${ratio}` });
  }
  return { ...found, ratio: spreadOf(found.ours.map((a, i) => a.seconds / (found.theirs[i]?.seconds ?? Number.NaN))) };
}

/** What the run before has left in the server's memory is written out first. */
async function one(way: Way, which: string, { admin, report, signal }: Options): Promise<Measured> {
  signal.throwIfAborted();
  await admin.query('CHECKPOINT');
  report({ kind: 'stage', title: `${way.name}, ${which}` });
  return await way.run();
}

export function spreadOf(values: number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number) => sorted[index] ?? Number.NaN;
  const half = (sorted.length - 1) / 2;
  return { median: (at(Math.floor(half)) + at(Math.ceil(half))) / 2, min: at(0), max: at(sorted.length - 1) };
}
