/** Makes the world again as it was: databases, roles, server settings, objects. */
import { connectAdmin } from '../../lab/scenarios/admin.ts';
import { applyProperties, copyDatabase, dropDatabase, listDatabases } from '../../lab/scenarios/database.ts';
import { type Client, quoteIdentifier } from '../../postgres/connection.ts';
import { openStore } from '../../store/store.ts';
import { type KeptDatabase, markOf, visibleDatabases } from './kept.ts';
import { connectMaintenance } from './maintenance.ts';
import { resetObjects } from './objects.ts';
import type { Observed } from './observe.ts';
import { resetRoles } from './roles.ts';
import { resetServerSettings } from './server-settings.ts';
import type { World } from './types.ts';

/**
 * Takes a second or two for a small database.
 * @throws Failure postgres-unreachable, store-unreachable
 */
export async function resetWorld(world: Resettable, signal?: AbortSignal): Promise<void> {
  await resetWithoutApplication(world, signal);
  if (world.kept.application) await world.lab.services.backend.start();
}

type Resettable = Pick<World, 'lab' | 'settings' | 'kept'>;

/** Leaves the application stopped: whoever makes a state next needs the databases for himself. */
export async function resetWithoutApplication(world: Resettable, signal?: AbortSignal): Promise<void> {
  const { lab, settings, kept } = world;
  await lab.services.backend.stop();
  for (const service of [lab.services.postgres, lab.services.minio])
    if (!(await service.running())) await service.start();
  await Promise.all([resetServer(world, signal), resetObjects(openStore(settings.store), kept)]);
}

async function resetServer(world: Observed, signal?: AbortSignal): Promise<void> {
  const { kept } = world;
  {
    await using server = await connectMaintenance(world.settings.postgres, signal);
    await resetServerSettings(server, kept.server);
    const filled = kept.databases.filter(({ holdsTables }) => holdsTables);
    const others = new Set(
      kept.databases.filter(({ holdsTables }) => !holdsTables).map(({ properties }) => properties.name),
    );
    for (const { name } of await visibleDatabases(server, kept))
      if (!others.has(name)) await dropDatabase(server, name);
    await resetRoles(server, kept.roles, (role) => removeOwned(world, server, role));
    for (const database of filled) await remake(server, database);
  }
  // One at a time, each from a session in another database: the one that we are in cannot be dropped.
  for (const database of kept.databases.filter(({ holdsTables }) => !holdsTables))
    if (await isChanged(world, database)) {
      const other = database.properties.name === 'postgres' ? 'template1' : 'postgres';
      await using server = await connectAdmin(world.settings.postgres, other, signal);
      await dropDatabase(server, database.properties.name);
      await remake(server, database);
    }
}

async function remake(server: Client, { properties, template }: KeptDatabase): Promise<void> {
  await copyDatabase(server, template, properties.name);
  await applyProperties(server, properties.name, properties);
}

async function isChanged({ settings }: Observed, { properties, mark }: KeptDatabase): Promise<boolean> {
  await using server = await connectMaintenance(settings.postgres);
  const now = (await listDatabases(server)).find(({ name }) => name === properties.name);
  if (now === undefined || JSON.stringify({ ...now, oid: 0 }) !== JSON.stringify({ ...properties, oid: 0 }))
    return true;
  await using client = await connectAdmin(settings.postgres, properties.name);
  return (await markOf(client)).all !== mark;
}

/** What a role still owns or may do in the databases that stay; everything else was dropped with its database. */
async function removeOwned({ settings, kept }: Observed, server: Client, role: string): Promise<void> {
  for (const { name, owner, allowsConnections } of await visibleDatabases(server, kept)) {
    if (owner === role) await server.query(`ALTER DATABASE ${quoteIdentifier(name)} OWNER TO CURRENT_USER`);
    if (!allowsConnections) continue;
    await using client = await connectAdmin(settings.postgres, name);
    await client.query(`DROP OWNED BY ${quoteIdentifier(role)} CASCADE`);
  }
}
