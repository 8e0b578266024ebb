import { buffer, text } from 'node:stream/consumers';
import { Failure } from '../failure.ts';
import type { Bucket } from './client.ts';
import { codeOf, missing } from './failures.ts';
import { askRange } from './range.ts';

/** The greatest text that is read unless a caller says otherwise, in bytes. */
const LIMIT = 64 * 1024 ** 2;

/**
 * A small object as text. One that is greater than `limit` bytes is refused, whatever its stated size.
 * @throws Failure object-missing, object-too-large
 */
export async function getText(bucket: Bucket, name: string, limit: number = LIMIT): Promise<string> {
  return bucket.ask(async () => {
    const body = await bucket.client.getObject(bucket.name, bucket.prefix + name);
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of body) {
      size += chunk.length;
      if (size > limit) throw new Failure('object-too-large', { name, limit: String(limit) });
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  }, name);
}

/** The first bytes of an object, at most `limit`, and the size of the whole. @throws Failure object-missing */
export async function getHead(bucket: Bucket, name: string, limit: number): Promise<{ head: Buffer; size: number }> {
  return bucket.ask(async () => {
    const answer = await askRange(bucket, name, { from: 0, to: limit });
    if (answer === undefined) return { head: Buffer.alloc(0), size: 0 };
    // A store that does not know ranges would send everything.
    if (answer.range.to > limit) answer.body.on('error', () => {}).destroy();
    const head = answer.range.to > limit ? Buffer.alloc(0) : await buffer(answer.body);
    return { head, size: answer.total };
  }, name);
}

export async function putText(bucket: Bucket, name: string, content: string): Promise<void> {
  await bucket.ask(() => bucket.client.putObject(bucket.name, bucket.prefix + name, Buffer.from(content)), name);
}

/**
 * Puts a text only where no object has that name yet, and says whether it did. Of several who try at once one succeeds. (A
 * store that knows no conditional requests ignores the condition.)
 */
export async function claim(bucket: Bucket, name: string, content: string): Promise<boolean> {
  return conditionalPut(bucket, name, content, { 'if-none-match': '*' });
}

/** A small object's text with the tag (ETag) of just this content. */
export type Tagged = { text: string; tag: string };

/** Undefined when there is no such object. */
export async function getTagged(bucket: Bucket, name: string): Promise<Tagged | undefined> {
  const request = { method: 'GET', bucketName: bucket.name, objectName: bucket.prefix + name };
  return bucket.ask(async () => {
    try {
      const answer = await bucket.client.makeRequestAsync(request);
      return { text: await text(answer), tag: answer.headers.etag ?? '' };
    } catch (cause) {
      if (missing(cause)) return undefined;
      throw cause;
    }
  }, name);
}

/** Puts a text only where the object still is the one with that tag, and says whether it did. */
export async function replace(bucket: Bucket, name: string, content: string, tag: string): Promise<boolean> {
  return conditionalPut(bucket, name, content, { 'if-match': tag });
}

async function conditionalPut(
  bucket: Bucket,
  name: string,
  content: string,
  headers: Record<string, string>,
): Promise<boolean> {
  const request = { method: 'PUT', bucketName: bucket.name, objectName: bucket.prefix + name };
  return bucket.ask(async () => {
    try {
      // As bytes: of a text minio-js takes the number of characters for its length.
      const body = Buffer.from(content);
      await text(await bucket.client.makeRequestAsync({ ...request, headers: { ...headers } }, body));
      return true;
    } catch (cause) {
      // 412; 409 while another's request for the same name is under way; no object that could still be the same.
      if (['PreconditionFailed', 'ConditionalRequestConflict', 'NoSuchKey'].includes(codeOf(cause))) return false;
      throw cause;
    }
  }, name);
}
