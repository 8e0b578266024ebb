/** What an operator's environment does to the commands: none of it may touch another database or read as a verdict. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { openSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { furnishedLab } from '../../src/lab/furnished.ts';
import { connect, quoteIdentifier } from '../../src/postgres/connection.ts';
import { run } from '../../src/process.ts';
import { silent } from '../../src/progress.ts';

test('the commands hold against hostile names, closed outputs and missing folders', async (t) => {
  await using lab = await furnishedLab({ rows: 10_000, report: silent });
  const environment = lab.environment('administrator');
  const drillbook = (args: string[], env: Record<string, string> = {}) =>
    run('drillbook', args, { env: { ...environment, ...env }, timeout: 120_000 });

  await t.test(
    'a database named like a connection string is drilled, and the one in that string is left alone',
    async () => {
      const hostile = 'dbname=bystander application_name=x';
      await using admin = await connect(lab.settings.postgres, { database: 'postgres' });
      for (const name of ['bystander', hostile]) await admin.query(`CREATE DATABASE ${quoteIdentifier(name)}`);
      {
        await using client = await connect(lab.settings.postgres, { database: hostile });
        await client.query('CREATE TABLE t AS SELECT 1 AS a');
      }
      const env = { POSTGRES_DB: hostile, KEY_TABLES: '', MIN_TABLES: '1' };
      assert.equal((await drillbook(['backup'], env)).status, 0);
      const drilled = await drillbook(['drill'], env);
      assert.equal(drilled.status, 0, drilled.stdout + drilled.stderr);
      await using bystander = await connect(lab.settings.postgres, { database: 'bystander' });
      const { rows } = await bystander.query(`SELECT relname FROM pg_class WHERE relname = 't'`);
      assert.deepEqual(rows, []);
    },
  );

  await t.test('a reader that goes away and a full log disk do not end a drill in its middle', async () => {
    assert.equal((await drillbook(['backup'])).status, 0);
    const before = readdirSync(environment.TMPDIR ?? '');
    const full = openSync('/dev/full', 'w');
    const child = spawn('drillbook', ['drill'], { env: environment, stdio: ['ignore', 'pipe', full] });
    child.stdout?.destroy();
    const status = await new Promise((resolve) => child.once('exit', resolve));
    assert.equal(status, 0);
    assert.deepEqual(readdirSync(environment.TMPDIR ?? ''), before);
  });

  await t.test('an empty name never comes to mean the default', async () => {
    for (const args of [
      ['prove', 'x', '--database', ''],
      ['prove', 'x', '--database'],
      ['prove', 'x', '--database='],
      ['drill', ''],
    ])
      assert.equal((await drillbook(args)).status, 2, args.join(' '));
  });

  await t.test('a folder that is not there is no verdict on the backup', async () => {
    const ran = await drillbook(['drill'], { TMPDIR: '/nonexistent' });
    assert.equal(ran.status, 3);
    assert.match(ran.stderr, /folder-unusable/);
  });
});
