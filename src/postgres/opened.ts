/**
 * An archive as it is inside, whatever it was packed in. SQL is unpacked while it is read; what pg_restore reads must be a
 * file, so an archive that was compressed once more is unpacked beside itself.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { PassThrough, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress, type ZstdDecompress } from 'node:zlib';
import { Failure } from '../failure.ts';
import { type ArchiveHead, archiveHead, HEAD_BYTES, identifyArchive, type Packing } from './archive.ts';

export type OpenedArchive = AsyncDisposable & {
  /** For messages. */
  name: string;
  /** Of custom and tar archives what pg_restore reads; of SQL what was given. */
  file: string;
  head: ArchiveHead & { format: 'custom' | 'tar' | 'plain' };
  packing: Packing | undefined;
  /** Of `file`. */
  bytes: number;
  /** The SQL from its beginning; whoever reads it sees archive-damaged where it cannot be unpacked. */
  sql(signal?: AbortSignal): AsyncIterable<Buffer>;
};

/**
 * Disposing removes what was unpacked.
 * @throws Failure archive-unknown, archive-packed, archive-damaged, no-space; the signal's reason
 */
export async function openArchive(
  file: string,
  { name = file, signal }: { name?: string; signal?: AbortSignal | undefined } = {},
): Promise<OpenedArchive> {
  const { format, origin } = await identifyArchive(file, name);
  if (format !== 'gzip' && format !== 'zstd') return opened(name, file, { format, ...(origin && { origin }) });
  const inner = await headInside(file, format, name, signal);
  if (inner.format === 'gzip' || inner.format === 'zstd')
    throw new Failure('archive-unknown', {
      archive: name,
      reason: `is packed twice, in ${format} and ${inner.format}`,
    });
  const head = { ...inner, format: inner.format };
  if (head.format === 'plain') return opened(name, file, head, format);
  const unpacked = `${file}.unpacked`;
  try {
    await pipeline(unpack(file, format, name, signal), createWriteStream(unpacked, { mode: 0o600 }), {
      ...(signal && { signal }),
    });
  } catch (cause) {
    await rm(unpacked, { force: true });
    signal?.throwIfAborted();
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOSPC')
      throw new Failure('no-space', { file: `${name}, unpacked` }, { cause });
    throw cause;
  }
  return opened(name, unpacked, head, format, () => rm(unpacked, { force: true }));
}

async function opened(
  name: string,
  file: string,
  head: OpenedArchive['head'],
  packing?: Packing,
  dispose: () => Promise<void> = async () => {},
): Promise<OpenedArchive> {
  return {
    name,
    file,
    head,
    packing,
    bytes: (await stat(file)).size,
    sql: (signal) => unpack(file, packing, name, signal),
    [Symbol.asyncDispose]: dispose,
  };
}

async function headInside(
  file: string,
  packing: Packing,
  name: string,
  signal: AbortSignal | undefined,
): Promise<ArchiveHead> {
  let head = Buffer.alloc(0);
  for await (const chunk of unpack(file, packing, name, signal)) {
    head = Buffer.concat([head, chunk]);
    if (head.length >= HEAD_BYTES) break;
  }
  return archiveHead(head.subarray(0, HEAD_BYTES), name);
}

/** Leaving the iteration early ends the streams. */
async function* unpack(
  file: string,
  packing: Packing | undefined,
  name: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Buffer> {
  const { size } = await stat(file);
  let at = 0;
  do {
    const part = unpackerOf(packing);
    const source = createReadStream(file, { start: at, highWaterMark: 1 << 18 });
    const feeding = pipeline(source, part, { ...(signal && { signal }) });
    feeding.catch(() => {}); // whoever reads what is unpacked sees the same error
    try {
      yield* part;
    } catch (cause) {
      signal?.throwIfAborted();
      if (!(cause instanceof Error)) throw cause;
      throw new Failure('archive-damaged', { archive: name, message: cause.message }, { cause });
    } finally {
      source.destroy();
      part.destroy();
    }
    if (packing !== 'zstd') return;
    // Node's zstd stops at the end of a frame; an archive that was packed in pieces has several.
    // It is one: the packing says so.
    const { bytesWritten } = part as ZstdDecompress;
    if (bytesWritten === 0) return;
    at += bytesWritten;
  } while (at < size);
}

function unpackerOf(packing: Packing | undefined): Transform {
  if (packing === 'gzip') return createGunzip();
  return packing === 'zstd' ? createZstdDecompress() : new PassThrough();
}
