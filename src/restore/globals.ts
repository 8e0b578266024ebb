/**
 * Makes the roles that a backup's `.globals.sql` states and this server lacks. The file is read, never run: a role that exists is never
 * changed, and a new one can do nothing until somebody says so: it may not log in, has no password and no right of the server.
 */
import type { ClientBase } from 'pg';
import { findBackup } from '../backup/catalogue.ts';
import { companionName } from '../backup/name.ts';
import { Failure } from '../failure.ts';
import { quoteIdentifier } from '../postgres/connection.ts';
import { type Report, silent } from '../progress.ts';
import type { Settings } from '../settings.ts';
import { openStore } from '../store/store.ts';
import { administer } from './database.ts';

export type RestoreGlobalsOptions = {
  /** The backup's name; the newest one without it. */
  backup?: string | undefined;
  /** Makes these alone, also where the file does not state them. */
  only?: readonly string[] | undefined;
  report?: Report;
  signal?: AbortSignal | undefined;
};

export type RestoredGlobals = {
  backup: string;
  /** Roles that were made, NOLOGIN and without password. */
  made: string[];
  /** Roles of the file that exist, and were left as they are. */
  present: string[];
  /** Memberships that were granted, to roles that were made: `reader to app`. */
  granted: string[];
  /** What the file states and was not done, each with its reason in words. */
  withheld: string[];
};

export type StatedRole = { name: string; attributes: string[] };
export type StatedGlobals = { roles: StatedRole[]; members: { group: string; member: string; admin: boolean }[] };

/** What makes a role mighty; a file in a bucket is no reason to give it. */
const MIGHTY = ['SUPERUSER', 'CREATEROLE', 'CREATEDB', 'LOGIN', 'REPLICATION', 'BYPASSRLS'];
const NAME = String.raw`("(?:[^"]|"")+"|[^\s";,]+)`;

/**
 * In one transaction: all or none.
 * @throws Failure globals-missing, roles-refused, backup-not-found, no-backups and those of the store and the server
 */
export async function restoreGlobals(
  settings: Settings,
  options: RestoreGlobalsOptions = {},
): Promise<RestoredGlobals> {
  const { only, report = silent, signal } = options;
  const store = openStore(settings.store);
  const backup = await findBackup(store, settings.postgres.database, options.backup, { signal });
  if (!backup.globals && only === undefined) throw new Failure('globals-missing', { backup: backup.name });
  const text = backup.globals ? await store.getText(companionName(backup.name, 'globals'), { signal }) : '';
  const stated = parseGlobals(text);
  report({ kind: 'stage', title: 'Making the roles that are missing' });
  await using client = await administer(settings.postgres, signal);
  const { rows } = await client.query<{ name: string }>('SELECT rolname::text AS name FROM pg_roles');
  const exists = new Set(rows.map(({ name }) => name));
  const known = new Map(stated.roles.map((role) => [role.name, role]));
  const wanted = (only ?? [...known.keys()]).map((name) => known.get(name) ?? { name, attributes: [] });
  const made = wanted.filter(({ name }) => !exists.has(name) && !name.startsWith('pg_'));
  const names = new Set(made.map(({ name }) => name));
  const memberships = stated.members.filter(({ member }) => names.has(member));
  const granted = memberships.filter(({ group }) => exists.has(group) || names.has(group));
  try {
    await client.query('BEGIN READ WRITE');
    await make(client, made, granted);
    await client.query('COMMIT');
  } catch (cause) {
    signal?.throwIfAborted();
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new Failure('roles-refused', { roles: [...names].join(', '), message }, { cause });
  }
  return {
    backup: backup.name,
    made: [...names],
    present: wanted.filter(({ name }) => exists.has(name)).map(({ name }) => name),
    granted: granted.map(({ group, member }) => `${group} to ${member}`),
    withheld: [
      ...made.flatMap(({ name, attributes }) => {
        const mighty = attributes.filter((one) => MIGHTY.includes(one));
        return mighty.length === 0 ? [] : [`${name}: ${mighty.join(', ')}, which only a person gives`];
      }),
      ...stated.members
        .filter(({ group, member }) => names.has(group) && !names.has(member))
        .map(
          ({ group, member }) =>
            `${group} to ${member}: ${exists.has(member) ? 'that role exists, and is never changed' : 'there is no such role'}`,
        ),
      ...memberships
        .filter((one) => !granted.includes(one))
        .map(({ group, member }) => `${group} to ${member}: there is no role ${group}`),
    ],
  };
}

/** Pure: what `CREATE ROLE`, `ALTER ROLE … WITH` and `GRANT … TO` of pg_dumpall say; all else is passed over. */
export function parseGlobals(sql: string): StatedGlobals {
  const roles = new Map<string, StatedRole>();
  for (const [, name = ''] of sql.matchAll(new RegExp(`^CREATE ROLE ${NAME};$`, 'gm')))
    roles.set(plain(name), { name: plain(name), attributes: [] });
  for (const [, name = '', words = ''] of sql.matchAll(new RegExp(`^ALTER ROLE ${NAME} WITH ([^;]*);$`, 'gm')))
    roles.get(plain(name))?.attributes.push(...words.split(' ').filter((word) => /^[A-Z]+$/.test(word)));
  const grants = sql.matchAll(
    new RegExp(`^GRANT ${NAME} TO ${NAME}(?: WITH ([A-Z, ]*?))?(?: GRANTED BY ${NAME})?;$`, 'gm'),
  );
  const members = [...grants].map(([, group = '', member = '', how = '']) => ({
    group: plain(group),
    member: plain(member),
    admin: /ADMIN (OPTION|TRUE)/.test(how),
  }));
  return { roles: [...roles.values()], members };
}

async function make(client: ClientBase, roles: StatedRole[], granted: StatedGlobals['members']): Promise<void> {
  for (const { name, attributes } of roles) {
    const inherit = attributes.includes('NOINHERIT') ? ' NOINHERIT' : '';
    await client.query(`CREATE ROLE ${quoteIdentifier(name)} NOLOGIN${inherit}`);
  }
  for (const { group, member, admin } of granted) {
    const grant = `GRANT ${quoteIdentifier(group)} TO ${quoteIdentifier(member)}`;
    await client.query(admin ? `${grant} WITH ADMIN OPTION` : grant);
  }
}

function plain(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}
