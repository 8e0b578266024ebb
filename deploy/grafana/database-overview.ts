/**
 * The Grafana dashboard "Database Overview", as code: `node scripts/draw-dashboard.ts` writes it to dashboards/database-overview.json,
 * which Grafana is provisioned with. A panel is one question, and its description says how to read the answer.
 */
import {
  type Dashboard,
  DashboardBuilder,
  QueryVariableBuilder,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { colours, NAME_ONLY, PROMETHEUS, share, stat, type Target, timeline, words } from './panels.ts';

/** The metric of the agent, of the database that is chosen above the panels. */
const agent = (metric: string, labels = '') =>
  `drillbook_${metric}{job="drillbook-backup", database="$database"${labels && `, ${labels}`}}`;
/** Only where there is one: before the first, the agent says 0 or nothing. */
const age = (metric: string) => `time() - (${agent(metric)} > 0)`;
const only = (expr: string, legend: string): Target[] => [{ expr, legend }];

/** What Grafana is given. */
export function databaseOverview(): Dashboard {
  const builder = new DashboardBuilder('Database Overview')
    .uid('database-overview')
    .description('The backups of a database, whether they were proven, and how long a restore takes.')
    .tags(['drillbook'])
    .timezone('utc')
    .time({ from: 'now-7d', to: 'now' })
    .refresh('1m')
    .readonly()
    .withVariable(
      new QueryVariableBuilder('database')
        .label('Database')
        .datasource(PROMETHEUS)
        .query('label_values(drillbook_objective_restore_seconds{job="drillbook-backup"}, database)')
        .refresh(VariableRefresh.OnTimeRangeChanged),
    );
  for (const panel of [...now(), ...backups(), ...restores(), ...database()]) builder.withPanel(panel);
  return builder.build();
}

function now() {
  return [
    stat('Age of the newest backup', only(age('backup_last_success_timestamp_seconds'), 'age'), 's')
      .description('Yellow above 24 hours, the promise (RPO). Red above 25 hours: the alert BackupAgeTooOld fires.')
      .thresholds(colours({ green: null, yellow: 86_400, red: 90_000 })),
    stat(
      'Next backup',
      only(`${agent('backup_next_timestamp_seconds')} * 1000`, 'next'),
      'dateTimeFromNow',
    ).description('When the schedule starts the next one.'),
    stat('Last drill', only(age('drill_last_timestamp_seconds'), 'age'), 's')
      .description(
        'Time since a backup was last restored and compared with its manifest. Red above 8 days: the alert DrillTooOld fires.',
      )
      .thresholds(colours({ green: null, red: 8 * 86_400 })),
    stat('Its verdict', only(`${agent('drill_last_verdict')} == 1`, '{{verdict}}'), 'none')
      .description(
        'proven: every row was there. restorable: there was no manifest to compare with. disproved: do not rely on it.',
      )
      .textMode(NAME_ONLY)
      .overrides(
        Object.entries({ proven: 'green', restorable: 'yellow', undecided: 'yellow', disproved: 'red' }).map(
          ([name, color]) => ({
            matcher: { id: 'byName', options: name },
            properties: [{ id: 'color', value: { mode: 'fixed', fixedColor: color } }],
          }),
        ),
      ),
    share(
      'Restore time, of what is promised',
      only(
        `${agent('drill_last_restore_seconds')} / on (job, instance, database) ${agent('objective_restore_seconds')}`,
        'used',
      ),
    ).description(
      'How much of the promised time to get back (RTO) the last drill took, from the download to the proof.',
    ),
    stat('Backup service', only('max(up{job="drillbook-backup"})', 'service'), 'none')
      .description('Whether it answers. The alert BackupContainerDown fires when it has not for 5 minutes.')
      .thresholds(colours({ red: null, green: 1 }))
      .mappings([words({ 0: 'down', 1: 'answers' })]),
  ];
}

function backups() {
  return [
    timeline(
      'Age of the newest backup',
      [
        { expr: age('backup_last_success_timestamp_seconds'), legend: 'age' },
        { expr: agent('objective_backup_age_seconds'), legend: 'promised (RPO)' },
      ],
      's',
    ).description('A saw: each backup brings it back to zero.'),
    timeline('Size of the newest backup', only(agent('backup_last_size_bytes'), 'archive'), 'bytes').description(
      'Compressed. A sudden drop is worth a look: is something missing from the database?',
    ),
    timeline('Duration of a backup', only(agent('backup_last_duration_seconds'), 'duration'), 's'),
    timeline(
      'Backup runs a day',
      only(`increase(${agent('backup_runs_total')}[1d])`, '{{outcome}}'),
      'short',
    ).description('How runs ended. A skipped run found another one at work.'),
    timeline('Backups that are kept', only(agent('backups'), 'backups'), 'short'),
  ];
}

function restores() {
  return [
    timeline(
      'Restore time against the promise',
      [
        { expr: agent('drill_last_restore_seconds'), legend: 'measured by the last drill' },
        { expr: agent('objective_restore_seconds'), legend: 'promised (RTO)' },
      ],
      's',
    ),
    timeline('Drills a week, by verdict', only(`increase(${agent('drill_runs_total')}[7d])`, '{{verdict}}'), 'short'),
  ];
}

function database() {
  return [
    timeline('Size of the database', only(agent('database_size_bytes'), 'database'), 'bytes'),
    timeline(
      'Connections',
      [
        { expr: 'sum by (state) (pg_stat_activity_count{job="postgres", datname="$database"})', legend: '{{state}}' },
        { expr: 'max(pg_settings_max_connections{job="postgres"})', legend: 'limit of the server' },
      ],
      'short',
    ).description('Sessions in this database by state, and how many the server takes in all.'),
    timeline('Alerts that are firing', only('sum(ALERTS{alertstate="firing"}) or vector(0)', 'firing'), 'short'),
  ];
}
