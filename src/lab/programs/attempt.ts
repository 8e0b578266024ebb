/** One of several ways to provide a program. */
import { Failure } from '../../failure.ts';
import type { ProvideOptions } from './provide.ts';

/**
 * Goes one way. When it leads nowhere that is told, and the next may be tried.
 * @returns whether it worked
 * @throws what is no Failure, and the signal's reason when aborted
 */
export async function attempt(way: () => Promise<unknown>, options: ProvideOptions): Promise<boolean> {
  try {
    await way();
    return true;
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!(error instanceof Failure)) throw error;
    options.report({ kind: 'note', text: `That did not work: ${error.message}` });
    return false;
  }
}
