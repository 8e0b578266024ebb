import { type Backup, lastGood, listBackups } from '../backup/catalogue.ts';
import { suspiciouslySmall } from '../backup/sizes.ts';
import { Failure } from '../failure.ts';
import { readSettings } from '../settings.ts';
import { openStore } from '../store/store.ts';
import { age, localTime } from './age.ts';
import { command } from './command.ts';
import { bytes, seconds } from './progress.ts';
import { describeSuspicion } from './suspicion.ts';
import { table } from './table.ts';

/** A daily backup that is older is late: the alert BackupAgeTooOld says the same. */
const LATE_MS = 25 * 3_600_000;

export const backups = command({
  name: 'backups',
  summary: 'List the backups of the database in POSTGRES_DB: age, size, proven when and how. Newest first.',
  examples: [
    ['drillbook backups', 'a table'],
    ['drillbook backups --json', 'the same for scripts, with times in UTC and sizes in bytes'],
  ],
  args: { json: { type: 'boolean', description: 'Print JSON' } },
  async run({ args, print, signal }) {
    const settings = readSettings();
    const store = openStore(settings.store);
    const { database } = settings.postgres;
    const list = await listBackups(store, database, { signal });
    const good = lastGood(list)?.name;
    const now = Date.now();
    const small = suspiciouslySmall(list, settings.smallPercent);
    if (args.json)
      print(
        `${JSON.stringify(
          list.map((backup) => ({ ...entry(backup, good, now), suspiciouslySmall: backup.name === small?.name })),
          null,
          2,
        )}\n`,
      );
    if (list.length === 0) throw new Failure('no-backups', { database, store: store.address });
    if (!args.json)
      print(tableOf(list, good, now) + warning(list, now) + (small ? `\n${describeSuspicion(small)}\n` : ''));
    return 0;
  },
});

function tableOf(list: readonly Backup[], good: string | undefined, now: number): string {
  const rows = list.map((backup) => [
    backup.name,
    localTime(backup.time),
    age(now - backup.time.getTime()),
    bytes(backup.size),
    proof(backup, now) + (backup.name === good ? mark(backup) : ''),
  ]);
  return table(['BACKUP (UTC)', 'LOCAL TIME', 'AGE', 'SIZE', 'PROOF'], rows, [2, 3]);
}

/** What is kept for want of anything better is not called good. */
function mark({ drill, size }: Backup): string {
  return drill?.verdict === 'disproved' || size === 0 ? ' · kept: there is no better one' : ' · last good';
}

/** The word "proven" stands only where it is true. */
function proof({ drill, manifest, size }: Backup, now: number): string {
  if (drill !== undefined) {
    const when = `${age(now - Date.parse(drill.endedAt))} ago, in ${seconds(drill.seconds * 1000)}`;
    return drill.verdict === 'disproved' ? `DISPROVED ${when}` : `${drill.verdict} ${when}`;
  }
  if (size === 0) return 'empty: worthless';
  return manifest ? 'not drilled' : 'not drilled, no manifest';
}

function warning([newest]: readonly Backup[], now: number): string {
  if (newest === undefined || now - newest.time.getTime() <= LATE_MS) return '';
  return `\nThe newest is ${age(now - newest.time.getTime())} old. A daily one is late after 25 hours: is the backup service up?\n`;
}

function entry(backup: Backup, good: string | undefined, now: number) {
  return {
    name: backup.name,
    time: backup.time.toISOString(),
    ageSeconds: Math.round((now - backup.time.getTime()) / 1000),
    bytes: backup.size,
    checksum: backup.checksum,
    manifest: backup.manifest,
    globals: backup.globals,
    verdict: backup.drill?.verdict ?? null,
    drilledAt: backup.drill?.endedAt ?? null,
    drillSeconds: backup.drill?.seconds ?? null,
    lastGood: backup.name === good,
  };
}
