/** The roles of a lab's server, beside the superuser that initdb makes. */
import { type Client, quoteIdentifier } from '../../postgres/connection.ts';
import { APPLICATION } from './backend.ts';
import { PLAIN_OWNER } from './readers.ts';
import type { State } from './state.ts';

/** Reads for reports; nobody logs in as it. It is the "second role" to which the sample grants. */
export const REPORT = 'freshtrack_report';

/** Passwords are letters and digits (state.ts), so they need no escaping. */
export async function createRoles(client: Client, state: State): Promise<void> {
  await client.query(`
    CREATE ROLE ${quoteIdentifier(APPLICATION)} LOGIN PASSWORD '${state.secrets.application}';
    CREATE ROLE ${quoteIdentifier(REPORT)} NOLOGIN;
    CREATE ROLE ${quoteIdentifier(PLAIN_OWNER)} LOGIN CREATEDB PASSWORD '${state.secrets.plainOwner}';
    GRANT pg_signal_backend TO ${quoteIdentifier(PLAIN_OWNER)};
  `);
}
