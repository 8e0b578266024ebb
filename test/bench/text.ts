/** The figures as a person reads them. */
import { bytes } from '../../src/cli/progress.ts';
import type { CatalogueFigures } from './catalogue.ts';
import type { DatabaseFigures } from './database.ts';
import type { Measured } from './measured.ts';
import { type Pairs, type Spread, spreadOf } from './pairs.ts';
import type { RehearsalFigures } from './rehearsal.ts';

export type Figures = {
  machine: { cpus: number; memory: number; system: string; load: number[] };
  versions: Record<string, string>;
  database: DatabaseFigures | undefined;
  catalogue: CatalogueFigures[] | undefined;
  rehearsal: RehearsalFigures[] | undefined;
};

export function figuresText({ machine, versions, database, catalogue, rehearsal }: Figures): string {
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `Measured on ${machine.cpus} CPUs, ${bytes(machine.memory)} of memory, ${machine.system}`,
    `  load ${machine.load.map((minute) => minute.toFixed(1)).join(' before, ')} at the end`,
    `  with ${programs.join(', ')}`,
    ...(database === undefined ? [] : databaseLines(database)),
    ...(catalogue ?? []).flatMap(catalogueLines),
    ...(rehearsal === undefined ? [] : ['', ...rehearsalLines(rehearsal)]),
    '',
  ].join('\n');
}

function databaseLines({ rows, databaseBytes, archiveBytes, drill, own, backup }: DatabaseFigures): string[] {
  const size = `${bytes(databaseBytes)}, about ${rows.toLocaleString('en')} rows; archive ${bytes(archiveBytes)}`;
  return [
    `  database of ${size}`,
    ...(drill === undefined ? [] : drillLines('drillbook drill', drill)),
    ...(own === undefined ? [] : drillLines('drillbook drill --server=own', own)),
    ...(backup === undefined ? [] : pairLines('drillbook backup', 'pg_dump -Fc into a file', backup)),
  ];
}

/** What is none of its phases: the start of the program, finding the backup, making and removing database or server. */
function drillLines(name: string, drill: NonNullable<DatabaseFigures['drill']>): string[] {
  const phases = Object.entries(drill.phases).map(([phase, { median }]) => [phase, median] as const);
  const rest = timesOf(drill.ours).median - phases.reduce((sum, [, median]) => sum + median, 0);
  const stages = [...phases, ['all else', rest] as const];
  return [
    ...pairLines(name, 'naive-restore-test.sh', drill),
    line('of the drill', stages.map(([stage, median]) => `${stage} ${seconds(median)}`).join(', ')),
  ];
}

function pairLines(ours: string, theirs: string, pairs: Pairs): string[] {
  const { median, min, max } = pairs.ratio;
  const count = `${pairs.ours.length} ${pairs.ours.length === 1 ? 'pair' : 'pairs'}`;
  return [
    '',
    `${ours} against ${theirs} (${count})`,
    line('ratio', `median ${median.toFixed(2)}, from ${min.toFixed(2)} to ${max.toFixed(2)}`),
    line('time', `${spread(timesOf(pairs.ours))} against ${spread(timesOf(pairs.theirs))}`),
    line('peak memory', `${memory(pairs.ours)} against ${memory(pairs.theirs)}`),
  ];
}

function catalogueLines({ backups, objects, list, dryRun, newest }: CatalogueFigures): string[] {
  const command = ({ seconds: time, own }: Measured) => `${seconds(time)}, ${own === undefined ? '?' : bytes(own)}`;
  return [
    '',
    `A bucket with ${backups.toLocaleString('en')} backups, ${objects.toLocaleString('en')} objects (time, peak memory)`,
    line('backups', command(list)),
    line('prune, dry', command(dryRun)),
    line('newest', `${seconds(newest)}, without the start of a program`),
  ];
}

function rehearsalLines(figures: RehearsalFigures[]): string[] {
  const heads = ['runbook, lane', 'steps', 'commands', 'beyond them', 'whole run'];
  const rows = figures.map(({ runbook, lane, verdict, steps, commands, beyond, whole }) => [
    `${runbook}, ${lane}${verdict === 'passed' ? '' : ` (${verdict})`}`,
    String(steps),
    ...[commands, beyond, whole].map(seconds),
  ]);
  const widths = heads.map((head, i) => Math.max(head.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const row = (cells: string[]) =>
    `  ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ')}`;
  return ['Rehearsal of each runbook in "intact"', row(heads), ...rows.map(row)];
}

const line = (name: string, text: string) => `  ${name.padEnd(13)} ${text}`;
const seconds = (value: number) => `${value.toFixed(2)} s`;
const spread = ({ median, min, max }: Spread) => `${seconds(median)} (${min.toFixed(2)} to ${max.toFixed(2)})`;
const timesOf = (runs: Measured[]) => spreadOf(runs.map((run) => run.seconds));

/** The largest of all runs. */
function memory(runs: Measured[]): string {
  const own = Math.max(...runs.map((run) => run.own ?? 0));
  const [largest] = runs.flatMap((run) => run.largest ?? []).toSorted((a, b) => b.bytes - a.bytes);
  return [
    ...(own > 0 ? [`own process ${bytes(own)}`] : []),
    ...(largest === undefined ? [] : [`${largest.program} ${bytes(largest.bytes)}`]),
  ].join(', ');
}
