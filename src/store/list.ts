import type { Bucket } from './client.ts';
import { missing } from './failures.ts';
import { checkName } from './names.ts';

export type StoredObject = {
  /** Without the store's prefix. */
  name: string;
  /** Bytes. */
  size: number;
  modified: Date;
};

/**
 * Objects whose name starts with `prefix`, in the order of their names; one page of 1,000 is held in memory. A name that is
 * nothing but a number is reported wrongly (minio-js reads `007` as 7): no name of ours is one.
 */
export async function* list(bucket: Bucket, prefix: string): AsyncGenerator<StoredObject> {
  let next = '';
  checkName(bucket.prefix, prefix);
  do {
    const page = await bucket.ask(() =>
      bucket.client.listObjectsV2Query(bucket.name, bucket.prefix + prefix, next, '', 1_000, ''),
    );
    for (const { name, size, lastModified } of page.objects)
      if (name !== undefined && lastModified !== undefined)
        yield { name: name.slice(bucket.prefix.length), size, modified: lastModified };
    next = page.isTruncated ? page.nextContinuationToken : '';
  } while (next !== '');
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
