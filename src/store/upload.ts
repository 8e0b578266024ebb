/**
 * A multipart upload whose completion is a separate, last act: until then nothing is visible under the name. Two buffers
 * of one part each, one filling while the other is sent: memory stays the same for any size.
 */
import { Writable } from 'node:stream';
import type { Settings } from '../settings.ts';
import { type Bucket, openClient } from './client.ts';
import { codeOf } from './failures.ts';
import { stat } from './list.ts';

const MIB = 1024 ** 2;
/** S3 takes none smaller, but for the last. */
const LEAST_PART = 5 * MIB;
/** S3 takes 10,000; a tenth is left for archives that grow beyond what was expected. */
const PARTS = 9_000;

export type UploadOptions = {
  signal?: AbortSignal | undefined;
  /** About how many bytes will come; decides the size of a part, of which two are held in memory. */
  expected?: number;
};

export type Upload = AsyncDisposable & {
  /** Names this upload on the server, for whoever has to abort it after a crash. */
  readonly id: string;
  /** Takes the bytes; back-pressure is the network's. */
  readonly stream: Writable;
  /** Bytes taken so far. */
  readonly bytes: number;
  /** Makes the object visible, all at once. `stream` must have been ended and finished. Not ended by the signal. */
  complete(): Promise<void>;
  /** Removes the parts. Safe to call at any time and more than once; after `complete()` it does nothing. */
  abort(): Promise<void>;
  /** As `abort()`. */
  [Symbol.asyncDispose](): Promise<void>;
};

type Part = { part: number; etag: string };

/** @throws Failure store-unreachable, store-auth, bucket-missing */
export async function startUpload(settings: Settings['store'], name: string, options: UploadOptions): Promise<Upload> {
  const partSize = partSizeFor(options.expected ?? 0);
  const stopping = new AbortController();
  const signals = options.signal === undefined ? [stopping.signal] : [stopping.signal, options.signal];
  const sending = openClient(settings, AbortSignal.any(signals));
  // What must happen also after an interruption goes through a client that it does not end.
  const settling = openClient(settings);
  const object = sending.prefix + name;
  const id = await begin(sending, name);
  const parts: Part[] = [];
  let inFlight: Promise<void> = Promise.resolve();
  let state: 'open' | 'complete' | 'aborted' = 'open';
  let bytes = 0;
  let filling = Buffer.allocUnsafeSlow(partSize);
  let spare = Buffer.allocUnsafeSlow(partSize);
  let filled = 0;

  /** Waits for the part before, then sends this one without waiting for it. */
  const send = async () => {
    await inFlight;
    const payload = filling.subarray(0, filled);
    [filling, spare] = [spare, filling];
    filled = 0;
    const part = parts.length + 1;
    const entry: Part = { part, etag: '' };
    parts.push(entry);
    inFlight = putPart(sending, { name, object, id, part }, payload).then((etag) => {
      entry.etag = etag;
    });
    inFlight.catch(() => {}); // the next write, or the end, reports it
  };
  const take = async (chunk: Buffer) => {
    for (let at = 0; at < chunk.length; ) {
      const count = chunk.copy(filling, filled, at);
      at += count;
      filled += count;
      bytes += count;
      if (filled === partSize) await send();
    }
  };
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => void take(chunk).then(() => done(), done),
    final: (done) => {
      const last = async () => {
        if (filled > 0 || parts.length === 0) await send();
        await inFlight;
      };
      last().then(() => done(), done);
    },
  });
  // Whoever waits for a write or for the end sees the error; without a listener it would end the process.
  stream.on('error', () => {});

  const abort = async () => {
    if (state !== 'open') return;
    state = 'aborted';
    stream.destroy();
    stopping.abort(new Error('the upload was aborted'));
    await inFlight.catch(() => {});
    await abortUpload(settling, name, id);
  };
  return {
    id,
    stream,
    get bytes() {
      return bytes;
    },
    async complete() {
      await completeUpload(settling, name, id, parts, bytes);
      state = 'complete';
    },
    abort,
    [Symbol.asyncDispose]: abort,
  };
}

/** An upload whose answer got lost is begun again, and what the first request began is removed: nobody else knows of it. */
async function begin(bucket: Bucket, name: string): Promise<string> {
  const object = bucket.prefix + name;
  let requests = 0;
  const id = await bucket.ask(() => {
    requests++;
    return bucket.client.initiateNewMultipartUpload(bucket.name, object, {});
  }, name);
  if (requests === 1) return id;
  const { uploads } = await bucket.ask(() => bucket.client.listIncompleteUploadsQuery(bucket.name, object, '', '', ''));
  for (const { key, uploadId } of uploads)
    if (key === object && uploadId !== id) await abortUpload(bucket, name, uploadId);
  return id;
}

/** Removes the parts of an upload; one that is gone already is no error. */
export async function abortUpload(bucket: Bucket, name: string, id: string): Promise<void> {
  await bucket.ask(async () => {
    try {
      await bucket.client.abortMultipartUpload(bucket.name, bucket.prefix + name, id);
    } catch (cause) {
      if (!['NoSuchUpload', 'NotFound', 'NoSuchKey'].includes(codeOf(cause))) throw cause;
    }
  }, name);
}

async function putPart(
  bucket: Bucket,
  upload: { name: string; object: string; id: string; part: number },
  payload: Buffer,
): Promise<string> {
  const { name, object: objectName, id: uploadID, part: partNumber } = upload;
  const config = { bucketName: bucket.name, objectName, uploadID, partNumber, headers: {} };
  return (await bucket.ask(() => bucket.client.uploadPart(config, payload), name)).etag;
}

/** When the answer got lost, the object itself tells whether it was completed. */
async function completeUpload(bucket: Bucket, name: string, id: string, parts: Part[], bytes: number): Promise<void> {
  await bucket.ask(async () => {
    try {
      await bucket.client.completeMultipartUpload(bucket.name, bucket.prefix + name, id, parts);
    } catch (cause) {
      if (codeOf(cause) !== 'NoSuchUpload' || (await stat(bucket, name))?.size !== bytes) throw cause;
    }
  }, name);
}

/** Bytes; parts of one size, because some stores demand it. */
export function partSizeFor(expected: number): number {
  return Math.max(LEAST_PART, Math.ceil(expected / PARTS / MIB) * MIB);
}
