/** A backup that is much smaller than those before it: the first thing that shows when half a database is gone. Pure. */
import type { Backup } from './catalogue.ts';

/** So many earlier backups are compared with, the newest: what shrank on purpose is usual after half of them. */
const EARLIER = 30;

export type Suspicion = {
  name: string;
  /** Bytes. */
  size: number;
  /** Of the earlier ones, in bytes. */
  median: number;
  /** How many earlier ones there are in that median. */
  earlier: number;
};

/**
 * The newest backup, if it is smaller than `percent` of the median of the earlier ones. Those that are empty, or that a drill
 * disproved, are none to compare with.
 * @param backups newest first
 */
export function suspiciouslySmall(backups: readonly Backup[], percent: number): Suspicion | undefined {
  const [newest, ...others] = backups;
  if (newest === undefined) return undefined;
  const sizes = others
    .filter((backup) => backup.size > 0 && backup.drill?.verdict !== 'disproved')
    .map(({ size }) => size);
  const median = medianOf(sizes.slice(0, EARLIER));
  if (median === undefined || newest.size >= (median * percent) / 100) return undefined;
  return { name: newest.name, size: newest.size, median, earlier: Math.min(sizes.length, EARLIER) };
}

function medianOf(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const half = (sorted.length - 1) / 2;
  const [low, high] = [sorted[Math.floor(half)], sorted[Math.ceil(half)]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}
