/**
 * One pass of the dump: each piece is hashed, uploaded and read back by pg_restore before the next one is taken. The slowest of
 * the three sets the pace, and memory stays the same for any size.
 */
import { createHash } from 'node:crypto';
import type { Writable } from 'node:stream';
import { Failure } from '../failure.ts';
import { dumpFailure } from '../postgres/dump.ts';
import { readToEnd } from '../postgres/verify.ts';
import { lastLines, type Running } from '../process.ts';
import type { Settings } from '../settings.ts';

export type Streamed = { bytes: number; sha256: string };

/**
 * Ends when the whole archive lies in the store's parts and was read to its end. Nothing is visible yet.
 * @throws Failure dump-failed, archive-damaged, store-unreachable, store-auth, store-full
 */
export async function streamArchive(
  settings: Settings['postgres'],
  pipes: { dump: Running; reader: Running; upload: Writable },
  onProgress: (bytes: number) => void,
): Promise<Streamed> {
  const { dump, reader, upload } = pipes;
  const name = `The dump of database "${settings.database}"`;
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of dump.stdout) {
    hash.update(chunk);
    bytes += chunk.length;
    await Promise.all([write(upload, chunk), read(reader, chunk, name)]);
    onProgress(bytes);
  }
  const { status, stderr } = await dump.ended;
  if (status !== 0) throw dumpFailure(settings, stderr);
  await Promise.all([end(upload), readToEnd(reader, name)]);
  return { bytes, sha256: hash.digest('hex') };
}

/** A reader that has seen enough may close its end; one that failed ends the backup at once. */
async function read(reader: Running, chunk: Buffer, name: string): Promise<void> {
  try {
    await write(reader.stdin, chunk);
  } catch {
    const { status, stderr } = await reader.ended;
    if (status !== 0) throw new Failure('archive-damaged', { archive: name, message: lastLines(stderr) });
  }
}

function write(target: Writable, chunk: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    target.write(chunk, (error) => (error ? reject(target.errored ?? error) : resolve()));
  });
}

function end(target: Writable): Promise<void> {
  return new Promise((resolve, reject) => {
    // A stream that failed before calls back without its error.
    target.end((error?: Error | null) => (error ? reject(target.errored ?? error) : resolve()));
  });
}
