import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import * as library from 'drillbook';
import { runOrFail } from '../src/process.ts';
import { load, NASTY } from './support/samples.ts';
import { type Services, startServices } from './support/services.ts';

const ROOT = join(import.meta.dirname, '..');
let services: Services;

before(async () => {
  services = await startServices();
});
after(async () => services?.[Symbol.asyncDispose]());

test('The package exports just what its reference names', () => {
  assert.deepEqual(Object.keys(library).sort(), [
    'Failure',
    'Interrupted',
    'backupName',
    'backupTime',
    'choose',
    'drill',
    'exitOf',
    'findBackup',
    'firstOfEachKind',
    'lastGood',
    'listBackups',
    'openStore',
    'parseManifest',
    'prove',
    'prune',
    'readSettings',
    'restoreDatabase',
    'restoreGlobals',
    'restoreInPlace',
    'restoreTables',
    'secretsOf',
    'swap',
    'takeBackup',
    'undoSwap',
    'verdictText',
  ]);
});

test('A program that imports the package by its name takes a backup, proves it and restores it', async () => {
  await load(services, 'nasty', NASTY);
  const env = services.environment(services.with({ postgres: { database: 'nasty' } }));
  const script = join(ROOT, 'test/fixtures/library/backup-and-proof.ts');
  const { stdout } = await runOrFail(process.execPath, [script], { env, timeout: 120_000 });
  const { name, ...rest } = JSON.parse(stdout);
  assert.match(name, /^nasty_.*\.sql\.gz$/);
  const [{ rows } = {}] = await services.sql('SELECT count(*)::int AS rows FROM users', 'nasty_copy');
  assert.equal(rows, 603);
  assert.ok(rest.rows > 603);
  assert.deepEqual(
    { ...rest, rows: 0 },
    { rows: 0, verdict: 'proven', backups: 1, restored: 'equal', proven: 'equal' },
  );
});

test('A project elsewhere that has the checkout as a dependency imports it too, and tells failures by their code', async () => {
  const project = join(services.folder, 'project');
  await mkdir(join(project, 'node_modules'), { recursive: true });
  // As `npm install ../drillbook` does.
  await symlink(ROOT, join(project, 'node_modules/drillbook'));
  await writeFile(
    join(project, 'main.mjs'),
    `import { Failure, readSettings, swap } from 'drillbook';
     const error = await swap(readSettings(), { from: 'nowhere', to: 'freshtrack' }).catch((error) => error);
     console.log(error instanceof Failure, error.code);`,
  );
  const { stdout } = await runOrFail(process.execPath, [join(project, 'main.mjs')], {
    env: services.environment(),
    timeout: 60_000,
  });
  assert.equal(stdout, 'true database-absent\n');
});
