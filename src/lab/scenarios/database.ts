/**
 * A database as a whole: what PostgreSQL does not copy with CREATE DATABASE … TEMPLATE (owner, privileges, settings,
 * comment, connection limit) is read and applied here.
 */
import pg from 'pg';
import { Failure } from '../../failure.ts';
import { type Client, quoteIdentifier } from '../../postgres/connection.ts';

type Grant = { grantor: string; grantee: string; privilege: string; grantable: boolean };

export type DatabaseProperties = {
  oid: number;
  name: string;
  owner: string;
  encoding: string;
  collate: string;
  ctype: string;
  /** `libc`, `icu` or `builtin`, and its locale where it is not libc. */
  provider: string;
  locale: string | null;
  isTemplate: boolean;
  allowsConnections: boolean;
  /** -1: no limit. */
  connectionLimit: number;
  comment: string | null;
  /** Null: PostgreSQL's defaults. */
  grants: Grant[] | null;
  /** Role (empty: every role) and setting, e.g. `statement_timeout=5s`. */
  settings: { role: string; setting: string }[];
};

const PROPERTIES = `
SELECT d.oid::int AS oid, d.datname AS name, r.rolname AS owner, pg_encoding_to_char(d.encoding) AS encoding,
       d.datcollate AS "collate", d.datctype AS ctype,
       CASE to_jsonb(d) ->> 'datlocprovider' WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END AS provider,
       coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale') AS locale, d.datistemplate AS "isTemplate",
       d.datallowconn AS "allowsConnections", d.datconnlimit AS "connectionLimit",
       shobj_description(d.oid, 'pg_database') AS comment,
       CASE WHEN d.datacl IS NOT NULL THEN coalesce((
         SELECT json_agg(json_build_object(
                  'grantor', g.rolname, 'grantee', coalesce(e.rolname, ''),
                  'privilege', a.privilege_type, 'grantable', a.is_grantable)
                ORDER BY (g.oid <> d.datdba), e.rolname NULLS FIRST, a.privilege_type)
           FROM aclexplode(d.datacl) a JOIN pg_roles g ON g.oid = a.grantor LEFT JOIN pg_roles e ON e.oid = a.grantee
       ), '[]') END AS grants,
       coalesce((
         SELECT json_agg(json_build_object('role', coalesce(s_role.rolname, ''), 'setting', one) ORDER BY s_role.rolname, one)
           FROM pg_db_role_setting s LEFT JOIN pg_roles s_role ON s_role.oid = s.setrole, unnest(s.setconfig) one
          WHERE s.setdatabase = d.oid
       ), '[]') AS settings
  FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba
 ORDER BY d.datname`;

/** Every database of the server, in the order of their names. */
export async function listDatabases(server: Client): Promise<DatabaseProperties[]> {
  return (await server.query<DatabaseProperties>(PROPERTIES)).rows;
}

/** Undefined when there is none of this name. */
export async function findDatabase(server: Client, name: string): Promise<DatabaseProperties | undefined> {
  return (await listDatabases(server)).find((database) => database.name === name);
}

/**
 * Ends every other session of a database and waits until the last is gone: up to `wait` milliseconds for each.
 * @throws Failure sessions-remain when some are there after so many tries
 */
export async function endSessions(server: Client, name: string, { tries = 500, wait = 5_000 } = {}): Promise<void> {
  const others = 'FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()';
  for (let tried = 0; tried < tries; tried += 1) {
    const ended = await server.query(`SELECT pg_terminate_backend(pid, ${wait}) ${others}`, [name]);
    if (ended.rowCount === 0) return;
  }
  const { rowCount } = await server.query(`SELECT ${others}`, [name]);
  if (rowCount) throw new Failure('sessions-remain', { database: name, count: String(rowCount) });
}

/** Drops a database, whoever is in it and whatever it is; one that is not there is no error. */
export async function dropDatabase(server: Client, name: string): Promise<void> {
  const quoted = quoteIdentifier(name);
  const found = await server.query<{ template: boolean }>(
    'SELECT datistemplate AS template FROM pg_database WHERE datname = $1',
    [name],
  );
  if (found.rows[0] === undefined) return;
  if (found.rows[0].template) await server.query(`ALTER DATABASE ${quoted} IS_TEMPLATE false`);
  await server.query(`DROP DATABASE IF EXISTS ${quoted} WITH (FORCE)`);
}

