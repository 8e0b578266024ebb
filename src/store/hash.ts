/** The SHA-256 of a file that is being written in any order: its beginning is read as soon as it is complete. */
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { Range } from './range.ts';

/** So much is read at a time, in bytes. */
const PIECE = 1024 ** 2;

export type HashBehind = {
  /** These bytes lie in the file. */
  complete(range: Range): void;
  /** Waits for the last byte. Every range must be complete. @returns hexadecimal @throws what reading the file says */
  finish(): Promise<string>;
};

/** @param total bytes that the file will have */
export function hashBehind(handle: FileHandle, total: number): HashBehind {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafeSlow(Math.min(PIECE, Math.max(total, 1)));
  const ends = new Map<number, number>();
  let known = 0;
  let hashed = 0;
  let reading = Promise.resolve();

  const read = async () => {
    while (hashed < known) {
      const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, known - hashed), hashed);
      if (bytesRead === 0) throw new Error(`the file ends after ${hashed} bytes`);
      hash.update(buffer.subarray(0, bytesRead));
      hashed += bytesRead;
    }
  };
  return {
    complete({ from, to }) {
      ends.set(from, to);
      for (let end = ends.get(known); end !== undefined; end = ends.get(known)) {
        ends.delete(known);
        known = end;
      }
      reading = reading.then(read);
      reading.catch(() => {}); // told by finish()
    },
    async finish() {
      await reading;
      if (hashed !== total) throw new Error(`${hashed} of ${total} bytes were hashed`);
      return hash.digest('hex');
    },
  };
}
