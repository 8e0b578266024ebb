import { text } from 'node:stream/consumers';
import type { Bucket } from './client.ts';
import { element } from './xml.ts';

/** Does the bucket keep what is removed? Undefined when this key may not ask, or the store does not know. */
export async function keepsVersions(bucket: Bucket): Promise<boolean | undefined> {
  try {
    const request = { method: 'GET', bucketName: bucket.name, query: 'versioning' };
    const answer = await bucket.ask(async () => text(await bucket.client.makeRequestAsync(request)));
    return element(answer, 'Status') === 'Enabled';
  } catch {
    bucket.signal?.throwIfAborted();
    return undefined;
  }
}
