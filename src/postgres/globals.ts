/**
 * The roles of a server as SQL, without any password: pg_dumpall where it may connect, and what every role can read from within the
 * backup's own database elsewhere. Which of the two it was stands in the first line.
 */
import { join } from 'node:path';
import { Failure } from '../failure.ts';
import { lastLines, run } from '../process.ts';
import type { Settings } from '../settings.ts';
import { connect, environmentOf, quoteIdentifier } from './connection.ts';
import type { PostgresPrograms } from './programs.ts';

export type Globals = { sql: string; by: 'pg_dumpall' | 'catalog' } | { refused: string };

/** What looks like a password's hash, wherever it stands (a comment, a setting): such a line is left out. */
const SECRET = /SCRAM-SHA-256\$|\bmd5[0-9a-f]{32}\b|\bPASSWORD\s+(?:E?'|NULL)/i;

/** Roles, their settings and memberships (of pg_dumpall tablespaces too); or why they could not be read. */
export async function dumpGlobals(
  settings: Settings['postgres'],
  programs: PostgresPrograms,
  signal?: AbortSignal,
): Promise<Globals> {
  const dumped = await byProgram(settings, programs, signal);
  if ('sql' in dumped)
    return {
      sql: `-- Roles as pg_dumpall read them, without passwords\n${withoutSecrets(dumped.sql)}`,
      by: 'pg_dumpall',
    };
  try {
    const sql = await readRoles(settings, signal);
    const why = dumped.refused.replaceAll(/\s+/g, ' ');
    return {
      sql: `-- Roles as every user can read them, without passwords (pg_dumpall could not: ${withoutSecrets(why)})\n${withoutSecrets(sql)}`,
      by: 'catalog',
    };
  } catch (error) {
    signal?.throwIfAborted();
    return { refused: `${dumped.refused}; ${error instanceof Error ? error.message : String(error)}` };
  }
}

/** Pure. */
export function withoutSecrets(sql: string): string {
  return sql
    .split('\n')
    .filter((line) => !SECRET.test(line))
    .join('\n');
}

async function byProgram(
  settings: Settings['postgres'],
  programs: PostgresPrograms,
  signal: AbortSignal | undefined,
): Promise<{ sql: string } | { refused: string }> {
  const args = ['--globals-only', '--no-role-passwords', '--no-password'];
  try {
    const ran = await run(join(programs.bin, 'pg_dumpall'), args, {
      env: environmentOf(settings),
      timeout: 120_000,
      ...(signal === undefined ? {} : { signal }),
    });
    return ran.status === 0 ? { sql: ran.stdout } : { refused: lastLines(ran.stderr) };
  } catch (error) {
    if (error instanceof Failure) return { refused: error.message };
    throw error;
  }
}

type Role = { name: string; attributes: string };
type Membership = { group: string; member: string; admin: boolean };

/** pg_roles and pg_auth_members are open to every role, and hold no password. */
async function readRoles(settings: Settings['postgres'], signal: AbortSignal | undefined): Promise<string> {
  await using client = await connect(settings, { signal });
  const { rows: roles } = await client.query<Role>(`
    SELECT rolname::text AS name, concat_ws(' ',
      CASE WHEN rolsuper THEN 'SUPERUSER' ELSE 'NOSUPERUSER' END,
      CASE WHEN rolinherit THEN 'INHERIT' ELSE 'NOINHERIT' END,
      CASE WHEN rolcreaterole THEN 'CREATEROLE' ELSE 'NOCREATEROLE' END,
      CASE WHEN rolcreatedb THEN 'CREATEDB' ELSE 'NOCREATEDB' END,
      CASE WHEN rolcanlogin THEN 'LOGIN' ELSE 'NOLOGIN' END,
      CASE WHEN rolreplication THEN 'REPLICATION' ELSE 'NOREPLICATION' END,
      CASE WHEN rolbypassrls THEN 'BYPASSRLS' ELSE 'NOBYPASSRLS' END) AS attributes
    FROM pg_roles WHERE rolname !~ '^pg_' ORDER BY rolname COLLATE "C"`);
  const { rows: members } = await client.query<Membership>(`
    SELECT pg_get_userbyid(roleid)::text AS "group", pg_get_userbyid(member)::text AS member, bool_or(admin_option) AS admin
    FROM pg_auth_members WHERE pg_get_userbyid(member) !~ '^pg_' GROUP BY 1, 2 ORDER BY 1, 2`);
  const name = quoteIdentifier;
  return [
    ...roles.map((role) => `CREATE ROLE ${name(role.name)};`),
    ...roles.map((role) => `ALTER ROLE ${name(role.name)} WITH ${role.attributes};`),
    ...members.map(
      ({ group, member, admin }) => `GRANT ${name(group)} TO ${name(member)}${admin ? ' WITH ADMIN OPTION' : ''};`,
    ),
    '',
  ].join('\n');
}
