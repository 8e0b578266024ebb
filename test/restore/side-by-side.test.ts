import assert from 'node:assert/strict';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { takeBackup } from '../../src/backup/take.ts';
import { drill } from '../../src/restore/drill.ts';
import { objectsIn, otherSessions } from '../support/leftovers.ts';
import { startServices, until } from '../support/services.ts';

test('twenty drills at once on one backup: each proven, each with its own verdict in the store, and nothing left', async () => {
  await using services = await startServices();
  const temporary = process.env.TMPDIR;
  const scratch = join(services.folder, 'tmp');
  await mkdir(scratch);
  process.env.TMPDIR = scratch;
  try {
    const settings = services.with({ postgres: { database: await services.database('small') } });
    await services.sql('CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 100)', 'small');
    const { name } = await takeBackup(settings);
    // One clock for all: verdicts of one second must not write over each other.
    const now = () => new Date('2026-11-23T02:00:00Z');
    const verdicts = await Promise.all(Array.from({ length: 20 }, () => drill(settings, { backup: name, now })));
    assert.deepEqual(
      verdicts.map(({ verdict, reasons }) => [verdict, ...reasons]),
      Array.from({ length: 20 }, () => ['proven']),
    );
    assert.equal(new Set(verdicts.map(({ testDatabase }) => testDatabase)).size, 20);
    const records = (await objectsIn(services, settings.store.bucket)).filter((object) => /\.drill\./.test(object));
    assert.equal(records.length, 20);
    assert.deepEqual(await services.sql("SELECT FROM pg_database WHERE datname LIKE '%restore_test%'"), []);
    assert.deepEqual(await readdir(scratch), []);
    await until(async () => (await otherSessions(services)).length === 0, 'every session has ended');
  } finally {
    if (temporary === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = temporary;
  }
});
