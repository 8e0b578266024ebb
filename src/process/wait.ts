/** Waiting for a condition of something outside this process, of which nothing else tells us. */

/** How often the condition is looked at, in milliseconds. */
const INTERVAL_MS = 25;

/**
 * Waits until `condition` is true.
 * @param options.timeout milliseconds
 * @returns whether it became true in time
 * @throws the signal's reason when aborted, and what the condition throws
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  options: { timeout: number; signal?: AbortSignal | undefined },
): Promise<boolean> {
  const deadline = Date.now() + options.timeout;
  for (;;) {
    options.signal?.throwIfAborted();
    if (await condition()) return true;
    if (Date.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
  }
}
