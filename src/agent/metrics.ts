/** The metrics, all computed from the status when they are asked for. Labels name the database and nothing else of the installation. */
import { Counter, Gauge, Registry } from 'prom-client';
import packageJson from '../../package.json' with { type: 'json' };
import { verdict as wholeVerdict } from '../restore/verdict.ts';
import type { Status, Verdict } from './status.ts';

/** Objectives of a restore: within an hour, losing at most a day. Seconds. */
const OBJECTIVES = { restore: 3_600, backupAge: 86_400 };

/** name → what it is, as the reference page lists it */
export const METRICS = {
  build_info: 'Always 1; the version is in the label',
  backup_last_success_timestamp_seconds: 'When the newest backup was taken, by its name',
  backup_last_size_bytes: 'Size of the newest backup’s archive',
  backup_last_duration_seconds: 'How long the last backup of an agent took until it was complete',
  backup_runs_total: 'Runs of this agent by outcome; skipped: another agent had taken it',
  backup_running: '1 while this agent takes a backup',
  backup_next_timestamp_seconds: 'When the next backup is due',
  backups: 'Backups in the bucket',
  drill_last_timestamp_seconds: 'When the last drill ended',
  drill_last_verdict: '1 for the verdict of the last drill, 0 for the others',
  drill_last_restore_seconds: 'How long the last drill took from the download to its verdict',
  drill_runs_total: 'Drills of this agent by verdict',
  objective_restore_seconds: 'A restore should take no longer (RTO)',
  objective_backup_age_seconds: 'The newest backup should be no older (RPO)',
  database_size_bytes: 'Size of the database when the newest backup was taken',
} as const;
type Name = keyof typeof METRICS;

/** The text of `/metrics`, in Prometheus' format. */
export async function metricsText(status: Status): Promise<string> {
  const registry = new Registry();
  const { database, backups = [], memory, runs } = status;
  const gauge = (name: Name, value: number | undefined, labels: Record<string, string> = {}) => {
    if (value !== undefined) gaugeOf(registry, name, Object.keys(labels)).set({ database, ...labels }, value);
  };
  const count = (name: Name, label: string, values: Record<string, number>) => {
    const labelNames = ['database', label];
    const counter = new Counter({ name: `drillbook_${name}`, help: METRICS[name], labelNames, registers: [registry] });
    for (const [value, times] of Object.entries(values)) counter.inc({ database, [label]: value }, times);
  };
  const [newest] = backups;
  gauge('build_info', 1, { version: packageJson.version });
  gauge('backup_last_success_timestamp_seconds', seconds(newest?.time));
  gauge('backup_last_size_bytes', newest?.size);
  gauge('backup_last_duration_seconds', memory.backup?.seconds);
  count('backup_runs_total', 'outcome', runs.backup);
  gauge('backup_running', status.running?.what === 'backup' ? 1 : 0);
  gauge('backup_next_timestamp_seconds', seconds(status.next));
  gauge('backups', status.backups?.length);
  const drill = lastDrill(status);
  if (drill !== undefined) {
    gauge('drill_last_timestamp_seconds', seconds(drill.endedAt));
    for (const word of Object.keys(runs.drill))
      gauge('drill_last_verdict', word === drill.verdict ? 1 : 0, { verdict: word });
    gauge('drill_last_restore_seconds', drill.seconds && Math.round(drill.seconds * 1000) / 1000);
  }
  count('drill_runs_total', 'verdict', runs.drill);
  gauge('objective_restore_seconds', OBJECTIVES.restore);
  gauge('objective_backup_age_seconds', OBJECTIVES.backupAge);
  gauge('database_size_bytes', status.databaseBytes);
  return registry.metrics();
}

function gaugeOf(registry: Registry, name: Name, labels: string[]): Gauge {
  const known = registry.getSingleMetric(`drillbook_${name}`);
  if (known instanceof Gauge) return known;
  const labelNames = ['database', ...labels];
  return new Gauge({ name: `drillbook_${name}`, help: METRICS[name], labelNames, registers: [registry] });
}

/** Whoever made it: the newest record beside a backup, unless an agent's later drill could not decide. */
function lastDrill({
  backups = [],
  memory,
}: Status): { verdict: Verdict; endedAt: Date; seconds?: number } | undefined {
  const records = backups.flatMap(({ drill }) => (drill === undefined ? [] : [drill]));
  const newest = records.toSorted((a, b) => Date.parse(b.endedAt) - Date.parse(a.endedAt))[0];
  const phases = wholeVerdict.safeParse(newest).data?.phases;
  const decided = newest && {
    verdict: newest.verdict,
    endedAt: new Date(newest.endedAt),
    seconds: phases === undefined ? newest.seconds : phases.download + phases.restore + phases.proof,
  };
  if (memory.drill?.verdict !== 'undecided') return decided;
  const endedAt = new Date(memory.drill.endedAt);
  return decided !== undefined && decided.endedAt >= endedAt ? decided : { ...decided, verdict: 'undecided', endedAt };
}

function seconds(time: Date | undefined): number | undefined {
  return time && time.getTime() / 1000;
}
