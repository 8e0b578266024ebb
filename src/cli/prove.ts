/** `drillbook prove <backup> --database <name>`: compares an existing database with the backup's manifest. */
import { figure, firstOfEachKind } from '../restore/proof.ts';
import { type Proven, prove as proveDatabase } from '../restore/prove.ts';
import { readSettings } from '../settings.ts';
import { command } from './command.ts';

export const prove = command({
  name: 'prove',
  summary: 'Compares a database that exists with a backup’s manifest: rows, definitions, privileges, settings.',
  examples: [
    ['drillbook prove freshtrack_2026-11-20_02-00-00.sql.gz', 'is production still what the backup holds?'],
    ['drillbook prove <backup> --database freshtrack_restored', 'before a swap'],
  ],
  args: {
    backup: { type: 'positional', description: 'the backup, by its name', required: true },
    database: { type: 'string', description: 'the database to compare; POSTGRES_DB without it', valueHint: 'name' },
    json: { type: 'boolean', description: 'all differences, for scripts' },
  },
  async run({ args, report, print, signal }) {
    const settings = readSettings();
    const database = args.database ?? settings.postgres.database;
    const proven = await proveDatabase(settings, { backup: args.backup, database, report, signal });
    print(args.json ? `${JSON.stringify(proven, null, 2)}\n` : inWords(proven));
    return proven.verdict === 'different' ? 1 : 0;
  },
});

function inWords(proven: Proven): string {
  const { backup, database, verdict, tables, rows, differences, keyTables, faults, notCompared } = proven;
  const compared = `${figure(tables)} tables with ${figure(rows)} rows`;
  if (verdict === 'equal')
    return `Not compared:\n${notCompared.map((line) => `  - ${line}\n`).join('')}\nCompared ${compared}.\nDatabase ${database} equals the backup ${backup}.\n`;
  if (verdict === 'unproven') {
    const counts = keyTables.map(({ table, rows: count }) => `  ${table}: ${figure(count)} rows`);
    const sentence = `Backup ${backup} has no manifest: content unproven. Database ${database} has ${compared}.`;
    return `${[sentence, ...counts].join('\n')}\n`;
  }
  const lines = [...faults, ...firstOfEachKind(differences)].map((line) => `  ${line}`);
  return `Database ${database} differs from the backup ${backup}:\n${lines.join('\n')}\n`;
}
