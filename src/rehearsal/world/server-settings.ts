/** What was set with ALTER SYSTEM, read and set again as it was. */
import { assignment } from '../../lab/scenarios/database.ts';
import { type Client, quoteIdentifier } from '../../postgres/connection.ts';

export async function readServerSettings(server: Client): Promise<Map<string, string>> {
  const { rows } = await server.query<{ name: string; setting: string }>(`
    SELECT name, setting FROM pg_file_settings WHERE sourcefile LIKE '%postgresql.auto.conf' ORDER BY name`);
  return new Map(rows.map(({ name, setting }) => [name, setting]));
}

export async function resetServerSettings(server: Client, wanted: ReadonlyMap<string, string>): Promise<void> {
  const now = await readServerSettings(server);
  const changed = [...new Set([...now.keys(), ...wanted.keys()])].filter((name) => now.get(name) !== wanted.get(name));
  for (const name of changed) {
    const value = wanted.get(name);
    if (value === undefined) await server.query(`ALTER SYSTEM RESET ${quoteIdentifier(name)}`);
    else await server.query(`ALTER SYSTEM SET ${assignment(`${name}=${value}`)}`);
  }
  if (changed.length > 0) await server.query('SELECT pg_reload_conf()');
}
