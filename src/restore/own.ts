/**
 * A test database in a server of one's own: with the roles that the archive names, and with the owner, privileges, settings and comment
 * that the archive gives to the database itself, so that all of it can be compared for real.
 */
import { Readable } from 'node:stream';
import type { ClientBase } from 'pg';
import { Failure } from '../failure.ts';
import { quoteIdentifier } from '../postgres/connection.ts';
import type { Content } from '../postgres/content.ts';
import type { OpenedArchive } from '../postgres/opened.ts';
import { scanScript } from '../postgres/script.ts';
import { readContents } from './contents.ts';
import { createDatabase } from './database.ts';
import { sqlOf } from './restore.ts';

const ROLE = String.raw`"(?:[^"]|"")+"|[A-Za-z_\x80-\uffff][A-Za-z0-9_$\x80-\uffff]*`;
/** Wherever pg_dump names a role. A word of a function's text may look like one; a role too many does no harm. */
const NAMED = new RegExp(
  String.raw`(?:\bOWNER TO |\bTO |, |\bFROM |\bFOR ROLE |\bUSER MAPPING FOR |^ALTER ROLE )(${ROLE})(?=[;,\s])`,
  'gm',
);
/** Statements that name roles. */
const NAMING =
  /^(ALTER [^;]* OWNER TO |GRANT |REVOKE |ALTER DEFAULT PRIVILEGES |CREATE POLICY |CREATE USER MAPPING |ALTER ROLE |COMMENT ON ROLE )/;
/** Only superusers may own these. */
const SUPERUSER = new RegExp(`^ALTER (?:EVENT TRIGGER|FOREIGN DATA WRAPPER) .* OWNER TO (${ROLE});`, 'g');
const NO_ROLES = new Set(['public', 'current_user', 'session_user', 'current_role']);
/** What makes the database, of all that restoring it would run. */
const OF_THE_DATABASE =
  /^(CREATE DATABASE |ALTER DATABASE |COMMENT ON DATABASE |(GRANT|REVOKE) [^;]* ON DATABASE |ALTER ROLE [^;]* IN DATABASE )/;

export type OwnDatabase = {
  /** Whether the archive says what belongs to the database itself; SQL that was dumped without `--create` does not. */
  stated: boolean;
  /** What is other than in the backup, in words. */
  remarks: string[];
};

type Making = {
  admin: ClientBase;
  archive: OpenedArchive;
  /** The name that it gets. */
  name: string;
  /** The name in the archive. */
  original: string;
  like: Content['database'] | undefined;
  /** Those that a manifest names. */
  roles: readonly string[];
  signal: AbortSignal;
};

/** @throws Failure test-database-failed, restore-failed */
export async function makeOwnDatabase(making: Making): Promise<OwnDatabase> {
  const { admin, archive, name, original, like, signal } = making;
  try {
    const statements = await telling(await sqlIn(archive, signal));
    const superusers = statements.flatMap((text) => [...text.matchAll(SUPERUSER)].map(([, role = '']) => plain(role)));
    await makeRoles(admin, new Set([...making.roles, ...rolesIn(statements)]), new Set(superusers));
    const remarks = await makeDatabase(admin, original, statements, like);
    await admin.query(`ALTER DATABASE ${quoteIdentifier(original)} RENAME TO ${quoteIdentifier(name)}`);
    return { stated: statements.some((text) => text.startsWith('CREATE DATABASE ')), remarks };
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof Failure) throw cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new Failure('test-database-failed', { database: name, message }, { cause });
  }
}

/** The roles that statements of pg_dump name, unquoted. Pure. */
export function rolesIn(statements: readonly string[]): Set<string> {
  const named = statements
    .filter((statement) => NAMING.test(statement))
    .flatMap((statement) => [...statement.matchAll(NAMED)].map(([, role = '']) => plain(role)));
  return new Set(named.filter((role) => !NO_ROLES.has(role.toLowerCase())));
}

/** What a manifest or an archive names, and PostgreSQL does not bring along. */
async function makeRoles(
  admin: ClientBase,
  roles: ReadonlySet<string>,
  superusers: ReadonlySet<string>,
): Promise<void> {
  const { rows } = await admin.query<{ name: string }>('SELECT rolname::text AS name FROM pg_roles');
  const present = new Set(rows.map((row) => row.name));
  for (const role of roles) {
    if (present.has(role) || role.startsWith('pg_')) continue;
    await admin.query(`CREATE ROLE ${quoteIdentifier(role)} NOLOGIN${superusers.has(role) ? ' SUPERUSER' : ''}`);
  }
}

async function makeDatabase(
  admin: ClientBase,
  original: string,
  statements: readonly string[],
  like: Content['database'] | undefined,
): Promise<string[]> {
  const remarks: string[] = [];
  for (const statement of statements.filter((text) => OF_THE_DATABASE.test(text))) {
    const text = statement.replace(/^(CREATE DATABASE .*) TABLESPACE = (?:"(?:[^"]|"")+"|\S+?)(?=;| )/, '$1');
    try {
      await admin.query(text);
    } catch (error) {
      if (!text.startsWith('CREATE DATABASE ') || !isOfLocale(error)) throw error;
      remarks.push(...(await createLike(admin, original, like)));
    }
  }
  const { rowCount } = await admin.query('SELECT FROM pg_database WHERE datname = $1', [original]);
  if (rowCount === 0) remarks.push(...(await createLike(admin, original, like)));
  return remarks;
}

/** With the locale of the backup where this machine has it; else sorted by code point, as `C` does. */
async function createLike(admin: ClientBase, name: string, like: Content['database'] | undefined): Promise<string[]> {
  try {
    await createDatabase(admin, name, like);
    return [];
  } catch (error) {
    if (like === undefined || !isOfLocale(error)) throw error;
    const encoding = like.encoding;
    await createDatabase(admin, name, { ...like, encoding, collate: 'C', ctype: 'C', provider: 'libc', locale: null });
    const locale = like.locale ?? like.collate;
    return [`locale and sort order: ${locale} is not on this machine, the test database has C`];
  }
}

function isOfLocale(error: unknown): boolean {
  return error instanceof Error && /locale|collat|LC_CTYPE|ICU/i.test(error.message);
}

/** All that restoring the archive would run, but for the rows. */
async function sqlIn(archive: OpenedArchive, signal: AbortSignal): Promise<AsyncIterable<Buffer>> {
  if (archive.head.format === 'plain') return archive.sql(signal);
  const { contents } = await readContents(archive.file, signal, { create: true });
  const entries = (contents?.entries ?? []).filter(({ kind }) => !/DATA$|^(BLOBS|SEQUENCE SET)$/.test(kind));
  const sql = await sqlOf(archive.file, entries, { bytes: archive.bytes, signal, owners: true, create: true });
  return Readable.from([Buffer.from(sql)]);
}

/** The statements that name roles or make the database; nothing that a backslash does is among them. */
async function telling(sql: AsyncIterable<Buffer>): Promise<string[]> {
  const statements: string[] = [];
  for await (const piece of scanScript(sql).pieces) {
    if (piece.kind !== 'statement' || !piece.begins || !piece.ends) continue;
    const text = piece.text.toString('utf8').trim();
    if (NAMING.test(text) || OF_THE_DATABASE.test(text)) statements.push(text);
  }
  return statements;
}

function plain(identifier: string): string {
  return identifier.startsWith('"') ? identifier.slice(1, -1).replaceAll('""', '"') : identifier;
}
