/** The reader's environment: the lab's, with a home folder and a folder for temporary files of this scenario alone. */
import { join } from 'node:path';
import type { Reader } from '../../lab/local/readers.ts';
import type { Change } from '../../lab/scenarios/scenario.ts';
import { quoteIdentifier } from '../../postgres/connection.ts';
import type { World } from './types.ts';

/** Copies the home folder to `work`/home, so that what a page writes into it is gone with the scenario. */
export async function readerFor(
  { lab, settings, database }: World,
  reader: Reader,
  work: string,
  alter: Change['alterReader'],
): Promise<Record<string, string>> {
  const given = lab.environment(reader);
  const [home, was] = [join(work, 'home'), given.HOME ?? ''];
  await lab.toolbox.copyHome(reader, home);
  const there = lab.toolbox.folders(work);
  const moved = Object.entries(given).map(([name, value]) =>
    value === was || value.startsWith(`${was}/`) ? [name, there.home + value.slice(was.length)] : [name, value],
  );
  const environment: Record<string, string> = { ...Object.fromEntries(moved), TMPDIR: there.tmp };
  if (database !== lab.settings.postgres.database) {
    environment.POSTGRES_DB = database;
    environment.MIN_TABLES = String(settings.minTables);
    environment.KEY_TABLES = settings.keyTables
      .map((table) => `${quoteIdentifier(table.schema)}.${quoteIdentifier(table.name)}`)
      .join(',');
  }
  return alter === undefined ? environment : alter({ environment, home });
}
