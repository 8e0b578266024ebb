/** Proves a database that exists already equal to a backup: what the last look before a swap needs. Nothing is changed. */
import { findBackup } from '../backup/catalogue.ts';
import { manifestNameOf, parseManifest } from '../backup/manifest.ts';
import { connect } from '../postgres/connection.ts';
import { readContent } from '../postgres/fingerprint.ts';
import { type Report, silent } from '../progress.ts';
import type { Settings } from '../settings.ts';
import { openStore } from '../store/store.ts';
import { type Difference, NEVER_COMPARED, unstated } from './proof.ts';
import { compareDatabaseWithManifest } from './read.ts';
import { type KeyTable, validate } from './validate.ts';

export type Proven = {
  backup: string;
  database: string;
  /** `unproven`: there is no manifest to compare with; tables were counted. */
  verdict: 'equal' | 'different' | 'unproven';
  differences: Difference[];
  /** What the manifest does not state, in words. Only with one. */
  notCompared: string[];
  tables: number;
  rows: number;
  /** Only without a manifest. */
  keyTables: KeyTable[];
  /** Too few tables, or a key table that is missing. Only without a manifest. */
  faults: string[];
};

export type ProveOptions = { backup: string; database: string; report?: Report; signal?: AbortSignal | undefined };

/**
 * @throws Failure backup-not-found, manifest-unreadable, database-missing, content-unreadable, and those of the store and
 * the server
 */
export async function prove(settings: Settings, options: ProveOptions): Promise<Proven> {
  const { database, report = silent, signal } = options;
  const store = openStore(settings.store);
  const backup = await findBackup(store, settings.postgres.database, options.backup, { signal });
  const about = { backup: backup.name, database };
  if (!backup.manifest) return { ...about, ...(await countOnly(settings, options)) };
  const name = manifestNameOf(backup.name);
  const manifest = parseManifest(await store.getText(name, { signal }), name);
  report({ kind: 'stage', title: `Comparing ${database} with ${name}` });
  const differences = await compareDatabaseWithManifest(settings, database, manifest, { report, signal });
  return {
    ...about,
    verdict: differences.length === 0 ? 'equal' : 'different',
    differences,
    notCompared: [...NEVER_COMPARED, ...unstated(manifest)],
    tables: manifest.content.tables.length,
    rows: manifest.content.tables.reduce((sum, table) => sum + table.rows, 0),
    keyTables: [],
    faults: [],
  };
}

async function countOnly(settings: Settings, { database, report = silent, signal }: ProveOptions) {
  report({ kind: 'stage', title: `Counting the rows of ${database}` });
  await using client = await connect(settings.postgres, { database, signal });
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  const counted = validate(await readContent(client), settings);
  const verdict = counted.faults.length === 0 ? ('unproven' as const) : ('different' as const);
  return { ...counted, verdict, differences: [], notCompared: [] };
}
