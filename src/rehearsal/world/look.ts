import { connectAdmin } from '../../lab/scenarios/admin.ts';
import { type Client, quoteIdentifier } from '../../postgres/connection.ts';
import type { Settings } from '../../settings.ts';
import { connectMaintenance } from './maintenance.ts';

/** Looks into a database. One that was closed for a swap holds content all the same; it is opened for this look alone. */
export async function lookInto<T>(
  settings: Settings['postgres'],
  { name, allowsConnections }: { name: string; allowsConnections: boolean },
  look: (client: Client) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  await using stack = new AsyncDisposableStack();
  if (!allowsConnections) {
    const server = stack.use(await connectMaintenance(settings, signal));
    const allow = (may: boolean) => server.query(`ALTER DATABASE ${quoteIdentifier(name)} ALLOW_CONNECTIONS ${may}`);
    await allow(true);
    stack.defer(async () => void (await allow(false)));
  }
  await using client = await connectAdmin(settings, name, signal);
  return await look(client);
}
