import { text } from 'node:stream/consumers';
import type { Bucket } from './client.ts';
import { missing } from './failures.ts';
import { checkName } from './names.ts';
import { element, elements } from './xml.ts';

export type StoredObject = {
  /** Without the store's prefix. */
  name: string;
  /** Bytes. */
  size: number;
  modified: Date;
};

/**
 * Objects whose name starts with `prefix`, in the order of their names; one page of 1,000 is held in memory. minio-js could ask
 * the same, but takes ten times as long to read the answer, and reads a name `007` as 7.
 * @param after only names that sort after this one
 */
export async function* list(bucket: Bucket, prefix: string, after = ''): AsyncGenerator<StoredObject> {
  checkName(bucket.prefix, prefix);
  const first: Record<string, string> = after === '' ? {} : { 'start-after': bucket.prefix + after };
  let where: Record<string, string> | undefined = first;
  while (where !== undefined) {
    const page = await askPage(bucket, { prefix: bucket.prefix + prefix, ...where });
    const decode = element(page, 'EncodingType') === 'url' ? urlDecoded : (name: string) => name;
    for (const entry of elements(page, 'Contents'))
      yield {
        name: decode(element(entry, 'Key') ?? '').slice(bucket.prefix.length),
        size: Number(element(entry, 'Size')),
        modified: new Date(element(entry, 'LastModified') ?? ''),
      };
    const token: string | undefined = element(page, 'NextContinuationToken');
    where = element(page, 'IsTruncated') === 'true' && token ? { 'continuation-token': token } : undefined;
  }
}

async function askPage(bucket: Bucket, what: Record<string, string>): Promise<string> {
  const parts = { 'list-type': '2', 'encoding-type': 'url', 'max-keys': '1000', ...what };
  // The signature is over the query in this order.
  const query = Object.entries(parts)
    .map(([name, value]) => `${name}=${encodeURIComponent(value).replace(/[!'()*]/g, hex)}`)
    .sort()
    .join('&');
  return bucket.ask(async () =>
    text(await bucket.client.makeRequestAsync({ method: 'GET', bucketName: bucket.name, query })),
  );
}

function hex(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

function urlDecoded(name: string): string {
  return decodeURIComponent(name.replaceAll('+', ' '));
}

/** Undefined when there is no such object. */
export async function stat(bucket: Bucket, name: string): Promise<StoredObject | undefined> {
  const found = await bucket.ask(async () => {
    try {
      return await bucket.client.statObject(bucket.name, bucket.prefix + name);
    } catch (cause) {
      if (missing(cause)) return undefined;
      throw cause;
    }
  }, name);
  return found && { name, size: found.size, modified: found.lastModified };
}
