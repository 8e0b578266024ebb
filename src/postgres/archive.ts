/**
 * What an archive is, told by its first bytes and never by its name: old backups are called `.sql.gz` and are custom-format
 * archives. Archives and SQL also say who made them.
 */
import { open } from 'node:fs/promises';
import { Failure } from '../failure.ts';
import { majorOf, type PostgresPrograms } from './programs.ts';

export type ArchiveFormat = 'custom' | 'tar' | 'plain' | Packing;
/** What something else is packed in. */
export type Packing = 'gzip' | 'zstd';
export type Compression = 'none' | 'gzip' | 'lz4' | 'zstd';

export type ArchiveHead = {
  format: ArchiveFormat;
  /** Versions such as `15.18 (Debian 15.18-1)`. */
  origin?: {
    server: string;
    pgDump: string;
    /** Of a custom or tar archive: the version of the format, such as `1.14`. */
    header?: string;
    /** Of a custom or tar archive. */
    database?: string;
    /** Of the data in a custom archive. */
    compression?: Compression;
  };
};

/** So many first bytes tell everything that `archiveHead` wants to know. */
export const HEAD_BYTES = 4_096;

const MAGIC = Buffer.from('PGDMP');
/** A tar archive of pg_dump begins with its table of contents, after one block of 512 bytes. */
const TAR_BLOCK = 512;
/** Since PostgreSQL 16 one byte names the compression. */
const COMPRESSIONS: readonly Compression[] = ['none', 'gzip', 'lz4', 'zstd'];

const PACKINGS: readonly [packing: Packing, magic: string][] = [
  ['gzip', '1f8b'],
  ['zstd', '28b52ffd'],
];
/** What nothing here can unpack. */
const FOREIGN: readonly [name: string, magic: string][] = [
  ['lz4', '04224d18'],
  ['xz', 'fd377a585a00'],
  ['bzip2', '425a68'],
  ['zip', '504b0304'],
];

/**
 * @param name for messages
 * @throws Failure archive-unknown when it is empty or no kind of archive; archive-packed when nothing here can unpack it
 */
export function archiveHead(head: Buffer, name: string): ArchiveHead {
  if (head.length === 0) throw new Failure('archive-unknown', { archive: name, reason: 'is empty' });
  if (startsWith(head, MAGIC)) return withOrigin('custom', head);
  const begin = head.subarray(0, 8).toString('hex');
  const packed = PACKINGS.find(([, magic]) => begin.startsWith(magic));
  if (packed !== undefined) return { format: packed[0] };
  if (head.toString('latin1', 257, 262) === 'ustar') {
    if (startsWith(head.subarray(TAR_BLOCK), MAGIC)) return withOrigin('tar', head.subarray(TAR_BLOCK));
    throw new Failure('archive-unknown', { archive: name, reason: 'is a tar file, but not one that pg_dump wrote' });
  }
  const foreign = FOREIGN.find(([, magic]) => begin.startsWith(magic));
  if (foreign !== undefined) throw new Failure('archive-packed', { archive: name, packing: foreign[0] });
  if (!head.includes(0)) return sqlHead(head.toString('utf8'), name);
  throw new Failure('archive-unknown', { archive: name, reason: `begins with the bytes ${begin}` });
}

/** As `archiveHead`, of a file. */
export async function identifyArchive(file: string, name: string = file): Promise<ArchiveHead> {
  await using handle = await open(file, 'r');
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
  return archiveHead(buffer.subarray(0, bytesRead), name);
}

/**
 * An older pg_restore cannot read what a newer pg_dump wrote, and an older server may not understand it; this says so, with
 * both versions, before anything is touched. SQL can be read by every psql: what only newer ones know is left out of it.
 * @param server its version, where something is restored
 * @throws Failure archive-newer, archive-damaged when its header contradicts itself, server-older
 */
export function checkReadable(
  head: ArchiveHead,
  programs: PostgresPrograms,
  server?: string,
  name = 'the archive',
): void {
  const { origin } = head;
  if (origin === undefined) return;
  const archive = origin.pgDump;
  if (head.format !== 'plain' && majorOf(archive) > majorOf(programs.version))
    throw new Failure('archive-newer', { archive, program: programs.version, needed: String(majorOf(archive)) });
  const written = headerOf(majorOf(archive));
  if (origin.header !== undefined && written !== undefined && origin.header !== written) {
    const message = `its header has version ${origin.header}, but pg_dump ${archive} writes ${written}`;
    throw new Failure('archive-damaged', { archive: name, message });
  }
  if (server !== undefined && majorOf(origin.server) > majorOf(server))
    throw new Failure('server-older', { archive: origin.server, server, needed: String(majorOf(origin.server)) });
}

/** The version of the archive format that a pg_dump writes (`K_VERS_SELF`); undefined of those that are not known here. */
function headerOf(major: number): string | undefined {
  if (major >= 12 && major <= 15) return '1.14';
  if (major === 16) return '1.15';
  return major === 17 || major === 18 ? '1.16' : undefined;
}

/** @throws Failure archive-unknown for text that is no SQL of pg_dump, or more than one database */
function sqlHead(text: string, name: string): ArchiveHead {
  if (/^-- PostgreSQL database cluster dump\r?$/m.test(text)) {
    const reason = 'holds all databases of a server (pg_dumpall); a backup holds one, as pg_dump writes it';
    throw new Failure('archive-unknown', { archive: name, reason });
  }
  if (/^-- PostgreSQL database dump\r?$/m.test(text)) {
    const version = (form: RegExp) => form.exec(text)?.[1]?.trim();
    const server = version(/^-- Dumped from database version (.+)$/m);
    const pgDump = version(/^-- Dumped by pg_dump version (.+)$/m);
    return { format: 'plain', ...(server && pgDump ? { origin: { server, pgDump } } : {}) };
  }
  const reason = /^\s*(--|\/\*|\\|[A-Za-z]+ )/.test(text)
    ? 'is text without the first line that pg_dump writes'
    : `begins with the bytes ${Buffer.from(text).subarray(0, 8).toString('hex')}`;
  throw new Failure('archive-unknown', { archive: name, reason });
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
  const [major = 0, minor = 0] = header.subarray(MAGIC.length);
  // Since 1.15 (PostgreSQL 16) one byte names the compression; before, a number gave the level of gzip.
  const named = major > 1 || minor >= 15;
  // Read as the other form too: it may be the version that is damaged.
  const origin = readFields(header, named) ?? readFields(header, !named);
  return origin && { header: `${major}.${minor}`, ...origin };
}

function readFields(header: Buffer, named: boolean): Omit<NonNullable<ArchiveHead['origin']>, 'header'> | undefined {
  const intSize = header[MAGIC.length + 3] ?? 0;
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
    const compression = named ? COMPRESSIONS[header.readUInt8(at++)] : number() === 0 ? 'none' : 'gzip';
    for (let field = 0; field < 7; field++) number();
    const [database, server, pgDump] = [text(), text(), text()];
    if (![server, pgDump].every((version) => /^\d+[\w.]*( |$)/.test(version))) return undefined;
    return { database, server, pgDump, ...(compression === undefined ? {} : { compression }) };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function startsWith(head: Buffer, bytes: Buffer): boolean {
  return head.subarray(0, bytes.length).equals(bytes);
}
