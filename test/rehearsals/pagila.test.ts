/** Somebody else's database: backup, drill and every runbook work with nothing but settings. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { takeBackup } from '../../src/backup/take.ts';
import { createSample } from '../../src/lab/sample/create.ts';
import { labUp } from '../../src/lab/up.ts';
import { environmentOf } from '../../src/postgres/connection.ts';
import { postgresPrograms } from '../../src/postgres/programs.ts';
import { runOrFail } from '../../src/process.ts';
import { silent } from '../../src/progress.ts';
import { rehearse } from '../../src/rehearsal/matrix.ts';
import { loadPages } from '../../src/rehearsal/pages.ts';
import { reportText } from '../../src/report/text.ts';
import { drill } from '../../src/restore/drill.ts';

const PAGILA = fileURLToPath(new URL('../../../shared/data/pagila.sql', import.meta.url));
const skip = existsSync(PAGILA) ? false : 'pagila.sql does not lie beside this checkout';
const SETTINGS = { POSTGRES_DB: 'pagila', KEY_TABLES: 'film,actor,rental' };

test('pagila is backed up, proven and brought back by every runbook', { skip }, async (t) => {
  await using lab = await labUp({ report: silent, env: SETTINGS });
  await createSample(lab, { database: 'freshtrack', rows: 10_000 });
  const { bin } = await postgresPrograms();
  const env = environmentOf({ ...lab.settings.postgres, database: 'postgres' });
  const psql = (...args: string[]) =>
    runOrFail(join(bin, 'psql'), ['-X', '-q', '-v', 'ON_ERROR_STOP=1', ...args], { env });
  await psql('--command=CREATE DATABASE pagila TEMPLATE template0');
  await psql('--dbname=pagila', '--file', PAGILA);

  await t.test('a drill proves its backup, key tables included', async () => {
    const taken = await takeBackup(lab.settings);
    const verdict = await drill(lab.settings, { backup: taken.name });
    assert.equal(verdict.verdict, 'proven', verdict.reasons.join('\n'));
    assert.match(taken.name, /^pagila_/);
  });

  const all = await loadPages(process.cwd(), []);
  const pages = all.filter(({ page }) => page.labs.includes('local'));
  const rehearsal = await rehearse(pages, { lab, scenarios: ['intact', 'drifted', 'damaged-backup'], report: silent });
  assert.deepEqual(rehearsal.pages.map(({ runbook }) => runbook).sort(), [
    'backup-too-old',
    'drill',
    'restore-and-swap',
    'restore-in-place',
  ]);
  for (const page of rehearsal.pages)
    await t.test(`${page.runbook} works on pagila`, () => {
      assert.ok(page.runs.length > 0);
      assert.equal(page.verdict, 'passed', reportText({ ...rehearsal, pages: [page] }));
    });
});
