/** Looks at everything that a page could have changed, from outside and without changing anything. */
import { createHash } from 'node:crypto';
import { Failure } from '../../failure.ts';
import type { DatabaseProperties } from '../../lab/scenarios/database.ts';
import type { Client } from '../../postgres/connection.ts';
import type { Content } from '../../postgres/content.ts';
import { readContent } from '../../postgres/fingerprint.ts';
import { openStore } from '../../store/store.ts';
import { markOf, visibleDatabases } from './kept.ts';
import { lookInto } from './look.ts';
import { connectMaintenance } from './maintenance.ts';
import { describeRole, readRoles } from './roles.ts';
import { readServerSettings } from './server-settings.ts';
import type { Observation, ObservedDatabase, ObservedObject, World } from './types.ts';

export type Observed = Pick<World, 'settings' | 'kept'>;

/**
 * Reads the whole content of every database of the server but the world's own copies.
 * @throws Failure postgres-unreachable, postgres-auth
 */
export async function observe(world: Observed, signal?: AbortSignal): Promise<Observation> {
  const { settings, kept } = world;
  await using server = await connectMaintenance(settings.postgres, signal);
  const databases: ObservedDatabase[] = [];
  for (const properties of await visibleDatabases(server, kept))
    databases.push(await observeDatabase(world, properties, signal));
  return {
    databases,
    roles: (await readRoles(server)).map(describeRole),
    server: [...(await readServerSettings(server))].map(([name, value]) => `${name} = ${value}`),
    objects: await observeObjects(world),
  };
}

/**
 * Equal digests mean equal content, owners, privileges, settings and comment. Left out are the database's name, and its
 * size on disk, which housekeeping changes.
 */
export function digestOf(content: Content): string {
  const nameless = { ...content, database: { ...content.database, name: '', bytes: 0 } };
  return createHash('sha256').update(JSON.stringify(nameless)).digest('hex');
}

export async function readDatabaseContent(client: Client): Promise<Content> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    return await readContent(client);
  } finally {
    await client.query('ROLLBACK').catch(() => {});
  }
}

async function observeDatabase(
  { settings }: Observed,
  { name, oid, comment, allowsConnections, connectionLimit }: DatabaseProperties,
  signal: AbortSignal | undefined,
): Promise<ObservedDatabase> {
  const seen = { name, oid, comment, allowsConnections, connectionLimit };
  // -2: a DROP DATABASE that did not get to its end (15.4 and newer); nothing can connect any more.
  if (connectionLimit === -2) return { ...seen, mark: 'invalid', digest: 'invalid', content: undefined };
  const look = async (client: Client) => ({ content: await readDatabaseContent(client), ...(await markOf(client)) });
  const { content, made } = await lookInto(settings.postgres, seen, look, signal);
  return { ...seen, mark: `${oid} ${made}`, digest: digestOf(content), content };
}

async function observeObjects({ settings }: Observed): Promise<ObservedObject[] | undefined> {
  const objects: ObservedObject[] = [];
  try {
    for await (const { name, size, modified } of openStore(settings.store).list(''))
      objects.push({ name, size, modified: modified.toISOString() });
  } catch (error) {
    if (error instanceof Failure && error.code === 'store-unreachable') return undefined;
    throw error;
  }
  return objects;
}
