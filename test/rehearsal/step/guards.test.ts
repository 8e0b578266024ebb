/** What step scripts check before they run, against a real server and a real store. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Lab } from '../../../src/lab/lab.ts';
import { labUp } from '../../../src/lab/up.ts';
import { connect } from '../../../src/postgres/connection.ts';
import { silent } from '../../../src/progress.ts';
import { applicationIsStopped } from '../../../src/rehearsal/step/application.ts';
import type { StepContext } from '../../../src/rehearsal/step/definition.ts';
import { enoughDiskSpace } from '../../../src/rehearsal/step/disk-space.ts';
import { placeHere } from '../../../src/rehearsal/step/place.ts';
import { readSettings, type Settings } from '../../../src/settings.ts';
import { openStore } from '../../../src/store/store.ts';

describe('guards of steps', () => {
  let lab: Lab;
  before(async () => {
    lab = await labUp({ report: silent });
    await using server = await connect(lab.settings.postgres, { database: 'postgres' });
    await server.query('CREATE DATABASE shop');
    await server.query("CREATE ROLE watcher LOGIN PASSWORD 'watch'");
    await server.query('GRANT pg_monitor TO watcher');
  });
  after(() => lab?.down());
  // The server notices a moment later that a session of the test before has ended.
  beforeEach(async () => {
    await using server = await connect(lab.settings.postgres, { database: 'postgres' });
    const sessions = "SELECT FROM pg_stat_activity WHERE datname = 'shop' AND usename IS NOT NULL";
    while (((await server.query(sessions)).rowCount ?? 0) > 0);
  });

  /** As a step of a reader has it, on the database `shop`. */
  const contextOf = (
    reader: 'administrator' | 'plain-owner',
    env: Record<string, string> = {},
    free?: number,
  ): StepContext => {
    const settings = (): Settings => readSettings({ ...lab.environment(reader), POSTGRES_DB: 'shop', ...env });
    const place = placeHere(lab.folder);
    return {
      parameters: { DATABASE: 'shop', BACKUP: 'shop_2026-11-20_02-00-00.sql.gz' },
      place: free === undefined ? place : { ...place, free: async () => free },
      settings,
      connect: (database = 'postgres') => connect(settings().postgres, { database }),
      signal: new AbortController().signal,
    };
  };
  const session = async (name: string, user?: { user: string; password: string }) => {
    const client = await connect({ ...lab.settings.postgres, ...user }, { database: 'shop' });
    await client.query(`SET application_name = '${name}'`);
    return client;
  };
  const stopped = applicationIsStopped(({ DATABASE }) => `${DATABASE}`);

  for (const reader of ['administrator', 'plain-owner'] as const)
    it(`see any application’s session, whatever its name, as ${reader}`, async () => {
      assert.equal(await stopped.reason(contextOf(reader)), undefined);
      await using _ = await session('till 4');
      const reason = await stopped.reason(contextOf(reader));
      assert.match(reason ?? '', /^shop still has sessions of till 4 \(1 as \w+\); stop it first/);
      assert.match(reason ?? '', /APPLICATION_NAMES/);
    });

  it('do not take the reader’s own programs or a monitor for the application', async () => {
    await using _psql = await session('psql');
    await using _dump = await session('pg_dump');
    await using _monitor = await session('anything', { user: 'watcher', password: 'watch' });
    assert.equal(await stopped.reason(contextOf('administrator')), undefined);
  });

  it('look for the application’s names alone where they are known', async () => {
    await using _other = await session('till 4');
    const known = contextOf('administrator', { APPLICATION_NAMES: 'shop-' });
    assert.equal(await stopped.reason(known), undefined);
    await using _application = await session('shop-worker');
    assert.match((await stopped.reason(known)) ?? '', /shop-worker \(1 as \w+\); stop it first$/);
  });

  it('want room for the whole backup, by its size in the store', async () => {
    const context = contextOf('administrator');
    assert.match((await enoughDiskSpace.reason(context)) ?? '', /the store has no shop_2026/);
    const size = 5_000_000;
    await openStore(lab.settings.store).putText(context.parameters.BACKUP ?? '', 'x'.repeat(size));
    assert.equal(await enoughDiskSpace.reason(context), undefined);
    // More than the 16 MiB that were once enough for any backup, and less than this one needs.
    const scarce = contextOf('administrator', {}, 16 * 1024 ** 2 + size - 1);
    assert.equal(
      await enoughDiskSpace.reason(scarce),
      '21,777,215 bytes are free in this folder, and shop_2026-11-20_02-00-00.sql.gz needs 21,777,216 bytes',
    );
    assert.equal(await enoughDiskSpace.reason(contextOf('administrator', {}, 16 * 1024 ** 2 + size)), undefined);
  });
});
