/** Restores an archive, with those policies set apart that name roles which this server lacks. */
import type { ClientBase } from 'pg';
import { Failure } from '../failure.ts';
import { connect } from '../postgres/connection.ts';
import type { Settings } from '../settings.ts';
import type { Contents } from './contents.ts';
import { isOfPolicy, lackingRoles, makePolicies, type StatedPolicy, statedPolicies } from './policies.ts';
import { type RestoreOptions, restoreArchive, sqlOf } from './restore.ts';

type Target = { settings: Settings['postgres']; database: string; admin: ClientBase };
type Options = Omit<RestoreOptions, 'entries'> & {
  contents: Contents | undefined;
  /** The roles that the backup needs, where a manifest tells. */
  roles: readonly string[] | undefined;
};

/** @returns `fault` as of restoreArchive; `policies` that were made without their roles */
export async function restoreWithPolicies(
  { settings, database, admin }: Target,
  file: string,
  options: Options,
): Promise<{ fault: string | undefined; policies: StatedPolicy[] }> {
  const { contents, roles, ...rest } = options;
  const ofPolicies = contents?.entries.filter(isOfPolicy) ?? [];
  const present = await rolesOf(admin);
  const complete = roles?.every((role) => present.has(role)) ?? false;
  if (ofPolicies.length === 0 || complete)
    return { fault: await restoreArchive(settings, database, file, rest), policies: [] };

  const policies = statedPolicies(await sqlOf(file, ofPolicies, options));
  const lacking = lackingRoles(policies, present);
  if (lacking.length === 0) return { fault: await restoreArchive(settings, database, file, rest), policies: [] };
  const apart = new Set(ofPolicies);
  const entries = contents?.entries.filter((entry) => !apart.has(entry));
  const fault = await restoreArchive(settings, database, file, { ...rest, entries });
  if (fault !== undefined) return { fault, policies: [] };
  await using client = await connect(settings, { database, signal: options.signal });
  try {
    await makePolicies(client, policies);
  } catch (cause) {
    options.signal?.throwIfAborted();
    throw new Failure('restore-failed', { message: cause instanceof Error ? cause.message : String(cause) }, { cause });
  }
  return { fault: undefined, policies };
}

async function rolesOf(client: ClientBase): Promise<Set<string>> {
  const { rows } = await client.query<{ name: string }>('SELECT rolname::text AS name FROM pg_roles');
  return new Set(rows.map(({ name }) => name));
}
