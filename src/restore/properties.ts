/**
 * What is said of a database as a whole (owner, settings, privileges, comment, limit of connections), and setting it on another one:
 * renaming and restoring lose all of this. A manifest states it; without one, the archive does.
 */
import { join } from 'node:path';
import type { ClientBase } from 'pg';
import { Failure } from '../failure.ts';
import { quoteIdentifier } from '../postgres/connection.ts';
import type { Content } from '../postgres/content.ts';
import type { OpenedArchive } from '../postgres/opened.ts';
import { postgresPrograms } from '../postgres/programs.ts';
import { lastLines, run } from '../process.ts';

/** Settings whose value is a list of names: each of them is quoted for itself, as pg_dump does. */
const LISTS = new Set([
  'search_path',
  'temp_tablespaces',
  'local_preload_libraries',
  'session_preload_libraries',
  'shared_preload_libraries',
  'unix_socket_directories',
]);

/** Pure: the statements that give database `name` what a manifest states of the original; not its comment. */
export function propertiesOf(database: Content['database'], name: string): string[] {
  const target = quoteIdentifier(name);
  const owner = quoteIdentifier(database.owner);
  return [
    `ALTER DATABASE ${target} OWNER TO ${owner}`,
    `REVOKE ALL ON DATABASE ${target} FROM PUBLIC, ${owner}`,
    ...grantsOf(database.privileges, target),
    ...database.settings.map(({ role, setting }) => {
      const who = role === null ? `DATABASE ${target}` : `ROLE ${quoteIdentifier(role)} IN DATABASE ${target}`;
      const at = setting.indexOf('=');
      const key = setting.slice(0, at);
      return `ALTER ${who} SET ${quoteIdentifier(key)} TO ${sqlValueOf(key, setting.slice(at + 1))}`;
    }),
  ];
}

/** The roles that these statements name. */
export function rolesOfProperties({ owner, privileges, settings }: Content['database']): string[] {
  const grantees = grants(privileges).map(({ role }) => (role.startsWith('"') ? unquote(role) : role));
  return [owner, ...settings.flatMap(({ role }) => role ?? []), ...grantees.filter((role) => role !== 'PUBLIC')];
}

function grantsOf(privileges: string, target: string): string[] {
  return grants(privileges).flatMap(({ role, may }) => {
    const kinds = [may.filter((one) => !one.endsWith('*')), may.filter((one) => one.endsWith('*'))];
    return kinds.flatMap((some, i) => {
      if (some.length === 0) return [];
      const words = some.map((one) => one.replace('*', '')).join(', ');
      return [`GRANT ${words} ON DATABASE ${target} TO ${role}${i === 1 ? ' WITH GRANT OPTION' : ''}`];
    });
  });
}

/** `app: CONNECT; "Odd; role": CONNECT, TEMPORARY*` */
function grants(privileges: string): { role: string; may: string[] }[] {
  const form = /("(?:[^"]|"")+"|[^\s":;]+): ([A-Z]+\*?(?:, [A-Z]+\*?)*)(?:; |$)/g;
  return [...privileges.matchAll(form)].map(([, role = '', may = '']) => ({ role, may: may.split(', ') }));
}

function sqlValueOf(key: string, value: string): string {
  if (!LISTS.has(key.toLowerCase())) return literal(value);
  const names = value.match(/"(?:[^"]|"")*"|[^",\s][^,\s]*/g) ?? [];
  if (names.length === 0) return "''";
  return names.map((name) => literal(name.startsWith('"') ? unquote(name) : name)).join(', ');
}

/** What an archive says of the database that was dumped. */
export type StatedProperties = {
  /** Behind `CREATE DATABASE … TEMPLATE template0`. */
  options: string;
  statements: string[];
  /** Undefined where there is none. */
  limit: number | undefined;
};

/**
 * Reads it from a custom or tar archive; of SQL nothing is known without a manifest.
 * @throws Failure archive-damaged
 */
export async function statedProperties(
  archive: OpenedArchive,
  origin: string,
  name: string,
  signal: AbortSignal,
): Promise<StatedProperties> {
  if (archive.head.format === 'plain') return { options: '', statements: [], limit: undefined };
  const { bin } = await postgresPrograms();
  const ran = await run(join(bin, 'pg_restore'), ['--create', '--schema-only', '--file=-', archive.file], {
    env: { ...process.env, LC_ALL: 'C' },
    timeout: 120_000,
    signal,
  });
  if (ran.status !== 0) throw new Failure('archive-damaged', { archive: archive.name, message: lastLines(ran.stderr) });
  return parseProperties(ran.stdout, origin, name);
}

/** Pure. Only whole statements about just this database are taken. */
export function parseProperties(sql: string, origin: string, name: string): StatedProperties {
  const plain = /^[a-z_][a-z0-9_]*$/.test(origin) ? `(?:${origin}|"${origin}")` : escaped(quoteIdentifier(origin));
  const target = () => quoteIdentifier(name);
  const create = new RegExp(`^CREATE DATABASE ${plain} WITH TEMPLATE = template0 ?(.*);$`, 'm').exec(sql);
  const about = new RegExp(
    `^(ALTER (?:ROLE (?:"(?:[^"]|"")+"|\\S+) IN )?DATABASE|(?:GRANT|REVOKE) [A-Z, ]+ ON DATABASE) ${plain} ((?:OWNER|SET|CONNECTION LIMIT|TO|FROM) .*);$`,
    'gm',
  );
  const statements = [...sql.matchAll(about)].map(([, begin = '', end = '']) => `${begin} ${target()} ${end}`);
  const limit = /CONNECTION LIMIT = (\d+)/.exec(statements.find((one) => / CONNECTION LIMIT /.test(one)) ?? '')?.[1];
  return {
    // Tablespaces are the server's own; versions of collations are the library's.
    options: (create?.[1] ?? '').replace(/ ?(TABLESPACE|COLLATION_VERSION) = \S+/g, ''),
    statements,
    limit: limit === undefined ? undefined : Number(limit),
  };
}

/** Runs statements one by one. @throws Failure restore-failed with the server's words */
export async function perform(client: ClientBase, statements: readonly string[], signal: AbortSignal): Promise<void> {
  for (const statement of statements) {
    signal.throwIfAborted();
    try {
      await client.query(statement);
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new Failure('restore-failed', { message: `${message} (${statement})` }, { cause });
    }
  }
}

export function literal(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes('\\') ? `E${quoted.replaceAll('\\', '\\\\')}` : quoted;
}

function unquote(name: string): string {
  return name.slice(1, -1).replaceAll('""', '"');
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
