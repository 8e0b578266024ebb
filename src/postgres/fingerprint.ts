/** Reads the content of a database within the caller's transaction: what a manifest states and a drill compares. */
import type { ClientBase } from 'pg';
import type { Report } from '../progress.ts';
import { silent } from '../progress.ts';
import type { Content, SequenceContent } from './content.ts';
import { grantsOf } from './grants.ts';
import { readObjects } from './objects.ts';
import { readRows } from './rows.ts';

export type ReadOptions = {
  /** More sessions of the same snapshot (or of a database that nobody else uses), to read tables side by side. */
  helpers?: readonly ClientBase[];
  report?: Report;
};

/** What text output depends on, and what could hide rows or end a long query. */
const PINNED: Record<string, string> = {
  search_path: 'pg_catalog',
  row_security: 'off',
  client_encoding: 'UTF8',
  extra_float_digits: '1',
  DateStyle: 'ISO, MDY',
  TimeZone: 'UTC',
  IntervalStyle: 'postgres',
  bytea_output: 'hex',
  xmlbinary: 'base64',
  lc_monetary: 'C',
  quote_all_identifiers: 'off',
  standard_conforming_strings: 'on',
  statement_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  jit: 'off',
};

/** A piece of a large object that is read at once, in bytes. */
const PIECE = 1_048_576;

/**
 * Sets, for this transaction, everything that text output depends on. `row_security=off` turns rows that a policy would
 * hide into an error instead of a smaller count.
 */
export async function pinSession(client: ClientBase): Promise<void> {
  const settings = Object.entries(PINNED);
  const calls = settings.map((_, i) => `set_config($${2 * i + 1}, $${2 * i + 2}, true)`);
  await client.query(`SELECT ${calls.join(', ')}`, settings.flat());
}

/**
 * Reads everything. The caller has begun the transaction (REPEATABLE READ for a snapshot) on the client and each helper.
 * Errors are PostgreSQL's own: a table that may not be read is never read as empty.
 */
export async function readContent(client: ClientBase, options: ReadOptions = {}): Promise<Content> {
  const tables = await readTables(client, options);
  return { ...(await readCatalog(client)), tables };
}

/** The rows of every table, counted and hashed. */
export async function readTables(client: ClientBase, options: ReadOptions = {}): Promise<Content['tables']> {
  const { helpers = [], report = silent } = options;
  const clients = [client, ...helpers];
  for (const session of clients) await pinSession(session);
  return readRows(clients, (done, total) => report({ kind: 'amount', done, total, unit: 'tables' }));
}

/** Everything but the rows of tables. */
export async function readCatalog(client: ClientBase): Promise<Omit<Content, 'tables'>> {
  await pinSession(client);
  return {
    database: await readDatabase(client),
    sequences: await readSequences(client),
    largeObjects: await readLargeObjects(client),
    extensions: await readExtensions(client),
    objects: await readObjects(client),
    roles: await readRoles(client),
  };
}

/** Where every sequence stands. Sequences stand outside of snapshots: read them again when a dump is over. */
export async function readSequences(client: ClientBase): Promise<SequenceContent[]> {
  const { rows: names } = await client.query<{ schema: string; name: string; quoted: string }>(`
    SELECT n.nspname AS schema, c.relname AS name, format('%I.%I', n.nspname, c.relname) AS quoted
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'S' AND c.relpersistence <> 't'
      AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
      AND NOT EXISTS (
        SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype = 'e')
    ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`);
  const sequences: SequenceContent[] = [];
  for (let start = 0; start < names.length; start += 200) {
    const some = names.slice(start, start + 200);
    const { rows } = await client.query<{ i: number; last: string; called: boolean }>(
      some
        .map((s, i) => `SELECT ${i} AS i, last_value AS last, is_called AS called FROM ${s.quoted}`)
        .join(' UNION ALL '),
    );
    for (const { i, last, called } of rows) {
      const { schema, name } = some[i] ?? { schema: '', name: '' };
      sequences[start + i] = { schema, name, last, called };
    }
  }
  return sequences;
}

