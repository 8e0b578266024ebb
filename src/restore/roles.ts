/** The roles that a backup needs, and those that the server lacks. */
import type { ClientBase } from 'pg';
import type { Brought } from './brought.ts';
import { rolesOfProperties } from './properties.ts';
import { readStated } from './stated.ts';

/** In the order of their names. Of SQL without a manifest nothing is known before it is run. */
export async function missingRoles(
  client: ClientBase,
  brought: Pick<Brought, 'manifest' | 'archive' | 'contents'>,
  signal: AbortSignal,
): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>('SELECT rolname::text AS name FROM pg_roles');
  const present = new Set(rows.map(({ name }) => name));
  return [...(await needed(brought, signal))].filter((role) => !present.has(role)).sort();
}

async function needed(
  { manifest, archive, contents }: Pick<Brought, 'manifest' | 'archive' | 'contents'>,
  signal: AbortSignal,
): Promise<Set<string>> {
  if (manifest !== undefined)
    return new Set([...manifest.content.roles, ...rolesOfProperties(manifest.content.database)]);
  if (archive.head.format === 'plain') return new Set();
  const { owners, grants } = await readStated(archive, contents.entries, signal);
  const grantees = [...grants.values()].flatMap((roles) => [...roles.keys()]);
  return new Set([...owners.values(), ...grantees].filter((role) => role !== 'PUBLIC'));
}
