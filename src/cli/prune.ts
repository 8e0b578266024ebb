import { type Pruned, refusal, prune as removeOld, type Told } from '../backup/retain.ts';
import { readSettings, type Settings } from '../settings.ts';
import { age } from './age.ts';
import { command } from './command.ts';
import { bytes } from './progress.ts';
import { table } from './table.ts';

export const prune = command({
  name: 'prune',
  summary:
    'Remove backups older than BACKUP_KEEP_DAYS, with what belongs to them; never the newest BACKUP_KEEP_COUNT or the last good one.',
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
    const refused = refusal(pruned);
    print(args.json ? `${JSON.stringify(summary(pruned), null, 2)}\n` : describe(settings, pruned));
    if (refused !== undefined) throw refused;
    return 0;
  },
});

function describe({ keepDays, postgres }: Settings, pruned: Pruned): string {
  const { removed, kept, dryRun, objects } = pruned;
  const now = Date.now();
  const rows = removed.map((backup) => [`  ${backup.name}`, age(now - backup.time.getTime()), bytes(backup.size)]);
  const verb = dryRun ? 'Would remove' : 'Removed';
  const what =
    objects.length === 0
      ? `No backup of ${postgres.database} is older than ${keepDays} days and may go.\n`
      : `${verb} ${removed.length} backups of ${postgres.database}, older than ${keepDays} days (${objects.length} objects):\n`;
  const list = rows.length === 0 ? '' : `\n${table(['  BACKUP (UTC)', 'AGE', 'SIZE'], rows, [1, 2])}\n`;
  const notes = [...spared(pruned), ...versions(pruned), ...told(pruned)].map((line) => `${line}\n`).join('');
  return `${what}${list}${kept} kept.\n${notes}`;
}

/** Old enough to go, and why they stay. */
function spared({ spared: all }: Pruned): string[] {
  const counted = all.filter(({ because }) => because === 'count').map(({ backup }) => backup.name);
  return [
    ...all
      .filter(({ because }) => because === 'last good')
      .map(({ backup }) => `${backup.name} is older than that, but it is the last good backup and stays.`),
    ...(counted.length === 0
      ? []
      : [`Older than that, but of the newest that BACKUP_KEEP_COUNT keeps: ${someOf(counted)}.`]),
  ];
}

function versions({ versioned, dryRun, objects }: Pruned): string[] {
  if (versioned !== true || objects.length === 0) return [];
  const tense = dryRun ? 'would be' : 'are';
  return [
    `The bucket keeps versions: these objects ${tense} hidden, and their bytes remain until a lifecycle rule of the bucket removes them.`,
  ];
}

function told({ strange, dryRun, objects }: Pruned): string[] {
  if (dryRun) return objects.length === 0 ? [] : ['What is really there is looked at before it is removed.'];
  return strange.map(
    ({ name, reason }: Told) => `Left alone, because it is not what its name says: ${name}: ${reason}.`,
  );
}

function someOf(names: string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}

function summary(pruned: Pruned) {
  const { removed, spared: all, kept, lastGood, objects, strange, refused, versioned, dryRun } = pruned;
  return {
    dryRun,
    removed: removed.map((backup) => backup.name),
    objects,
    kept,
    lastGood: lastGood?.name ?? null,
    spared: all.map(({ backup, because }) => ({ name: backup.name, because })),
    strange,
    refused,
    versioned: versioned ?? null,
  };
}
