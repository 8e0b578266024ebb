import { createHash } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { Failure } from '../failure.ts';
import type { Bucket } from './client.ts';
import { element, elements, escapeXml } from './xml.ts';

/** So many names are sent with one request; S3 takes no more. */
const BATCH = 1_000;

export type Removed = {
  /** Objects that the store would not remove, and why. All others are gone. */
  refused: { name: string; reason: string }[];
  /** The bucket keeps versions: so many objects were only hidden, and still fill the store. */
  hidden: number;
};

/**
 * Removes objects, a thousand per request; one that is not there is no error. What is refused does not keep the rest.
 * @throws Failure store-unreachable, store-auth when the key may remove nothing at all, bucket-missing
 */
export async function removeEach(bucket: Bucket, names: readonly string[]): Promise<Removed> {
  const removed: Removed = { refused: [], hidden: 0 };
  for (let at = 0; at < names.length; at += BATCH) {
    const answer = await removeBatch(bucket, names.slice(at, at + BATCH));
    for (const entry of elements(answer, 'Error')) {
      const name = (element(entry, 'Key') ?? '').slice(bucket.prefix.length);
      const reason = element(entry, 'Message') || element(entry, 'Code') || 'no reason given';
      removed.refused.push({ name, reason: reason.replace(/\.$/, '') });
    }
    for (const entry of elements(answer, 'Deleted')) if (element(entry, 'DeleteMarker') === 'true') removed.hidden++;
  }
  return removed;
}

/**
 * As `removeEach`, for objects that must go all.
 * @throws Failure store-auth when the store refuses one of them
 */
export async function remove(bucket: Bucket, names: readonly string[]): Promise<void> {
  const [fault] = (await removeEach(bucket, names)).refused;
  if (fault === undefined) return;
  const reason = `"${fault.name}" cannot be removed: ${fault.reason}`;
  throw new Failure('store-auth', { endpoint: bucket.settings.endpoint.origin, reason });
}

/** The answer says of each object what became of it. */
async function removeBatch(bucket: Bucket, names: readonly string[]): Promise<string> {
  const objects = names.map((name) => `<Object><Key>${escapeXml(bucket.prefix + name)}</Key></Object>`).join('');
  const body = Buffer.from(`<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${objects}</Delete>`);
  const headers = { 'content-md5': createHash('md5').update(body).digest('base64') };
  const request = { method: 'POST', bucketName: bucket.name, query: 'delete' };
  return bucket.ask(async () =>
    text(await bucket.client.makeRequestAsync({ ...request, headers: { ...headers } }, body)),
  );
}
