import { Failure } from '../failure.ts';
import type { Bucket } from './client.ts';

/**
 * Removes objects, a thousand per request; one that is not there is no error.
 * @throws Failure store-auth when the key may not remove one of them
 */
export async function remove(bucket: Bucket, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  const faults = await bucket.ask(() =>
    bucket.client.removeObjects(
      bucket.name,
      names.map((name) => bucket.prefix + name),
    ),
  );
  // The answer of a batch holds only what could not be removed.
  const fault = faults.find((entry) => entry?.Error !== undefined)?.Error;
  if (fault === undefined) return;
  const reason = `"${fault.Key}" cannot be removed: ${fault.Message ?? fault.Code}`.replace(/\.$/, '');
  throw new Failure('store-auth', { endpoint: bucket.settings.endpoint.origin, reason });
}
