/**
 * Reads an archive to its end. The table of contents alone says nothing: a cut archive lists all its tables and exits 0.
 * pg_restore itself hangs on some cut tar archives and accepts others, and a cut plain dump restores without an error: so
 * those are judged by how they end, and every program has a time limit that follows from the size.
 */
import { createReadStream, statSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { Failure } from '../failure.ts';
import { lastLines, type Running, stream } from '../process.ts';
import { type ArchiveHead, archiveHead, checkReadable, HEAD_BYTES, identifyArchive } from './archive.ts';
import type { PostgresPrograms } from './programs.ts';

export type VerifyOptions = { name?: string; signal?: AbortSignal | undefined };

/** The closing line of what pg_dump and pg_dumpall write as SQL; `\unrestrict` may follow it. */
const CLOSING = /^-- PostgreSQL database (cluster )?dump complete/m;
const TAIL_BYTES = 4_096;

/**
 * Reads a file completely and returns what it is.
 * @throws Failure archive-unknown, archive-newer, archive-damaged, program-timeout
 */
export async function verifyArchive(
  file: string,
  programs: PostgresPrograms,
  options: VerifyOptions = {},
): Promise<ArchiveHead> {
  const name = options.name ?? file;
  const head = await identifyArchive(file, name);
  checkReadable(head, programs);
  if (head.format === 'plain') await verifyText(createReadStream(file), name, options.signal);
  else if (head.format === 'gzip') await verifyGzip(file, programs, name, options.signal);
  else {
    const { size } = await stat(file);
    if (head.format === 'tar') await verifyTarEnd(file, size, name);
    const reader = await startReading(programs, { file, bytes: size, signal: options.signal });
    await readToEnd(reader, name);
  }
  return head;
}

/**
 * Starts pg_restore reading a custom archive, from a file or from its standard input, and discarding what it makes of it.
 * `bytes` bounds the time that may take; without it there is no limit.
 */
export function startReading(
  programs: PostgresPrograms,
  source: { file?: string; bytes?: number; signal?: AbortSignal | undefined },
): Promise<Running> {
  const args = ['--file=/dev/null', ...(source.file === undefined ? [] : [source.file])];
  return stream(join(programs.bin, 'pg_restore'), args, {
    ...(source.bytes === undefined ? {} : { timeout: timeLimit(source.bytes) }),
    ...(source.signal === undefined ? {} : { signal: source.signal }),
  });
}

/** Waits for a reader whose input has ended. @throws Failure archive-damaged */
export async function readToEnd(reader: Running, name: string): Promise<void> {
  reader.stdin.end();
  reader.stdout.resume();
  const { status, stderr } = await reader.ended;
  if (status !== 0) throw new Failure('archive-damaged', { archive: name, message: lastLines(stderr) });
}

/** Milliseconds: a minute, and a second for every 2 MB. */
function timeLimit(bytes: number): number {
  return 60_000 + bytes / 2_000;
}

/** Inside may be SQL, or an archive that somebody compressed once more. */
async function verifyGzip(
  file: string,
  programs: PostgresPrograms,
  name: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const unpacked = createGunzip();
  const source = createReadStream(file);
  const feeding = pipeline(source, unpacked, signal === undefined ? {} : { signal });
  feeding.catch(() => {}); // the reader of `unpacked` sees the same error
  try {
    const inner = await peek(unpacked, name);
    checkReadable(inner, programs);
    if (inner.format === 'plain') return await verifyText(unpacked, name, signal);
    if (inner.format === 'gzip') throw new Failure('archive-unknown', { archive: name, reason: 'is gzip’d twice' });
    // Packed once more, an archive is about as large as it was.
    const reader = await startReading(programs, { bytes: statSync(file).size, signal });
    try {
      await pipeline(unpacked, reader.stdin);
      await readToEnd(reader, name);
    } finally {
      await reader.kill();
    }
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof Failure || !(cause instanceof Error)) throw cause;
    throw new Failure('archive-damaged', { archive: name, message: cause.message }, { cause });
  } finally {
    source.destroy();
    unpacked.destroy();
  }
}

/** The first bytes of a stream, which are put back. */
async function peek(source: Readable, name: string): Promise<ArchiveHead> {
  let head = Buffer.alloc(0);
  while (head.length < HEAD_BYTES) {
    const chunk: Buffer | null = source.read();
    if (chunk !== null) head = Buffer.concat([head, chunk]);
    else if (source.readableEnded || source.destroyed) break;
    else if (!(await more(source))) break;
  }
  if (head.length > 0) source.unshift(head);
  return archiveHead(head.subarray(0, HEAD_BYTES), name);
}

function more(source: Readable): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => () => {
      source.off('readable', readable).off('end', ended).off('error', failed);
      act();
    };
    const readable = settle(() => resolve(true));
    const ended = settle(() => resolve(false));
    const failed = (error: Error) => settle(() => reject(error))();
    source.once('readable', readable).once('end', ended).once('error', failed);
  });
}

async function verifyText(source: Readable, name: string, signal: AbortSignal | undefined): Promise<void> {
  let tail = Buffer.alloc(0);
  for await (const chunk of source) {
    signal?.throwIfAborted();
    tail = Buffer.concat([tail, chunk]).subarray(-TAIL_BYTES);
  }
  if (CLOSING.test(tail.toString('utf8'))) return;
  throw new Failure('archive-damaged', { archive: name, message: 'the closing line of the dump is missing' });
}

/** A tar archive ends with two blocks of zeros. */
async function verifyTarEnd(file: string, size: number, name: string): Promise<void> {
  await using handle = await open(file, 'r');
  const length = 1_024;
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, Math.max(0, size - length));
  if (bytesRead === length && buffer.every((byte) => byte === 0)) return;
  throw new Failure('archive-damaged', { archive: name, message: 'the end of the tar archive is missing' });
}
