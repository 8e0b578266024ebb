import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { connectAdmin } from '../../src/lab/scenarios/admin.ts';
import { createEmpty, dropDatabase, findDatabase } from '../../src/lab/scenarios/database.ts';
import { environmentOf } from '../../src/postgres/connection.ts';
import { postgresPrograms } from '../../src/postgres/programs.ts';
import { runOrFail } from '../../src/process.ts';
import { destroyed, proveOutcome } from '../../src/rehearsal/proof.ts';
import { observe, type Prepared, prepareScenario, resetWorld } from '../../src/rehearsal/world.ts';
import type { Outcome, Page } from '../../src/runbook/model.ts';
import { openStore } from '../../src/store/store.ts';
import { startWorld, type TestWorld } from '../support/world.ts';

let here: TestWorld;
before(async () => {
  here = await startWorld();
});
after(() => here?.[Symbol.asyncDispose]());

const PARAMETERS: Page['parameters'] = [
  { name: 'BACKUP', kind: 'backup', help: '' },
  { name: 'DATABASE', kind: 'database', default: 'freshtrack', help: '' },
];
const page = (more: Partial<Page> = {}) => ({
  parameters: PARAMETERS,
  proves: { kind: 'equal' } as const,
  leaves: [],
  ...more,
});
const DONE: Outcome = { kind: 'done' };
const STOPS: Outcome = { kind: 'stops', at: 'check' };

/** The faults' rules at the end of what `act` did. */
async function rulesAfter(
  prepared: Prepared,
  act: () => Promise<unknown>,
  { outcome = DONE, ...more }: Partial<Page> & { outcome?: Outcome } = {},
): Promise<string[]> {
  await act();
  const end = await observe(here.world);
  const faults = await proveOutcome({
    page: page(more),
    world: here.world,
    prepared,
    before: prepared.before,
    after: end,
    outcome,
  });
  return faults.map(({ rule }) => rule);
}

/** What a good page does: the database is made again with all that belongs to it, and filled from the archive. */
async function restoreRight(name = 'freshtrack'): Promise<void> {
  const { settings, backup } = here.world;
  const kept = here.world.kept.databases.find(({ properties }) => properties.name === 'freshtrack')?.properties;
  assert.ok(kept);
  await using server = await connectAdmin(settings.postgres, 'postgres');
  await dropDatabase(server, name);
  if (name === 'freshtrack') return pgRestore('--create', '--dbname=postgres', join(backup.folder, backup.name));
  await createEmpty(server, name, kept);
  await pgRestore(`--dbname=${name}`, join(backup.folder, backup.name));
}

async function pgRestore(...args: string[]): Promise<void> {
  const { bin } = await postgresPrograms();
  const env = environmentOf(here.world.settings.postgres);
  await runOrFail(join(bin, 'pg_restore'), ['--exit-on-error', ...args], { env });
}

const nothing = async () => {};
const server = (text: string) => here.sql(text, 'postgres');

