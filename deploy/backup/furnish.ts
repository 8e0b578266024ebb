/**
 * Furnishes the toolbox of the backup container when it starts: what psql, mc and a page's blocks read, below the home
 * folder, which lies in memory. The settings of the container are the only source.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { work } from '../../src/cli/command.ts';
import { keyTableName } from '../../src/lab/local/key-tables.ts';
import { readSettings, type Settings } from '../../src/settings.ts';
import { storeAlias } from './store-alias.ts';

process.exitCode = await work(async () => {
  const home = process.env.HOME ?? '/run/toolbox';
  const settings = readSettings();
  writeFileSync(join(home, '.pgpass'), passwordFile(settings), { mode: 0o600 });
  writeFileSync(join(home, '.pg_service.conf'), '', { mode: 0o600 });
  mkdirSync(join(home, '.mc'), { recursive: true, mode: 0o700 });
  writeFileSync(join(home, '.mc', 'config.json'), storeAlias(settings.store), { mode: 0o600 });
  writeFileSync(join(home, 'environment'), exportsOf(settings), { mode: 0o600 });
  // What a drill or a reader's program held when the container was killed.
  const temporary = process.env.TMPDIR ?? '/tmp';
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true, mode: 0o700 });
  return 0;
});

/** libpq's own form, in which ":" and "\" are escaped. */
function passwordFile({ postgres }: Settings): string {
  const field = (text: string) => text.replaceAll(/[\\:]/g, '\\$&');
  return `${[postgres.host, String(postgres.port), '*', postgres.user, postgres.password].map(field).join(':')}\n`;
}

/** What the pages' blocks read, for shells. */
function exportsOf({ postgres, store, keyTables, minTables }: Settings): string {
  const values = {
    PGHOST: postgres.host,
    PGPORT: String(postgres.port),
    PGUSER: postgres.user,
    BUCKET: `${store.bucket}/${store.prefix}`.replace(/\/$/, ''),
    KEY_TABLES: keyTables.map(keyTableName).join(','),
    MIN_TABLES: String(minTables),
  };
  const quoted = (text: string) => `'${text.replaceAll("'", String.raw`'\''`)}'`;
  return Object.entries(values)
    .map(([name, value]) => `export ${name}=${quoted(value)}\n`)
    .join('');
}
