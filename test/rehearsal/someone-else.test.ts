import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { labUp } from '../../src/lab/up.ts';
import { environmentOf } from '../../src/postgres/connection.ts';
import { postgresPrograms } from '../../src/postgres/programs.ts';
import { runOrFail } from '../../src/process.ts';
import { silent } from '../../src/progress.ts';
import { createWorld, observe, prepareScenario, resetWorld } from '../../src/rehearsal/world.ts';
import { compareContent } from '../../src/restore/proof.ts';
import { SCENARIOS } from '../../src/runbook/model.ts';
import { sqlIn } from '../support/world.ts';

const PAGILA = fileURLToPath(new URL('../../../shared/data/pagila.sql', import.meta.url));
const skip = existsSync(PAGILA) ? false : 'the shared folder with pagila.sql is not here';

test('every scenario can be made with a database that we know nothing of', { skip }, async () => {
  await using lab = await labUp({ report: silent });
  const settings = { ...lab.settings.postgres, database: 'pagila' };
  const { bin } = await postgresPrograms();
  const psql = (...args: string[]) =>
    runOrFail(join(bin, 'psql'), ['-X', '--quiet', '-v', 'ON_ERROR_STOP=1', ...args], { env: environmentOf(settings) });
  await psql('--dbname=postgres', '--command=CREATE DATABASE pagila TEMPLATE template0');
  await psql('--file', PAGILA);
  const keyTables = ['film', 'actor', 'rental'].map((name) => ({ schema: 'public', name }));
  await using world = await createWorld(lab, { database: 'pagila', keyTables });
  const production = world.pristine.databases.find(({ name }) => name === 'pagila');
  for (const scenario of SCENARIOS) {
    await using prepared = await prepareScenario(world, scenario);
    assert.equal(prepared.environment.POSTGRES_DB, 'pagila');
    const now = prepared.before.databases.find(({ name }) => name === 'pagila');
    if (scenario === 'absent') assert.equal(now, undefined);
    if (scenario === 'drifted') {
      assert.ok(production?.content && now?.content);
      const kinds = new Set(compareContent(production.content, now.content).map(({ kind }) => kind));
      for (const kind of ['rows', 'table', 'view', 'schema', 'sequence position'] as const)
        assert.ok(kinds.has(kind), kind);
    }
    if (scenario === 'plain-owner') assert.equal(now?.content?.database.owner, prepared.environment.PGUSER);
    if (scenario === 'missing-roles') assert.ok(prepared.manifest.content.roles.includes('pagila_auditor'));
  }
  await resetWorld(world);
  const end = await observe(world);
  assert.deepEqual(
    end.databases.map(({ name, digest }) => [name, digest]),
    world.pristine.databases.map(({ name, digest }) => [name, digest]),
  );
  assert.deepEqual(await sqlIn(world, "SELECT FROM pg_roles WHERE rolname = 'pagila_auditor'", 'postgres'), []);
});
