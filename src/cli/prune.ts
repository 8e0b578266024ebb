import { type Pruned, prune as removeOld } from '../backup/retain.ts';
import { readSettings, type Settings } from '../settings.ts';
import { age } from './age.ts';
import { command } from './command.ts';
import { bytes } from './progress.ts';
import { table } from './table.ts';

export const prune = command({
  name: 'prune',
  summary: 'Remove backups older than BACKUP_KEEP_DAYS, with what belongs to them; never the last good one.',
  examples: [
    ['drillbook prune --dry-run', 'only say what would be removed'],
    ['drillbook prune', 'remove it'],
    ['env BACKUP_KEEP_DAYS=7 drillbook prune --dry-run', 'what a week’s retention would leave'],
  ],
  args: {
    'dry-run': { type: 'boolean', description: 'Remove nothing, only say what would be removed' },
    json: { type: 'boolean', description: 'Print JSON' },
  },
  async run({ args, report, print, signal }) {
    const settings = readSettings();
    const pruned = await removeOld(settings, { dryRun: args['dry-run'] === true, report, signal });
    print(args.json ? `${JSON.stringify(summary(pruned), null, 2)}\n` : describe(settings, pruned));
    return 0;
  },
});

function describe({ keepDays, postgres }: Settings, pruned: Pruned): string {
  const { removed, kept, lastGood, lastGoodIsOld, dryRun, objects } = pruned;
  const now = Date.now();
  const rows = removed.map((backup) => [`  ${backup.name}`, age(now - backup.time.getTime()), bytes(backup.size)]);
  const verb = dryRun ? 'Would remove' : 'Removed';
  const what =
    objects.length === 0
      ? `No backup of ${postgres.database} is older than ${keepDays} days and may go.\n`
      : `${verb} ${removed.length} backups of ${postgres.database}, older than ${keepDays} days (${objects.length} objects):\n`;
  const list = rows.length === 0 ? '' : `\n${table(['  BACKUP (UTC)', 'AGE', 'SIZE'], rows, [1, 2])}\n`;
  const good =
    lastGood !== undefined && lastGoodIsOld
      ? ` ${lastGood.name} is older than that, but it is the last good backup and stays.`
      : '';
  return `${what}${list}${kept} kept.${good}\n`;
}

function summary({ removed, kept, lastGood, objects, dryRun }: Pruned) {
  return { dryRun, removed: removed.map((backup) => backup.name), objects, kept, lastGood: lastGood?.name ?? null };
}
