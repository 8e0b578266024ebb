/** The service as a process of its own: killed, stopped, and started wrongly. */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { objectsOf } from '../../src/agent/memory.ts';
import { connect } from '../../src/postgres/connection.ts';
import { stream } from '../../src/process.ts';
import type { Settings } from '../../src/settings.ts';
import { drillbook } from '../support/command.ts';
import { objectsIn, otherSessions, uploadedParts } from '../support/leftovers.ts';
import { freePort, type Services, startServices, until } from '../support/services.ts';
import { backupsIn, type Entry } from './support.ts';

const ROOT = join(import.meta.dirname, '../..');

let services: Services;
before(async () => {
  services = await startServices();
  await services.database('template_small');
  await services.sql(
    'CREATE TABLE items AS SELECT i AS id, md5(i::text) AS text FROM generate_series(1, 500) i',
    'template_small',
  );
});
after(() => services[Symbol.asyncDispose]());

async function place(): Promise<Settings> {
  const [bucket, database] = [await services.bucket(), await services.database(undefined, 'template_small')];
  return services.with({ postgres: { database }, store: { bucket } });
}

/** `drillbook agent`, or the same with a lease that outlives its holder by two seconds. */
async function start(
  stack: AsyncDisposableStack,
  settings: Settings,
  program = 'test/agent/short-lease.ts',
  more = {},
) {
  const env = { ...services.environment(settings), METRICS_LISTEN: `127.0.0.1:${await freePort()}`, ...more };
  const args = program === 'agent' ? ['src/cli/drillbook.ts', 'agent'] : [program];
  const running = await stream(process.execPath, args, { env, cwd: ROOT });
  stack.defer(() => running.kill());
  const said: Entry[] = [];
  let text = '';
  running.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (text + chunk).split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) said.push(JSON.parse(line));
  });
  const saw = (event: string, which: (entry: Entry) => boolean = () => true) =>
    until(
      () => said.some((entry) => entry.event === event && which(entry)),
      `it says ${event}`,
      () => JSON.stringify(said),
    );
  return { running, said, saw, address: `http://${env.METRICS_LISTEN}` };
}

/** Holds the table, so that a backup stops in its middle. */
async function blocking(stack: AsyncDisposableStack, settings: Settings) {
  const client = stack.use(await connect(settings.postgres));
  await client.query('BEGIN; LOCK TABLE items IN ACCESS EXCLUSIVE MODE');
  return {
    waited: () =>
      until(
        async () => (await services.sql('SELECT FROM pg_locks WHERE NOT granted')).length >= 2,
        'dump and manifest wait for the lock',
      ),
    release: () => client[Symbol.asyncDispose](),
  };
}

test('killed with SIGKILL in the middle of a backup, the next agent makes it up, and nothing half done looks whole', async () => {
  await using stack = new AsyncDisposableStack();
  const settings = await place();
  const block = await blocking(stack, settings);
  const killed = await start(stack, settings);
  await block.waited();
  process.kill(killed.running.pid, 'SIGKILL');
  await killed.running.ended.catch(() => {});
  assert.deepEqual(await backupsIn(settings), []);
  await block.release();
  const next = await start(stack, settings);
  await next.saw('waiting');
  await next.saw('drill-ended', (entry) => entry.verdict === 'proven');
  const found = await backupsIn(settings);
  assert.equal(found.length, 1);
  assert.match(found[0] ?? '', / proven$/);
  const archives = (await objectsIn(services, settings.store.bucket)).filter((name) => name.endsWith('.sql.gz'));
  assert.equal(archives.length, 1);
  await until(async () => (await otherSessions(services)).length === 0, 'what the killed one had started has ended');
});

test('killed in the middle of a drill, the next agent drills again', async () => {
  await using stack = new AsyncDisposableStack();
  const settings = await place();
  const first = await start(stack, settings);
  const databases = async () =>
    (await services.sql('SELECT datname FROM pg_database')).filter(({ datname }) =>
      /_restore_test_/.test(String(datname)),
    );
  await until(async () => (await databases()).length === 1, 'the drill has made its database');
  process.kill(first.running.pid, 'SIGKILL');
  await first.running.ended.catch(() => {});
  const next = await start(stack, settings);
  await until(async () => (await backupsIn(settings))[0]?.endsWith('proven') === true, 'it is proven');
  assert.equal((await backupsIn(settings)).length, 1);
  assert.deepEqual(await databases(), []);
  assert.match(JSON.stringify(next.said), /Removed the test database of a drill that was killed: \w+_restore_test_/);
});

test('SIGTERM in the middle of a backup ends it at once, leaves nothing, and gives the lease back', async () => {
  await using stack = new AsyncDisposableStack();
  const settings = await place();
  // Parts of uploads that tests before this one killed: they go a day later.
  const parts = await uploadedParts(services);
  const block = await blocking(stack, settings);
  const agent = await start(stack, settings, 'agent');
  await block.waited();
  assert.match(await (await fetch(`${agent.address}/metrics`)).text(), /drillbook_backup_running\{[^}]*\} 1\n/);
  process.kill(agent.running.pid, 'SIGTERM');
  const { status } = await agent.running.ended;
  assert.equal(status, 143);
  assert.deepEqual(
    agent.said.map(({ event }) => event),
    ['started', 'backup-started', 'backup-interrupted', 'stopped'],
  );
  assert.deepEqual(await objectsIn(services, settings.store.bucket), [objectsOf(settings.postgres.database).lease]);
  assert.deepEqual(await uploadedParts(services), parts);
  await block.release();
  await until(async () => (await otherSessions(services)).length === 0, 'the sessions have ended');
  // The lease is free: nobody waits for it.
  const next = await start(stack, settings, 'agent');
  await next.saw('drill-ended');
  assert.ok(next.said.every(({ event }) => event !== 'waiting'));
  process.kill(next.running.pid, 'SIGINT');
  assert.equal((await next.running.ended).status, 130);
  assert.doesNotMatch(JSON.stringify(next.said), /Secret/);
});

test('wrong settings, all of them, and a port that is taken end it at the start with status 2', async () => {
  const settings = await place();
  const wrong = {
    BACKUP_SCHEDULE: '0 2 30 2 *',
    DRILL_SCHEDULE: 'weekly',
    DRILL_AFTER_BACKUP: 'maybe',
    TZ: 'Europe/Nowhere',
    METRICS_LISTEN: '9188',
  };
  const refused = await drillbook(['agent'], { ...services.environment(settings), ...wrong });
  assert.equal(refused.status, 2);
  for (const name of Object.keys(wrong)) assert.match(refused.stderr, new RegExp(name));
  assert.equal(refused.stdout, '');
  await using stack = new AsyncDisposableStack();
  const server = createServer();
  stack.defer(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const taken = await drillbook(['agent'], {
    ...services.environment(settings),
    METRICS_LISTEN: `127.0.0.1:${port}`,
  });
  assert.equal(taken.status, 2);
  assert.match(taken.stderr, /cannot listen on 127\.0\.0\.1:\d+: another program listens there\. \[listen-failed\]/);
  assert.deepEqual(await objectsIn(services, settings.store.bucket), []);
});