async function readDatabase(client: ClientBase): Promise<Content['database']> {
  const { rows } = await client.query<Omit<Content['database'], 'settings' | 'bytes'> & { bytes: string }>(`
    SELECT
      d.datname AS name,
      pg_get_userbyid(d.datdba)::text AS owner,
      pg_encoding_to_char(d.encoding)::text AS encoding,
      d.datcollate::text AS collate,
      d.datctype::text AS ctype,
      CASE to_jsonb(d) ->> 'datlocprovider' WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END AS provider,
      coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale') AS locale,
      shobj_description(d.oid, 'pg_database') AS comment,
      pg_database_size(d.oid) AS bytes,
      coalesce((
        SELECT string_agg(g.who || ': ' || g.may, '; ' ORDER BY g.who COLLATE "C")
        FROM (
          ${grantsOf("aclexplode(coalesce(d.datacl, acldefault('d', d.datdba)))")}
        ) AS g
      ), 'none') AS privileges
    FROM pg_database d
    WHERE d.datname = current_database()`);
  const { rows: settings } = await client.query<{ role: string | null; setting: string }>(`
    SELECT r.rolname::text AS role, unnest(s.setconfig) AS setting
    FROM pg_db_role_setting s
    LEFT JOIN pg_roles r ON r.oid = s.setrole
    WHERE s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
    ORDER BY 1 NULLS FIRST, 2`);
  const [database] = rows;
  if (database === undefined) throw new Error('current_database() is not in pg_database');
  return { ...database, settings, bytes: Number(database.bytes) };
}

/** lo_get needs no right on pg_largeobject, which is closed to owners; pieces keep memory constant. */
async function readLargeObjects(client: ClientBase): Promise<Content['largeObjects']> {
  const { rows } = await client.query<{ count: string; hash: string }>(`
    WITH RECURSIVE piece (oid, number, length, hash) AS (
      SELECT l.oid, 0, p.length, p.hash
      FROM pg_largeobject_metadata l
      CROSS JOIN LATERAL (
        SELECT octet_length(d) AS length, encode(sha256(d), 'hex') AS hash FROM lo_get(l.oid, 0, ${PIECE}) AS d) AS p
      UNION ALL
      SELECT s.oid, s.number + 1, p.length, p.hash
      FROM piece s
      CROSS JOIN LATERAL (
        SELECT octet_length(d) AS length, encode(sha256(d), 'hex') AS hash
        FROM lo_get(s.oid, (s.number + 1)::bigint * ${PIECE}, ${PIECE}) AS d) AS p
      WHERE s.length = ${PIECE}
    )
    SELECT count(DISTINCT oid) AS count, coalesce(sum(hashtextextended(concat_ws(':', oid, number, length, hash), 0)), 0) AS hash
    FROM piece`);
  const { count = '0', hash = '0' } = rows[0] ?? {};
  return { count: Number(count), hash };
}

async function readExtensions(client: ClientBase): Promise<Content['extensions']> {
  const { rows } = await client.query<Content['extensions'][number]>(`
    SELECT e.extname::text AS name, n.nspname::text AS schema, e.extversion AS version
    FROM pg_extension e
    JOIN pg_namespace n ON n.oid = e.extnamespace
    ORDER BY e.extname COLLATE "C"`);
  return rows;
}

/** The server notes each use of a role by an object of this database; the bootstrap superuser's it leaves out. */
async function readRoles(client: ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ role: string }>(`
    SELECT r.rolname::text AS role
    FROM pg_roles r
    WHERE r.oid IN (
      SELECT s.refobjid
      FROM pg_shdepend s
      JOIN pg_database d ON d.datname = current_database()
      WHERE s.refclassid = 'pg_authid'::regclass
        AND (s.dbid = d.oid OR s.classid = 'pg_database'::regclass AND s.objid = d.oid)
      UNION SELECT datdba FROM pg_database WHERE datname = current_database()
      UNION SELECT setrole FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase AND d.datname = current_database()
      UNION SELECT c.relowner FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname !~ '^pg_'
    ) AND r.rolname <> 'pg_database_owner'
    ORDER BY r.rolname COLLATE "C"`);
  return rows.map(({ role }) => role);
}
