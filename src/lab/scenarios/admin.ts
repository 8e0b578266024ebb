/** A superuser's session for putting things in a state: it works while the server is read-only and never waits long. */
import { type Client, connect } from '../../postgres/connection.ts';
import type { Settings } from '../../settings.ts';

/** @throws Failure postgres-unreachable, postgres-auth, database-missing */
export async function connectAdmin(
  settings: Settings['postgres'],
  database: string,
  signal?: AbortSignal,
): Promise<Client> {
  await using stack = new AsyncDisposableStack();
  const client = stack.use(await connect(settings, { database, signal }));
  await client.query(
    `SET default_transaction_read_only = off; SET lock_timeout = '30s'; SET client_min_messages = warning`,
  );
  // From here on the session is the caller's.
  stack.move();
  return client;
}
