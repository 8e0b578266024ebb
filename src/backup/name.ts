/**
 * How the objects of a backup are called: `<database>_YYYY-MM-DD_HH-MM-SS.sql.gz` in UTC, and what lies beside it. The name
 * says gzip'd SQL for historical reasons; the content is a custom-format archive, and the content decides.
 */

import { VERDICTS, type VerdictWord } from './verdict.ts';

const TIME = /^(\d{4})-(\d\d)-(\d\d)_(\d\d)-(\d\d)-(\d\d)\.sql\.gz$/;
const DRILL = /^\.drill\.(.+)\.json$/;

/** What may lie beside an archive. */
export type CompanionKind = 'checksum' | 'manifest' | 'globals' | 'drill';

const SUFFIXES = { checksum: '.sha256', manifest: '.manifest.json', globals: '.globals.sql' } as const;

/** The name of a backup taken at `time`; parts of a second are dropped. */
export function backupName(database: string, time: Date): string {
  const [day, clock] = time.toISOString().slice(0, 19).split('T');
  return `${database}_${day}_${clock?.replaceAll(':', '-')}.sql.gz`;
}

/** When the backup of this name was taken; undefined when it is no name of a backup of that database. */
export function backupTime(database: string, name: string): Date | undefined {
  if (!name.startsWith(`${database}_`)) return undefined;
  const match = TIME.exec(name.slice(database.length + 1));
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1);
  const time = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  // The 31st of February is a date for nobody, and rolled over by some.
  return Number.isNaN(time.getTime()) || backupName(database, time) !== name ? undefined : time;
}

export function companionName(backup: string, kind: Exclude<CompanionKind, 'drill'>): string {
  return backup + SUFFIXES[kind];
}

/** What a drill came to, as far as the name of its record says it. */
export type DrillOutcome = { verdict: VerdictWord; milliseconds: number };

/**
 * `<backup>.drill.<UTC>.<verdict>-<time>ms.json`, e.g. `….drill.2026-11-23T02-31-45Z.proven-12345ms.json`. With the verdict in the name a
 * list of thousands of backups needs no reading of thousands of records; names without it, of earlier versions, are read.
 */
export function drillName(backup: string, time: Date, outcome?: DrillOutcome): string {
  const said = outcome === undefined ? '' : `.${outcome.verdict}-${Math.round(outcome.milliseconds)}ms`;
  return `${backup}.drill.${time.toISOString().slice(0, 19).replaceAll(':', '-')}Z${said}.json`;
}

const RECORD = /\.drill\.(\d{4}-\d\d-\d\d)T(\d\d-\d\d-\d\d)Z(?:\.([a-z]+)-(\d{1,12})ms)?\.json$/;

/** When the drill began whose record has this name; undefined when it is no name of a record. */
export function drillTime(name: string): Date | undefined {
  const [, day, clock] = RECORD.exec(name) ?? [];
  const time = new Date(`${day}T${clock?.replaceAll('-', ':')}Z`);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

/** Undefined when the name does not say it. */
export function drillOutcome(name: string): DrillOutcome | undefined {
  const [, , , word, milliseconds] = RECORD.exec(name) ?? [];
  const verdict = VERDICTS.find((known) => known === word);
  return verdict === undefined ? undefined : { verdict, milliseconds: Number(milliseconds) };
}

/** What an object is, told by its name: an archive, something that belongs to one, or nothing of this database's. */
export function describeName(
  database: string,
  name: string,
): { backup: string; time: Date; kind: 'archive' | CompanionKind } | undefined {
  const end = name.indexOf('.sql.gz', database.length);
  if (end < 0) return undefined;
  const backup = name.slice(0, end + '.sql.gz'.length);
  const time = backupTime(database, backup);
  const kind = kindOf(name.slice(backup.length));
  return time === undefined || kind === undefined ? undefined : { backup, time, kind };
}

/** The backup that an object of this name lies beside, whatever the backup is called; undefined when it is no companion. */
export function companionOf(name: string): { backup: string; kind: CompanionKind } | undefined {
  const [, backup, suffix] = /^(.+?)(\.drill\.[^/]+\.json|\.sha256|\.manifest\.json|\.globals\.sql)$/.exec(name) ?? [];
  const kind = suffix === undefined ? undefined : kindOf(suffix);
  return backup === undefined || kind === undefined || kind === 'archive' ? undefined : { backup, kind };
}

function kindOf(suffix: string): 'archive' | CompanionKind | undefined {
  if (suffix === '') return 'archive';
  if (DRILL.test(suffix)) return 'drill';
  if (suffix === SUFFIXES.checksum) return 'checksum';
  if (suffix === SUFFIXES.manifest) return 'manifest';
  if (suffix === SUFFIXES.globals) return 'globals';
  return undefined;
}
