/**
 * What an archive is, told by its first bytes and never by its name: old backups are called `.sql.gz` and are custom-format
 * archives. A custom or tar archive also says who made it.
 */
import { open } from 'node:fs/promises';
import { Failure } from '../failure.ts';
import { majorOf, type PostgresPrograms } from './programs.ts';

export type ArchiveFormat = 'custom' | 'tar' | 'gzip' | 'plain';

export type ArchiveHead = {
  format: ArchiveFormat;
  /** Of a custom or tar archive. Versions such as `15.18 (Debian 15.18-1)`. */
  origin?: { header: string; database: string; server: string; pgDump: string };
};

/** So many first bytes tell everything that `archiveHead` wants to know. */
export const HEAD_BYTES = 4_096;

const MAGIC = Buffer.from('PGDMP');
/** A tar archive of pg_dump begins with its table of contents, after one block of 512 bytes. */
const TAR_BLOCK = 512;

/**
 * @param name for messages
 * @throws Failure archive-unknown when it is empty or no kind of archive
 */
export function archiveHead(head: Buffer, name: string): ArchiveHead {
  if (head.length === 0) throw new Failure('archive-unknown', { archive: name, reason: 'is empty' });
  if (startsWith(head, MAGIC)) return withOrigin('custom', head);
  if (head[0] === 0x1f && head[1] === 0x8b) return { format: 'gzip' };
  if (head.toString('latin1', 257, 262) === 'ustar') return withOrigin('tar', head.subarray(TAR_BLOCK));
  if (!head.includes(0) && /^\s*(--|\/\*|\\|[A-Za-z])/.test(head.toString('utf8'))) return { format: 'plain' };
  const begin = head.subarray(0, 8).toString('hex');
  throw new Failure('archive-unknown', { archive: name, reason: `begins with the bytes ${begin}` });
}

/** As `archiveHead`, of a file. */
export async function identifyArchive(file: string, name: string = file): Promise<ArchiveHead> {
  await using handle = await open(file, 'r');
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
  return archiveHead(buffer.subarray(0, bytesRead), name);
}

/**
 * An older pg_restore cannot read what a newer pg_dump wrote; this says so, with both versions, before anything is touched.
 * @throws Failure archive-newer
 */
export function checkReadable(head: ArchiveHead, programs: PostgresPrograms): void {
  const archive = head.origin?.pgDump;
  if (archive === undefined || !(majorOf(archive) > majorOf(programs.version))) return;
  throw new Failure('archive-newer', { archive, program: programs.version, needed: String(majorOf(archive)) });
}

function withOrigin(format: ArchiveFormat, header: Buffer): ArchiveHead {
  const origin = readOrigin(header);
  return origin === undefined ? { format } : { format, origin };
}

/**
 * The header as pg_dump's `WriteHead` writes it (src/bin/pg_dump/pg_backup_archiver.c): versions, sizes, compression, seven
 * numbers of time, then three strings. Undefined when it is cut short or not of this form.
 */
function readOrigin(header: Buffer): ArchiveHead['origin'] {
  if (!startsWith(header, MAGIC) || header.length < 11) return undefined;
  const [major = 0, minor = 0, , intSize = 0] = header.subarray(MAGIC.length);
  let at = MAGIC.length + 6;
  const number = (): number => {
    const sign = header.readUInt8(at) === 0 ? 1 : -1;
    const value = header.readUIntLE(at + 1, intSize);
    at += 1 + intSize;
    return sign * value;
  };
  const text = (): string => {
    const length = number();
    if (length < 0) return '';
    if (at + length > header.length) throw new RangeError('the header is cut short');
    at += length;
    return header.toString('utf8', at - length, at);
  };
  try {
    // Since 1.15 (PostgreSQL 16) one byte names the compression; before, a number gave its level.
    if (major > 1 || minor >= 15) at += 1;
    else number();
    for (let field = 0; field < 7; field++) number();
    const [database, server, pgDump] = [text(), text(), text()];
    return { header: `${major}.${minor}`, database, server, pgDump };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function startsWith(head: Buffer, bytes: Buffer): boolean {
  return head.subarray(0, bytes.length).equals(bytes);
}
