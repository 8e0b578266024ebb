/**
 * A stored object as a file: several ranges at once, each written at its own place and taken up where it ended when its
 * connection drops. The SHA-256 is that of the file as it lies on the disk, read behind the ranges as they become complete.
 */
import { type FileHandle, open, rm } from 'node:fs/promises';
import { Failure } from '../failure.ts';
import { type Bucket, rest } from './client.ts';
import { storeFailure } from './failures.ts';
import { hashBehind } from './hash.ts';
import { askRange, type Range, receive } from './range.ts';
import { faultOf, pauseBefore } from './retry.ts';

export type DownloadOptions = {
  signal?: AbortSignal | undefined;
  /** Called as bytes arrive. */
  onProgress?: (done: number, total: number) => void;
};
export type Downloaded = { bytes: number; sha256: string };

/** Bytes of one range. */
export const RANGE = 16 * 1024 ** 2;
/** So many ranges are under way at once. */
const AT_ONCE = 4;

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
  const handle = await open(file, 'wx+', 0o600);
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

type Transfer = {
  bucket: Bucket;
  name: string;
  handle: FileHandle;
  /** Of the object that was begun. */
  etag: string;
  arrived(bytes: number): void;
};

async function transfer(
  bucket: Bucket,
  name: string,
  handle: FileHandle,
  { signal, onProgress }: DownloadOptions,
): Promise<Downloaded> {
  const first = await bucket.ask(() => askRange(bucket, name, { from: 0, to: RANGE }), name);
  if (first === undefined) return { bytes: 0, sha256: await hashBehind(handle, 0).finish() };
  const { total, etag } = first;
  const hash = hashBehind(handle, total);
  let bytes = 0;
  const arrived = (more: number) => {
    bytes += more;
    onProgress?.(bytes, total);
  };
  const work: Transfer = { bucket, name, handle, etag, arrived };
  const ranges = rangesOf(total, first.range);
  let next = 0;
  let failed: { cause: unknown } | undefined;
  const worker = async (answer?: Awaited<ReturnType<typeof askRange>>) => {
    for (let begun = answer; failed === undefined; begun = undefined) {
      const range = ranges[next++];
      if (range === undefined) return;
      try {
        await fetchRange(work, range, begun);
        hash.complete(range);
      } catch (cause) {
        failed ??= { cause };
      }
    }
  };
  await Promise.all([worker(first), ...Array.from({ length: AT_ONCE - 1 }, () => worker())]);
  signal?.throwIfAborted();
  if (failed !== undefined) throw failed.cause;
  const sha256 = await hash.finish();
  await handle.sync();
  return { bytes: total, sha256 };
}

/** A store that does not know ranges sends everything with its first answer: then that is the only one. */
function rangesOf(total: number, first: Range): Range[] {
  const ranges = [first];
  for (let from = first.to; from < total; from += RANGE) ranges.push({ from, to: Math.min(from + RANGE, total) });
  return ranges;
}

/** Goes on after what arrived; a connection that brings nothing, time after time, is given up. */
async function fetchRange(work: Transfer, range: Range, begun?: Awaited<ReturnType<typeof askRange>>): Promise<void> {
  const { bucket, name, etag } = work;
  let from = range.from;
  let answer = begun;
  for (let barren = 0; from < range.to; ) {
    answer ??= await bucket.ask(() => askRange(bucket, name, { from, to: range.to }, etag), name);
    if (answer === undefined || answer.etag !== etag || answer.range.from !== from)
      throw new Failure('object-changed', { name });
    const before = from;
    const fault = await receive(answer.body, work.handle, { from, to: range.to }, (bytes) => {
      from += bytes;
      work.arrived(bytes);
    });
    answer = undefined;
    bucket.signal?.throwIfAborted();
    if (from > before) barren = 0;
    else {
      const cause = fault ?? new Error('it sends nothing');
      const pause = pauseBefore(faultOf(cause), barren++);
      if (pause === undefined) throw storeFailure(cause, bucket.settings, name);
      await rest(pause, bucket.signal);
    }
  }
}
