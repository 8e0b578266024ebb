/** One range of an object: asked for, and written where it belongs. */
import type { FileHandle } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { Failure } from '../failure.ts';
import type { Bucket } from './client.ts';
import { codeOf } from './failures.ts';

/** Bytes of an object, `to` excluded. */
export type Range = { from: number; to: number };
export type RangeAnswer = {
  body: IncomingMessage;
  /** What the answer holds, which may be less than was asked for, or all when the store does not know ranges. */
  range: Range;
  /** Bytes of the whole object. */
  total: number;
  etag: string;
};

/**
 * Only if the object still is the one with that tag, where one is given.
 * @returns undefined when the object ends before the range
 * @throws Failure object-changed
 */
export async function askRange(
  bucket: Bucket,
  name: string,
  { from, to }: Range,
  etag?: string,
): Promise<RangeAnswer | undefined> {
  const headers = { range: `bytes=${from}-${to - 1}`, ...(etag ? { 'if-match': etag } : {}) };
  try {
    const body = await bucket.client.makeRequestAsync(
      { method: 'GET', bucketName: bucket.name, objectName: bucket.prefix + name, headers },
      '',
      [200, 206],
    );
    return { body, ...extentOf(body), etag: body.headers.etag ?? '' };
  } catch (cause) {
    if (codeOf(cause) === 'InvalidRange') return undefined;
    if (codeOf(cause) === 'PreconditionFailed') throw new Failure('object-changed', { name }, { cause });
    throw cause;
  }
}

function extentOf({ headers }: IncomingMessage): { range: Range; total: number } {
  const [, from, last, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers['content-range'] ?? '') ?? [];
  if (total !== undefined) return { range: { from: Number(from), to: Number(last) + 1 }, total: Number(total) };
  const length = Number(headers['content-length']);
  return { range: { from: 0, to: length }, total: length };
}

/**
 * Writes what arrives, and returns what ended it early, if anything did. Bytes beyond the range are not taken.
 * @throws what the file system says, e.g. ENOSPC
 */
export async function receive(
  body: IncomingMessage,
  handle: FileHandle,
  range: Range,
  arrived: (bytes: number) => void,
): Promise<unknown> {
  let at = range.from;
  let unwritten: { cause: unknown } | undefined;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      const piece = chunk.subarray(0, range.to - at);
      try {
        await writeAll(handle, piece, at);
      } catch (cause) {
        unwritten = { cause };
        break; // and the connection is closed
      }
      at += piece.length;
      arrived(piece.length);
    }
  } catch (cause) {
    return cause;
  }
  if (unwritten !== undefined) throw unwritten.cause;
  return undefined;
}

async function writeAll(handle: FileHandle, piece: Buffer, position: number): Promise<void> {
  for (let done = 0; done < piece.length; )
    done += (await handle.write(piece, done, piece.length - done, position + done)).bytesWritten;
}
