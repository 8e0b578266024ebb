/**
 * Whether what lies under a name still looks like what its name says, asked when it is about to be removed: names are cheap, and
 * what somebody else put there is not ours to remove. An archive is not read whole for this.
 */
import { z } from 'zod';
import { Failure } from '../failure.ts';
import type { Store } from '../store/store.ts';
import type { Backup } from './catalogue.ts';
import { companionName, describeName } from './name.ts';

type Options = { signal?: AbortSignal | undefined };

/** A head of so many bytes shows what an object is. */
const HEAD = 4_096;
/** A schema of thousands of tables fills some megabytes. Bytes. */
const MANIFEST_LIMIT = 512 * 1024 ** 2;
/** A tar archive names its first member, and calls itself a tar here. */
const TAR_MAGIC = { at: 257, word: 'ustar' };
/** How dumps begin: custom format, gzip, zstd. */
const MAGICS = ['5047444d50', '1f8b', '28b52ffd'];

const manifestHead = z.looseObject({
  schema: z.number(),
  archive: z.looseObject({ name: z.string(), bytes: z.number() }),
});

/** Why this archive is not the one that was listed, or none of ours; undefined when it may go. */
export async function whyNotOurs(store: Store, backup: Backup, options: Options): Promise<string | undefined> {
  const found = await orMissing(store.getHead(backup.name, HEAD, options));
  if (found === undefined) return undefined; // gone already
  const { head, size } = found;
  if (size !== backup.size) return `it has ${size} bytes now and had ${backup.size} when it was listed`;
  if (size === 0) return undefined;
  const written = await manifestOf(store, backup, options);
  if (written !== undefined && written.name !== backup.name) return `its manifest belongs to ${written.name}`;
  if (written !== undefined && written.bytes !== size)
    return `it has ${size} bytes, and its manifest says ${written.bytes}`;
  if (written === undefined && !looksLikeDump(head))
    return 'it is no archive of pg_dump, and no manifest says what it is';
  return undefined;
}

/** As `whyNotOurs`, of what lies beside an archive. */
export async function whyNoCompanion(
  store: Store,
  database: string,
  name: string,
  options: Options,
): Promise<string | undefined> {
  const kind = describeName(database, name)?.kind;
  const found = await orMissing(store.getHead(name, HEAD, options));
  if (found === undefined || found.size === 0) return undefined;
  const text = found.head.toString('utf8');
  if (kind === 'checksum') return /^[0-9a-f]{64} [ *]/.test(text) ? undefined : 'it is no checksum';
  if (kind === 'globals')
    return /^\s*(?:--|CREATE ROLE|ALTER ROLE)/.test(text) ? undefined : 'it is no SQL of pg_dumpall';
  if (kind === 'manifest') return isOurJson(text) ? undefined : 'it is no manifest';
  if (kind === 'drill') return isOurJson(text) ? undefined : 'it is no record of a drill';
  return 'its name is not known';
}

/** Undefined when there is none, or none that can be read. */
async function manifestOf(store: Store, backup: Backup, options: Options) {
  if (!backup.manifest) return undefined;
  const name = companionName(backup.name, 'manifest');
  const text = await orMissing(store.getText(name, { limit: MANIFEST_LIMIT, ...options }));
  try {
    return manifestHead.safeParse(JSON.parse(text ?? '')).data?.archive;
  } catch {
    return undefined;
  }
}

function looksLikeDump(head: Buffer): boolean {
  const begin = head.toString('hex', 0, 8);
  if (MAGICS.some((magic) => begin.startsWith(magic))) return true;
  if (head.toString('latin1', TAR_MAGIC.at, TAR_MAGIC.at + TAR_MAGIC.word.length) === TAR_MAGIC.word) return true;
  return /^(?:\ufeff?\s*)--\s*\n-- PostgreSQL database/.test(head.toString('utf8', 0, 200));
}

/** Ours begin with their schema's number. */
function isOurJson(head: string): boolean {
  return /^\s*\{\s*"schema"\s*:\s*\d/.test(head);
}

async function orMissing<T>(asked: Promise<T>): Promise<T | undefined> {
  return asked.catch((error: unknown) => {
    if (error instanceof Failure && ['object-missing', 'object-too-large'].includes(error.code)) return undefined;
    throw error;
  });
}