/** Copies a database; both are without sessions for the moment. Properties are applied by `applyProperties`. */
export async function copyDatabase(server: Client, from: string, to: string): Promise<void> {
  await endSessions(server, from);
  await server.query(`CREATE DATABASE ${quoteIdentifier(to)} TEMPLATE ${quoteIdentifier(from)}`);
}

/** Makes a database without any object that has the encoding, locale and owner of another; nothing comes from template1. */
export async function createEmpty(
  server: Client,
  name: string,
  like: Pick<DatabaseProperties, 'encoding' | 'collate' | 'ctype' | 'provider' | 'locale' | 'owner'>,
): Promise<void> {
  const locale =
    like.locale === null ? '' : `${like.provider === 'icu' ? 'ICU' : 'BUILTIN'}_LOCALE ${literal(like.locale)}`;
  await server.query(
    `CREATE DATABASE ${quoteIdentifier(name)} TEMPLATE template0 OWNER ${quoteIdentifier(like.owner)}
       ENCODING ${literal(like.encoding)} LC_COLLATE ${literal(like.collate)} LC_CTYPE ${literal(like.ctype)} LOCALE_PROVIDER ${like.provider} ${locale}`,
  );
}

/** Gives a new database (no privileges, no settings yet) the properties of the one it was copied from. */
export async function applyProperties(server: Client, name: string, wanted: DatabaseProperties): Promise<void> {
  const database = quoteIdentifier(name);
  const comment = wanted.comment === null ? 'NULL' : literal(wanted.comment);
  await server.query(`ALTER DATABASE ${database} OWNER TO ${quoteIdentifier(wanted.owner)}`);
  await server.query(`COMMENT ON DATABASE ${database} IS ${comment}`);
  await server.query(`ALTER DATABASE ${database} CONNECTION LIMIT ${wanted.connectionLimit}`);
  if (wanted.grants !== null) await grantAll(server, database, wanted.owner, wanted.grants);
  for (const { role, setting } of wanted.settings) {
    const target = role === '' ? `DATABASE ${database}` : `ROLE ${quoteIdentifier(role)} IN DATABASE ${database}`;
    await server.query(`ALTER ${target} SET ${assignment(setting)}`);
  }
  await server.query(`ALTER DATABASE ${database} IS_TEMPLATE ${wanted.isTemplate}`);
  await server.query(`ALTER DATABASE ${database} ALLOW_CONNECTIONS ${wanted.allowsConnections}`);
}

/** `search_path=a, b` → `"search_path" TO a, b`: settings that are lists are kept quoted by PostgreSQL itself. */
export function assignment(setting: string): string {
  const at = setting.indexOf('=');
  const [name, value] = [setting.slice(0, at), setting.slice(at + 1)];
  const isList = LISTS.has(name.toLowerCase());
  return `${name.split('.').map(quoteIdentifier).join('.')} TO ${isList ? value || "''" : literal(value)}`;
}

/** Settings whose value is a list of names (GUC_LIST_QUOTE): the same that pg_dump treats so (variable_is_guc_list_quote). */
const LISTS = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
]);

async function grantAll(server: Client, database: string, owner: string, grants: Grant[]): Promise<void> {
  // An untouched database gives PUBLIC and its owner the defaults; they are taken away first.
  await server.query(`REVOKE ALL ON DATABASE ${database} FROM PUBLIC`);
  await server.query(`REVOKE ALL ON DATABASE ${database} FROM ${quoteIdentifier(owner)}`);
  for (const { grantor, grantee, privilege, grantable } of grants) {
    const to = grantee === '' ? 'PUBLIC' : quoteIdentifier(grantee);
    const option = grantable ? ' WITH GRANT OPTION' : '';
    await server.query('BEGIN');
    // The superuser's own grants are the owner's; another's are made in that role's name.
    if (grantor !== owner) await server.query(`SET LOCAL ROLE ${quoteIdentifier(grantor)}`);
    await server.query(`GRANT ${privilege} ON DATABASE ${database} TO ${to}${option}`);
    await server.query('COMMIT');
  }
}

export function literal(text: string): string {
  return pg.escapeLiteral(text);
}
