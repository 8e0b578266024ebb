import type { Suspicion } from '../backup/sizes.ts';
import { bytes } from './progress.ts';

/** One line for people, without its end. */
export function describeSuspicion({ name, size, median, earlier }: Suspicion): string {
  const share = Math.floor((size / median) * 100);
  const those = earlier === 1 ? 'the one before it' : `the median of the ${earlier} before it`;
  return `Suspiciously small: ${name} has ${bytes(size)}, ${share} % of ${those} (${bytes(median)}). Is everything still in the database?`;
}
