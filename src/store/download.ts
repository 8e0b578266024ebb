/** A stored object as a file: one stream, hashed on the way, taken up where it ended when the connection drops. */
import { createHash } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { Failure } from '../failure.ts';
import type { Bucket } from './client.ts';
import { storeFailure } from './failures.ts';

export type DownloadOptions = {
  signal?: AbortSignal | undefined;
  /** Called as bytes arrive. */
  onProgress?: (done: number, total: number) => void;
};
export type Downloaded = { bytes: number; sha256: string };

/**
 * Writes a new file; it is removed when anything fails.
 * @throws Failure object-missing, object-changed, no-space; EEXIST as it is when the file exists
 */
export async function download(
  bucket: Bucket,
  name: string,
  file: string,
  options: DownloadOptions,
): Promise<Downloaded> {
  const handle = await open(file, 'wx', 0o600);
  let done = false;
  try {
    const result = await transfer(bucket, name, handle, options);
    done = true;
    return result;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && (cause.code === 'ENOSPC' || cause.code === 'EDQUOT'))
      throw new Failure('no-space', { file }, { cause });
    throw cause;
  } finally {
    await handle.close();
    if (!done) await rm(file, { force: true });
  }
}

async function transfer(
  bucket: Bucket,
  name: string,
  handle: FileHandle,
  options: DownloadOptions,
): Promise<Downloaded> {
  const hash = createHash('sha256');
  let written = 0;
  let etag: string | undefined;
  let total: number | undefined;
  while (total === undefined || written < total) {
    const before = written;
    const answer = await bucket.ask(() => request(bucket, name, written, etag), name);
    if (etag !== undefined && answer.headers.etag !== etag) throw new Failure('object-changed', { name });
    etag = answer.headers.etag;
    total ??= Number(answer.headers['content-length']);
    const fault = await copy(answer, async (chunk) => {
      await writeAll(handle, chunk);
      hash.update(chunk);
      written += chunk.length;
      options.onProgress?.(written, total ?? written);
    });
    options.signal?.throwIfAborted();
    if (fault !== undefined && isWriteFault(fault)) throw fault;
    if (total === 0) break;
    // Goes on after what arrived; a connection that brings nothing at all is not tried for ever.
    if (written === before) throw storeFailure(fault ?? new Error('it sends nothing'), bucket.settings, name);
  }
  await handle.sync();
  return { bytes: written, sha256: hash.digest('hex') };
}

/** From `offset` on, and only if the object is still the one that was begun. */
async function request(
  bucket: Bucket,
  name: string,
  offset: number,
  etag: string | undefined,
): Promise<IncomingMessage> {
  const headers = offset === 0 ? {} : { range: `bytes=${offset}-`, 'if-match': etag ?? '' };
  try {
    return await bucket.client.makeRequestAsync(
      { method: 'GET', bucketName: bucket.name, objectName: bucket.prefix + name, headers },
      '',
      [200, 206],
    );
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'PreconditionFailed')
      throw new Failure('object-changed', { name }, { cause });
    throw cause;
  }
}

async function writeAll(handle: FileHandle, chunk: Buffer): Promise<void> {
  for (let at = 0; at < chunk.length; ) at += (await handle.write(chunk, at)).bytesWritten;
}

/** Hands on what arrives and returns what ended it early. */
async function copy(answer: IncomingMessage, take: (chunk: Buffer) => Promise<void>): Promise<unknown> {
  try {
    for await (const chunk of answer) await take(chunk);
    return undefined;
  } catch (cause) {
    return cause;
  }
}

function isWriteFault(cause: unknown): boolean {
  return cause instanceof Error && 'syscall' in cause && cause.syscall === 'write';
}
