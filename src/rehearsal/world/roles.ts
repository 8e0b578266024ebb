/** The roles of a server, read and made again as they were: attributes, passwords, memberships, settings. */
import { assignment, literal } from '../../lab/scenarios/database.ts';
import { type Client, quoteIdentifier } from '../../postgres/connection.ts';

export type Role = {
  oid: number;
  name: string;
  /** As CREATE ROLE takes them, e.g. `LOGIN NOSUPERUSER … CONNECTION LIMIT -1`. */
  attributes: string;
  /** The verifier, not the password itself; null: none. */
  verifier: string | null;
  validUntil: string | null;
  comment: string | null;
  memberOf: { role: string; admin: boolean }[];
  /** `ALTER ROLE … SET`, for all databases. */
  settings: string[];
};

const ROLES = `
SELECT a.oid::int AS oid, a.rolname AS name,
       concat_ws(' ',
         CASE WHEN rolsuper THEN 'SUPERUSER' ELSE 'NOSUPERUSER' END, CASE WHEN rolinherit THEN 'INHERIT' ELSE 'NOINHERIT' END,
         CASE WHEN rolcreaterole THEN 'CREATEROLE' ELSE 'NOCREATEROLE' END, CASE WHEN rolcreatedb THEN 'CREATEDB' ELSE 'NOCREATEDB' END,
         CASE WHEN rolcanlogin THEN 'LOGIN' ELSE 'NOLOGIN' END, CASE WHEN rolreplication THEN 'REPLICATION' ELSE 'NOREPLICATION' END,
         CASE WHEN rolbypassrls THEN 'BYPASSRLS' ELSE 'NOBYPASSRLS' END, 'CONNECTION LIMIT', rolconnlimit) AS attributes,
       rolpassword AS verifier, rolvaliduntil::text AS "validUntil", shobj_description(a.oid, 'pg_authid') AS comment,
       coalesce((SELECT json_agg(json_build_object('role', g.rolname, 'admin', m.admin_option) ORDER BY g.rolname)
                   FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid WHERE m.member = a.oid), '[]') AS "memberOf",
       coalesce((SELECT setconfig FROM pg_db_role_setting WHERE setrole = a.oid AND setdatabase = 0), '{}') AS settings
  FROM pg_authid a
 WHERE a.rolname !~ '^pg_'
 ORDER BY a.rolname`;

export async function readRoles(server: Client): Promise<Role[]> {
  return (await server.query<Role>(ROLES)).rows;
}

/** One line without the password's verifier, to compare and to show. */
export function describeRole({ name, attributes, memberOf, settings, validUntil, comment }: Role): string {
  const groups = memberOf.map(({ role, admin }) => (admin ? `${role}*` : role)).join(', ');
  return [name, attributes, `member of ${groups || 'none'}`, ...settings, validUntil, comment]
    .filter(Boolean)
    .join(' · ');
}

/** Removes roles that are not wanted, makes missing ones, and gives each what it had. */
export async function resetRoles(
  server: Client,
  wanted: Role[],
  removeOwned: (role: string) => Promise<void>,
): Promise<void> {
  const names = new Set(wanted.map(({ name }) => name));
  const byOid = new Map(wanted.map((role) => [role.oid, role]));
  const renamed: Role[] = [];
  for (const role of await readRoles(server)) {
    if (names.has(role.name) && byOid.get(role.oid)?.name === role.name) continue;
    if (byOid.has(role.oid)) renamed.push(role);
    else if (!names.has(role.name) || wanted.some(({ oid, name }) => name === role.name && oid !== role.oid))
      await drop(server, role.name, removeOwned);
  }
  for (const role of renamed)
    await server.query(
      `ALTER ROLE ${quoteIdentifier(role.name)} RENAME TO ${quoteIdentifier(byOid.get(role.oid)?.name ?? '')}`,
    );
  const present = new Map((await readRoles(server)).map((role) => [role.name, role]));
  for (const role of wanted)
    if (!present.has(role.name)) {
      await server.query(`CREATE ROLE ${quoteIdentifier(role.name)}`);
      const [made] = (await readRoles(server)).filter(({ name }) => name === role.name);
      role.oid = made?.oid ?? role.oid;
    }
  for (const role of wanted) await restore(server, role, present.get(role.name));
}

async function drop(server: Client, name: string, removeOwned: (role: string) => Promise<void>): Promise<void> {
  await removeOwned(name);
  await server.query(`DROP ROLE ${quoteIdentifier(name)}`);
}

async function restore(server: Client, role: Role, now: Role | undefined): Promise<void> {
  const name = quoteIdentifier(role.name);
  if (now === undefined || JSON.stringify({ ...now, oid: 0 }) !== JSON.stringify({ ...role, oid: 0 })) {
    const until = role.validUntil === null ? 'infinity' : role.validUntil;
    const password = role.verifier === null ? 'NULL' : literal(role.verifier);
    const valid = role.validUntil === null && (now?.validUntil ?? null) === null ? '' : `VALID UNTIL ${literal(until)}`;
    await server.query(`ALTER ROLE ${name} ${role.attributes} PASSWORD ${password} ${valid}`);
    await server.query(`COMMENT ON ROLE ${name} IS ${role.comment === null ? 'NULL' : literal(role.comment)}`);
    await server.query(`ALTER ROLE ${name} RESET ALL`);
    for (const setting of role.settings) await server.query(`ALTER ROLE ${name} SET ${assignment(setting)}`);
    for (const group of now?.memberOf ?? []) await server.query(`REVOKE ${quoteIdentifier(group.role)} FROM ${name}`);
    for (const { role: group, admin } of role.memberOf)
      await server.query(`GRANT ${quoteIdentifier(group)} TO ${name}${admin ? ' WITH ADMIN OPTION' : ''}`);
  }
}
