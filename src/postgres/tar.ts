/**
 * The structure of a tar archive, checked from one header to the next: pg_restore hangs on some that were cut and accepts
 * others. What lies between the headers has no checksum.
 */
import { type FileHandle, open } from 'node:fs/promises';

const BLOCK = 512;
/** Where a header has its name, its size, its checksum and its type. */
const FIELDS = { name: [0, 100], size: [124, 136], sum: [148, 156], type: [156, 157] } as const;

/** Why a file is no whole tar archive of pg_dump; undefined when it is one. */
export async function tarFault(file: string): Promise<string | undefined> {
  await using handle = await open(file, 'r');
  const { size } = await handle.stat();
  const names = new Set<string>();
  let at = 0;
  for (;;) {
    const header = await block(handle, at);
    if (header.length < BLOCK) return 'the end of the tar archive is missing';
    if (header.every((byte) => byte === 0)) break;
    const fault = headerFault(header);
    if (fault !== undefined) return `the tar header at byte ${at} ${fault}`;
    const name = text(header, FIELDS.name);
    if (names.has(name)) return `the tar archive holds ${name} twice`;
    names.add(name);
    const length = sizeOf(header);
    const next = at + BLOCK + Math.ceil(length / BLOCK) * BLOCK;
    if (next > size) return `the tar archive ends within ${name}`;
    at = next;
  }
  const second = await block(handle, at + BLOCK);
  if (second.length < BLOCK || second.some((byte) => byte !== 0)) return 'the end of the tar archive is missing';
  if (!names.has('toc.dat')) return 'the tar archive has no table of contents';
  return undefined;
}

async function block(handle: FileHandle, at: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(BLOCK), 0, BLOCK, at);
  return buffer.subarray(0, bytesRead);
}

function headerFault(header: Buffer): string | undefined {
  const [from, to] = FIELDS.sum;
  const stated = Number.parseInt(text(header, FIELDS.sum), 8);
  const sum = header.reduce((all, byte, i) => all + (i >= from && i < to ? 0x20 : byte), 0);
  if (stated !== sum) return 'has a wrong checksum';
  if (!Number.isSafeInteger(sizeOf(header))) return 'has no size';
  return undefined;
}

/** In octal digits, or from 8 GB on as a number after the byte 0x80. */
function sizeOf(header: Buffer): number {
  const [from, to] = FIELDS.size;
  if (header[from] === 0x80) return Number(header.readBigUInt64BE(to - 8));
  return Number.parseInt(text(header, FIELDS.size), 8);
}

function text(header: Buffer, [from, to]: readonly [number, number]): string {
  return header
    .toString('latin1', from, to)
    .replace(/\0[\s\S]*$/, '')
    .trim();
}
