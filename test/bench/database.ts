/** Drill and backup of one large sample database, each against the plain way of doing it. */
import { listBackups } from '../../src/backup/catalogue.ts';
import { createSample } from '../../src/lab/sample/create.ts';
import { labUp } from '../../src/lab/up.ts';
import { connect } from '../../src/postgres/connection.ts';
import type { Report } from '../../src/progress.ts';
import { openStore } from '../../src/store/store.ts';
import { measureDrillbook, measureScript } from './measured.ts';
import { inPairs, type Pairs, type Spread, spreadOf } from './pairs.ts';

export type Options = { rows: number; pairs: number; report: Report; signal: AbortSignal };

/** Medians of the drill's own account, in seconds. */
export type Phases = Record<'download' | 'restore' | 'proof', Spread>;
type Drilled = Pairs & { phases: Phases };
export type DatabaseFigures = {
  rows: number;
  databaseBytes: number;
  archiveBytes: number;
  drill: Drilled | undefined;
  /** In a server of its own. */
  own: Drilled | undefined;
  backup: Pairs | undefined;
};

export async function measureDatabase(only: { drill: boolean; own: boolean; backup: boolean }, options: Options) {
  const { rows, report, signal } = options;
  await using lab = await labUp({ report, signal });
  await createSample(lab, { rows, report, signal });
  const { postgres, store } = lab.settings;
  const environment = { env: lab.environment('administrator'), signal };
  await using admin = await connect(postgres, { database: 'postgres', signal });
  report({ kind: 'stage', title: 'Taking the backup to drill' });
  await measureDrillbook(['backup'], environment);
  const [newest] = await listBackups(openStore(store), postgres.database, { signal });
  if (newest === undefined) throw new Error('the backup that was taken is not in the store');
  const size = await admin.query<{ bytes: string }>('SELECT pg_database_size($1) AS bytes', [postgres.database]);

  const drill = {
    name: 'drillbook drill',
    run: () => measureDrillbook(['drill', newest.name, '--json'], environment),
  };
  const own = {
    name: 'drillbook drill --server=own',
    run: () => measureDrillbook(['drill', newest.name, '--server=own', '--json'], environment),
  };
  const test = {
    name: 'naive-restore-test.sh',
    run: () => measureScript('naive-restore-test.sh', [newest.name], environment),
  };
  const backup = { name: 'drillbook backup', run: () => measureDrillbook(['backup'], environment) };
  const dump = { name: 'pg_dump into a file', run: () => measureScript('naive-dump.sh', [], environment) };
  const drilled = async (way: typeof drill): Promise<Drilled> => {
    const pairs = await inPairs(way, test, { ...options, admin });
    return { ...pairs, phases: phasesOf(pairs) };
  };
  const figures: DatabaseFigures = {
    rows,
    databaseBytes: Number(size.rows[0]?.bytes),
    archiveBytes: newest.size,
    drill: only.drill ? await drilled(drill) : undefined,
    own: only.own ? await drilled(own) : undefined,
    backup: only.backup ? await inPairs(backup, dump, { ...options, admin }) : undefined,
  };
  return { versions: lab.versions, figures };
}

function phasesOf({ ours }: Pairs): Phases {
  // What `drill --json` prints is its verdict.
  const phases = ours.map(({ stdout }) => JSON.parse(stdout).phases as Record<keyof Phases, number>);
  const spread = (name: keyof Phases) => spreadOf(phases.map((phase) => phase[name]));
  return { download: spread('download'), restore: spread('restore'), proof: spread('proof') };
}