describe('A page that ends in done', () => {
  test('is right when production was made again and equals the backup', async () => {
    await using prepared = await prepareScenario(here.world, 'drifted');
    assert.deepEqual(await rulesAfter(prepared, restoreRight), []);
  });

  test('is right when production was absent', async () => {
    await using prepared = await prepareScenario(here.world, 'absent');
    assert.deepEqual(await rulesAfter(prepared, nothing), ['end-database-missing']);
    assert.deepEqual(await rulesAfter(prepared, restoreRight), []);
  });

  test('is wrong when nothing was done at all, although production equals the backup', async () => {
    await using prepared = await prepareScenario(here.world, 'intact');
    assert.deepEqual(await rulesAfter(prepared, nothing), ['end-nothing-done']);
  });

  test('is wrong when one row, one privilege or one setting differs', async () => {
    await using prepared = await prepareScenario(here.world, 'empty');
    await restoreRight();
    assert.deepEqual(await rulesAfter(prepared, () => here.sql('ALTER DATABASE freshtrack SET work_mem = 77777')), [
      'end-content-differs',
    ]);
    assert.deepEqual(await rulesAfter(prepared, () => here.sql('ALTER DATABASE freshtrack RESET work_mem')), []);
    assert.deepEqual(await rulesAfter(prepared, () => here.sql('GRANT DELETE ON public.users TO freshtrack_report')), [
      'end-content-differs',
    ]);
    assert.deepEqual(
      await rulesAfter(prepared, () => here.sql('REVOKE DELETE ON public.users FROM freshtrack_report')),
      [],
    );
    const removeOne =
      'SET session_replication_role = replica; DELETE FROM public.sites WHERE ctid = (SELECT ctid FROM public.sites LIMIT 1)';
    assert.deepEqual(await rulesAfter(prepared, () => here.sql(removeOne)), ['end-content-differs']);
  });

  test('is wrong when production is left closed, another database is left behind, or someone else’s was touched', async () => {
    await using prepared = await prepareScenario(here.world, 'leftovers');
    await restoreRight();
    await server('CREATE DATABASE scratch');
    await here.sql('CREATE TABLE x (y integer)', 'freshtrack_old');
    await server('ALTER DATABASE freshtrack ALLOW_CONNECTIONS false');
    const rules = await rulesAfter(prepared, nothing);
    assert.deepEqual(rules, ['end-production-closed', 'end-database-left', 'end-other-database-changed']);
    await server('ALTER DATABASE freshtrack ALLOW_CONNECTIONS true');
    const leaves = ['scratch', '${DATABASE}_old'];
    assert.deepEqual(await rulesAfter(prepared, nothing, { leaves }), [], 'a page may say what it leaves');
  });

  test('is wrong when a backup is gone from the bucket, a role is gone, or the server was set otherwise', async () => {
    await using prepared = await prepareScenario(here.world, 'intact');
    await restoreRight();
    await openStore(here.world.settings.store).remove([prepared.backup]);
    await server('ALTER ROLE freshtrack_app NOLOGIN');
    await server('ALTER SYSTEM SET work_mem = 77777');
    const rules = await rulesAfter(prepared, nothing);
    assert.deepEqual(rules, ['end-role-changed', 'end-server-changed', 'end-object-lost']);
  });
});

describe('A page that stops the reader', () => {
  test('is right when production is exactly as before', async () => {
    await using prepared = await prepareScenario(here.world, 'damaged-backup');
    assert.deepEqual(await rulesAfter(prepared, nothing, { outcome: STOPS }), []);
  });

  test('is wrong when production was made again, even with the same content', async () => {
    await using prepared = await prepareScenario(here.world, 'damaged-backup');
    assert.deepEqual(await rulesAfter(prepared, restoreRight, { outcome: STOPS }), ['end-production-changed']);
  });

  test('is wrong when production was replaced by a copy that is equal in everything', async () => {
    await using prepared = await prepareScenario(here.world, 'intact');
    assert.deepEqual(await rulesAfter(prepared, () => resetWorld(here.world), { outcome: STOPS }), [
      'end-production-changed',
    ]);
  });

  test('is wrong when a table was written anew with the same rows', async () => {
    await using prepared = await prepareScenario(here.world, 'intact');
    const rewrite = () => here.sql('VACUUM FULL public.users');
    assert.deepEqual(await rulesAfter(prepared, rewrite, { outcome: STOPS }), ['end-production-changed']);
  });

  test('is wrong when one table was emptied', async () => {
    await using prepared = await prepareScenario(here.world, 'damaged-backup');
    const [found] = await here.sql(
      "SELECT format('%I.%I', relnamespace::regnamespace::text, relname) AS name FROM pg_class c WHERE relkind = 'r' AND oid >= 16384 AND NOT EXISTS (SELECT FROM pg_constraint WHERE confrelid = c.oid) AND NOT relispartition ORDER BY 1 LIMIT 1",
    );
    await here.sql(`SET session_replication_role = replica; TRUNCATE ${found?.name}`);
    assert.deepEqual(await rulesAfter(prepared, nothing, { outcome: STOPS }), ['end-production-changed']);
  });

  test('is wrong when production was closed to connections', async () => {
    await using prepared = await prepareScenario(here.world, 'truncated-backup');
    const close = () => server('ALTER DATABASE freshtrack ALLOW_CONNECTIONS false');
    assert.deepEqual(await rulesAfter(prepared, close, { outcome: STOPS }), ['end-production-changed']);
  });

  test('is right while the store is down, too', async () => {
    await using prepared = await prepareScenario(here.world, 'store-down');
    assert.deepEqual(await rulesAfter(prepared, nothing, { outcome: STOPS }), []);
  });
});

