/**
 * Policies name roles, and a server that a drill runs on may lack them: CREATE POLICY would fail, and with it the drill of a
 * good backup. Such policies are made for the current user instead, and their roles are taken from the archive's words.
 */
import type { ClientBase } from 'pg';
import type { Content } from '../postgres/content.ts';
import type { TocEntry } from './contents.ts';

/** As pg_dump writes it, on one line up to the conditions. */
const FORM =
  /^CREATE POLICY (?<name>"(?:[^"]|"")+"|\S+) ON (?<table>(?:"(?:[^"]|"")+"|[^".\s]+)\.(?:"(?:[^"]|"")+"|[^".\s]+))(?<how>(?: AS RESTRICTIVE)?(?: FOR \w+)?)(?: TO (?<roles>(?:"(?:[^"]|"")+"|[^"\s,]+)(?:, (?:"(?:[^"]|"")+"|[^"\s,]+))*))?(?= USING \(| WITH CHECK \(|;)/;

export type StatedPolicy = {
  /** As `Thing.name`: `own on public.documents`. */
  name: string;
  /** Quoted where needed. */
  roles: string[];
  /** The statement, for the current user. */
  statement: string;
};

/** Entries that make policies, and comments on them. */
export function isOfPolicy(entry: TocEntry): boolean {
  return entry.kind === 'POLICY' || (entry.kind === 'COMMENT' && /^\S+ POLICY /.test(entry.rest));
}

/** Reads the statements of pg_restore's SQL. */
export function statedPolicies(sql: string): StatedPolicy[] {
  return sql.split(/\n(?=CREATE POLICY )/).flatMap((text) => {
    const match = FORM.exec(text);
    if (match?.groups === undefined) return [];
    const { name = '', table = '', how = '', roles = '' } = match.groups;
    const rest = text.slice(match[0].length).replace(/;\s*(--[\s\S]*)?$/, ';');
    const statement = `CREATE POLICY ${name} ON ${table}${how} TO CURRENT_USER${rest}`;
    return [{ name: `${name} on ${table}`, roles: roles === '' ? [] : roles.split(', ').sort(), statement }];
  });
}

/** The policies that name a role which is none of `present`. */
export function lackingRoles(policies: readonly StatedPolicy[], present: ReadonlySet<string>): StatedPolicy[] {
  return policies.filter((policy) => policy.roles.some((role) => !present.has(plain(role))));
}

export async function makePolicies(client: ClientBase, policies: readonly StatedPolicy[]): Promise<void> {
  for (const policy of policies) await client.query(policy.statement);
}

/** Puts the roles that the archive states into what was read of the restored database. */
export function withStatedRoles(objects: Content['objects'], policies: readonly StatedPolicy[]): Content['objects'] {
  const stated = new Map(policies.map((policy) => [policy.name, policy.roles.join(', ') || 'public']));
  const things = objects.policy.things.map((thing) => {
    const roles = stated.get(thing.name);
    return roles === undefined ? thing : { ...thing, state: thing.state?.replace(/to .*$/, () => `to ${roles}`) ?? '' };
  });
  return { ...objects, policy: { ...objects.policy, things } };
}

function plain(identifier: string): string {
  return identifier.startsWith('"') ? identifier.slice(1, -1).replaceAll('""', '"') : identifier;
}
