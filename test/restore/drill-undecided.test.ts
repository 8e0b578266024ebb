import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { takeBackup } from '../../src/backup/take.ts';
import { Failure } from '../../src/failure.ts';
import { run } from '../../src/process.ts';
import type { Report } from '../../src/progress.ts';
import { drill } from '../../src/restore/drill.ts';
import { programs } from '../support/leftovers.ts';
import { endNasty, good, nothingIsLeft, scratch, services, settings, startNasty } from '../support/nasty.ts';
import { until } from '../support/services.ts';

before(() => startNasty());
after(endNasty);

describe('what cannot be decided says nothing about the backup', () => {
  const failure = (code: string, exit: number) => (error: unknown) => {
    assert.ok(error instanceof Failure, String(error));
    assert.equal(error.code, code);
    assert.equal(error.exit, exit);
    return true;
  };

  test('a backup that does not exist: the nearest names are offered', async () => {
    const wrong = good.replace(/\d\d\.sql/, 'xx.sql');
    await assert.rejects(drill(settings, { backup: wrong }), (error) => {
      assert.ok(error instanceof Failure);
      assert.equal(error.code, 'backup-not-found');
      return error.hint.includes(good);
    });
  });

  test('an empty bucket', async () => {
    const bucket = await services.bucket();
    await assert.rejects(drill(services.with({ store: { bucket } })), failure('no-backups', 1));
  });

  test('a user who may not create databases', async () => {
    await services.sql("CREATE ROLE poor LOGIN PASSWORD 'poor-Secret'");
    const poor = services.with({ postgres: { database: 'nasty', user: 'poor', password: 'poor-Secret' } });
    await assert.rejects(drill(poor, { backup: good }), failure('createdb-missing', 3));
  });

  test('a server that is read-only', async () => {
    await services.sql('ALTER DATABASE postgres SET default_transaction_read_only = on');
    try {
      await assert.rejects(drill(settings, { backup: good }), failure('test-database-failed', 3));
    } finally {
      await services.sql('ALTER DATABASE postgres RESET default_transaction_read_only', 'freshtrack');
    }
    await nothingIsLeft();
  });
});

describe('an interrupted drill leaves nothing', () => {
  before(async () => {
    // An index whose expression takes for ever, but only in a test database.
    await services.database('slow');
    await services.sql(
      `CREATE FUNCTION wait(a int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
         BEGIN IF current_database() LIKE '%restore_test%' THEN PERFORM pg_sleep(600); END IF; RETURN a; END $$;
       CREATE TABLE t (a int); INSERT INTO t VALUES (1); CREATE INDEX t_wait ON t (wait(a));`,
      'slow',
    );
    await takeBackup(services.with({ postgres: { database: 'slow' } }));
  });

  const restoring = async () => {
    const rows = await services.sql(
      "SELECT FROM pg_stat_activity WHERE datname LIKE 'slow_restore_test%' AND query LIKE 'CREATE INDEX%' AND state = 'active'",
    );
    return rows.length > 0;
  };

  test('no database, file or process, when its signal is aborted', async () => {
    const controller = new AbortController();
    const running = drill(services.with({ postgres: { database: 'slow' } }), { signal: controller.signal });
    const expected = assert.rejects(running, /enough/);
    await until(restoring, 'pg_restore builds the index');
    controller.abort(new Error('enough'));
    await expected;
    await nothingIsLeft();
  });

  for (const stage of ['Downloading', 'Making the test database', 'Restoring', 'Comparing', 'Removing']) {
    test(`no database or file, when it is aborted while: ${stage}`, async () => {
      const controller = new AbortController();
      const report: Report = (event) => {
        if (event.kind === 'stage' && event.title.startsWith(stage)) controller.abort(new Error('enough'));
      };
      await assert.rejects(drill(settings, { backup: good, report, signal: controller.signal }), /enough/);
      await nothingIsLeft();
    });
  }

  for (const [signal, status] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    test(`no database, file or process, after ${signal}, and the status says so`, async () => {
      const { PATH, HOME, ...env } = services.environment(services.with({ postgres: { database: 'slow' } }));
      const script = join(import.meta.dirname, '../../scripts/test-restore.ts');
      const running = run(process.execPath, [script], { env: { PATH, HOME, ...env, TMPDIR: scratch } });
      await until(restoring, 'pg_restore builds the index');
      const ours = programs().filter(({ parent, command }) => parent === process.pid && command.includes(script));
      assert.equal(ours.length, 1);
      for (const { pid } of ours) process.kill(pid, signal);
      const ended = await running;
      assert.equal(ended.status, status, ended.stderr);
      await nothingIsLeft();
      const left = await services.sql("SELECT FROM pg_stat_activity WHERE datname LIKE 'slow_restore_test%'");
      assert.equal(left.length, 0);
    });
  }
});