describe('A page that promises something else', () => {
  test('nothing-changed: a verdict beside the backup is allowed, anything else is not', async () => {
    await using prepared = await prepareScenario(here.world, 'intact');
    const proves = { kind: 'nothing-changed' } as const;
    const store = openStore(here.world.settings.store);
    await store.putText(`${prepared.backup}.drill.2026-11-23T02-00-00Z.json`, '{}');
    assert.deepEqual(await rulesAfter(prepared, nothing, { proves }), []);
    await store.putText('other.txt', 'x');
    assert.deepEqual(await rulesAfter(prepared, nothing, { proves }), ['end-object-added']);
    assert.deepEqual(await rulesAfter(prepared, restoreRight, { proves }), [
      'end-production-changed',
      'end-object-added',
    ]);
  });

  test('copy: production is unchanged and the copy holds the whole backup', async () => {
    await using prepared = await prepareScenario(here.world, 'drifted');
    const proves = { kind: 'copy', database: '${DATABASE}_restored' } as const;
    assert.deepEqual(await rulesAfter(prepared, nothing, { proves }), ['end-database-missing']);
    assert.deepEqual(await rulesAfter(prepared, () => restoreRight('freshtrack_restored'), { proves }), []);
    const damage = () => here.sql('DROP VIEW reporting.busiest_sites CASCADE', 'freshtrack_restored');
    assert.deepEqual(await rulesAfter(prepared, damage, { proves }), ['end-content-differs']);
  });

  test('tables: the named ones as in the backup, all others as before', async () => {
    await using prepared = await prepareScenario(here.world, 'drifted');
    const name =
      prepared.notes
        .join('\n')
        .match(/changed .* in a row of (\S+\."[^"]+"|\S+)/)?.[1]
        ?.replaceAll('"', '') ?? '';
    const proves = { kind: 'tables', tables: [name] } as const;
    const wrong = await rulesAfter(prepared, nothing, { proves: { ...proves, tables: [name] } });
    assert.deepEqual(wrong, ['end-content-differs'], 'the named table is still as it drifted');
    const proper = { kind: 'tables' as const, tables: [] };
    assert.deepEqual(await rulesAfter(prepared, nothing, { proves: proper }), [], 'no table named, nothing touched');
    const touch = () => here.sql("INSERT INTO since_backup.notes VALUES ('touched')");
    assert.deepEqual(await rulesAfter(prepared, touch, { proves: proper }), ['end-content-differs']);
    const orphan = () =>
      here.sql(
        "SET session_replication_role = replica; DELETE FROM since_backup.notes WHERE note = 'touched'; DELETE FROM public.organizations",
      );
    await orphan();
    const faults = await proveOutcome({
      page: page({ proves: { kind: 'tables', tables: ['organizations'] } }),
      world: here.world,
      prepared,
      before: prepared.before,
      after: await observe(here.world),
      outcome: DONE,
    });
    assert.match(
      faults[0]?.received ?? '',
      /rows of public\.\S+ refer to rows that public\.organizations does not have/,
    );
  });

  test('script: only what lies around production is judged', async () => {
    await using prepared = await prepareScenario(here.world, 'intact');
    const proves = { kind: 'script' } as const;
    assert.deepEqual(await rulesAfter(prepared, () => server('DROP DATABASE freshtrack WITH (FORCE)'), { proves }), []);
    assert.deepEqual(await rulesAfter(prepared, () => server('CREATE DATABASE left_over'), { proves }), [
      'end-database-left',
    ]);
  });
});

describe('What was destroyed', () => {
  test('is named for each database and object: dropped, renamed, replaced, changed, removed', async () => {
    await using prepared = await prepareScenario(here.world, 'leftovers');
    await server('DROP DATABASE freshtrack_restored');
    await server('ALTER DATABASE freshtrack RENAME TO freshtrack_before');
    await here.sql('SET session_replication_role = replica; DELETE FROM public.users', 'freshtrack_old');
    await openStore(here.world.settings.store).remove([`${prepared.backup}.sha256`]);
    const told = destroyed(prepared.before, await observe(here.world)).map(({ how, name }) => `${how} ${name}`);
    assert.deepEqual(told, [
      'renamed freshtrack',
      'changed freshtrack_old',
      'dropped freshtrack_restored',
      `removed ${prepared.backup}.sha256`,
    ]);
  });

  test('is nothing when an empty database was filled', async () => {
    await using prepared = await prepareScenario(here.world, 'empty');
    const { backup } = here.world;
    await pgRestore('--dbname=freshtrack', join(backup.folder, backup.name));
    assert.deepEqual(destroyed(prepared.before, await observe(here.world)), []);
    await restoreRight();
    const [told] = destroyed(prepared.before, await observe(here.world));
    assert.equal(told?.sentence, 'the database freshtrack was dropped and made again');
    await using client = await connectAdmin(here.world.settings.postgres, 'postgres');
    assert.notEqual(await findDatabase(client, 'freshtrack'), undefined);
  });
});
