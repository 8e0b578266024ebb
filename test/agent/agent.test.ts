import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { objectsOf } from '../../src/agent/memory.ts';
import type { Settings } from '../../src/settings.ts';
import { objectsIn } from '../support/leftovers.ts';
import { type Services, startServices, until } from '../support/services.ts';
import { assertNoFaults, backupsIn, serviceOf, startAgent } from './support.ts';
import { timeFrom } from './time.ts';

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

test('in a week every due backup is taken exactly once and proven, after a first one at once', async () => {
  const settings = await place();
  const time = timeFrom('2025-06-02T12:00:00Z');
  await using agent = await startAgent(serviceOf(settings, { drillAfterBackup: true }), time.clock());
  await time.goOn('2025-06-02T12:00:00Z', [agent]);
  assert.deepEqual(await backupsIn(settings), ['2025-06-02 12:00:00 proven']);
  await time.goOn('2025-06-09T12:00:00Z', [agent]);
  const days = ['03', '04', '05', '06', '07', '08', '09'].map((day) => `2025-06-${day} 02:00:00 proven`);
  assert.deepEqual(await backupsIn(settings), ['2025-06-02 12:00:00 proven', ...days]);
  assert.equal(await agent.metric('backup_runs_total{outcome="taken"}'), 8);
  assert.equal(await agent.metric('backups'), 8);
  assert.equal(await agent.metric('drill_last_verdict{verdict="proven"}'), 1);
  assert.equal(await agent.metric('backup_last_success_timestamp_seconds'), Date.parse('2025-06-09T02:00:00Z') / 1000);
  assert.equal(await agent.metric('backup_next_timestamp_seconds'), Date.parse('2025-06-10T02:00:00Z') / 1000);
  assert.equal((await agent.get('/healthz')).status, 200);
  assertNoFaults(agent);
});

test('without that option the first backup and then the newest of each week are drilled, and old backups go', async () => {
  const settings = { ...(await place()), keepDays: 3 };
  const time = timeFrom('2025-06-05T12:00:00Z');
  await using agent = await startAgent(serviceOf(settings), time.clock());
  await time.goOn('2025-06-10T12:00:00Z', [agent]);
  // Those of the 5th and 6th are older than three days, and Sunday's is proven: they may go.
  assert.deepEqual(await backupsIn(settings), [
    '2025-06-07 02:00:00',
    '2025-06-08 02:00:00 proven',
    '2025-06-09 02:00:00',
    '2025-06-10 02:00:00',
  ]);
  assert.deepEqual(
    agent.events('drill-ended').map((entry) => [entry.time, entry.verdict]),
    [
      ['2025-06-05T12:00:00.000Z', 'proven'],
      ['2025-06-08T04:00:00.000Z', 'proven'],
    ],
  );
  assertNoFaults(agent);
});

test('a new agent knows from the bucket what happened, makes up what was missed, and nothing twice', async () => {
  const settings = await place();
  const time = timeFrom('2025-06-02T12:00:00Z');
  const first = await startAgent(serviceOf(settings), time.clock());
  await time.goOn('2025-06-03T12:00:00Z', [first]);
  await first.stop();
  const later = timeFrom('2025-06-03T18:00:00Z');
  await using second = await startAgent(serviceOf(settings), later.clock());
  await later.goOn('2025-06-03T18:00:00Z', [second]);
  assert.deepEqual(second.events('backup-started'), []);
  assert.ok(((await second.metric('backup_last_duration_seconds')) ?? 0) > 0);
  assert.equal(await second.metric('drill_last_verdict{verdict="proven"}'), 1);
  await second.stop();
  // Three days away: one backup makes up for all of them.
  const muchLater = timeFrom('2025-06-06T18:30:00Z');
  await using third = await startAgent(serviceOf(settings), muchLater.clock());
  await muchLater.goOn('2025-06-07T03:00:00Z', [third]);
  const due = ['2025-06-02 12:00:00 proven', '2025-06-03 02:00:00', '2025-06-06 18:30:00', '2025-06-07 02:00:00'];
  assert.deepEqual(await backupsIn(settings), due);
});

test('of two agents, whose clocks differ, each time one takes the backup and the other leaves it', async () => {
  const settings = await place();
  const time = timeFrom('2025-06-02T12:00:00Z');
  const service = serviceOf(settings, { drillAfterBackup: true });
  await using one = await startAgent(service, time.clock());
  await using other = await startAgent(service, time.clock(-90_000));
  await using third = await startAgent(service, time.clock());
  const agents = [one, other, third];
  await time.goOn('2025-06-05T12:00:00Z', agents);
  const found = await backupsIn(settings);
  const slots = ['2025-06-03 02', '2025-06-04 02', '2025-06-05 02'];
  assert.deepEqual(
    found.slice(1).map((backup) => backup.slice(0, 13)),
    slots,
  );
  assert.ok(found.every((backup) => backup.endsWith('proven')));
  const taken = agents.flatMap((agent) => agent.events('backup-taken'));
  assert.equal(taken.length, 4);
  assert.ok(agents.flatMap((agent) => agent.events('backup-skipped')).length > 0);
  const drills = (await objectsIn(services, settings.store.bucket)).filter((name) => name.includes('.drill.'));
  assert.equal(drills.length, 4);
  for (const agent of agents) assertNoFaults(agent);
});

test('where clocks are put forward and back, the backup of that night is taken once', async () => {
  for (const [start, end, names] of [
    // 02:30 does not exist: it is due at 03:00, which is 01:00 UTC.
    ['2025-03-29', '2025-03-31', ['03-29 01:30:00', '03-30 01:00:00', '03-31 00:30:00']],
    // 02:30 comes twice: it is due the first time.
    ['2025-10-25', '2025-10-27', ['10-25 00:30:00', '10-26 00:30:00', '10-27 01:30:00']],
  ] as const) {
    const settings = await place();
    const time = timeFrom(`${start}T00:10:00Z`);
    const service = serviceOf(settings, { backupSchedule: '30 2 * * *', timeZone: 'Europe/Berlin' });
    await using agent = await startAgent(service, time.clock());
    await time.goOn(`${end}T12:00:00Z`, [agent]);
    const found = (await backupsIn(settings)).map((backup) => backup.slice(5, 19));
    assert.deepEqual(found, [`${start.slice(5)} 00:10:00`, ...names]);
    assertNoFaults(agent);
  }
});

test('a clock that is set forwards makes up once, and one that is set back a little takes nothing again', async () => {
  const settings = await place();
  const time = timeFrom('2025-06-02T12:00:00Z');
  await using agent = await startAgent(serviceOf(settings, { drillSchedule: undefined }), time.clock());
  await time.goOn('2025-06-03T02:10:00Z', [agent]);
  await time.set('2025-06-03T01:30:00Z', [agent]);
  await time.goOn('2025-06-03T12:00:00Z', [agent]);
  const [first, second] = ['2025-06-02 12:00:00 proven', '2025-06-03 02:00:00'];
  assert.deepEqual(await backupsIn(settings), [first, second]);
  await time.set('2025-06-13T12:00:00Z', [agent]);
  await time.goOn('2025-06-14T01:00:00Z', [agent]);
  assert.deepEqual(await backupsIn(settings), [first, second, '2025-06-13 12:00:00']);
  assertNoFaults(agent);
});

test('a backup that a wrong clock named ahead of time counts for nothing, also when its time has come', async () => {
  const settings = await place();
  const time = timeFrom('2025-06-06T01:00:00Z');
  const wrong = await startAgent(serviceOf(settings, { drillSchedule: undefined }), time.clock());
  await time.goOn('2025-06-06T02:30:00Z', [wrong]);
  await wrong.stop();
  const right = timeFrom('2025-06-04T12:00:00Z');
  const agent = await startAgent(serviceOf(settings, { drillSchedule: undefined }), right.clock());
  await right.goOn('2025-06-04T13:00:00Z', [agent]);
  assert.equal(await agent.metric('backup_last_success_timestamp_seconds'), Date.parse('2025-06-04T12:00:00Z') / 1000);
  assert.equal(agent.events('backups-ahead-of-the-clock').length, 1);
  await agent.stop();
  // Another container later: it was remembered.
  await using next = await startAgent(serviceOf(settings, { drillSchedule: undefined }), right.clock());
  await right.goOn('2025-06-06T12:00:00Z', [next]);
  const taken = [agent, next].flatMap((one) => one.events('backup-taken').map((entry) => entry.time));
  assert.deepEqual(taken, ['2025-06-04T12:00:00.000Z', '2025-06-05T02:00:00.000Z', '2025-06-06T02:00:00.000Z']);
});

test('a store that is away is said, told by its health, and made up for when it is back', async () => {
  const settings = await place();
  const time = timeFrom('2025-06-02T12:00:00Z');
  await using agent = await startAgent(serviceOf(settings, { drillSchedule: undefined }), time.clock());
  await time.goOn('2025-06-03T01:00:00Z', [agent]);
  await services.minio.stop();
  await time.goOn('2025-06-03T02:05:00Z', [agent]);
  assert.equal(agent.events('store-away')[0]?.code, 'store-unreachable');
  assert.equal((await agent.get('/healthz')).status, 200);
  await time.goOn('2025-06-03T02:20:00Z', [agent]);
  const health = await agent.get('/healthz');
  assert.equal(health.status, 503);
  assert.match(health.text, /^The bucket could not be read for 20 min \(store-unreachable\); the log says more\.\n$/);
  assert.doesNotMatch(health.text, /127\.0\.0\.1/);
  await services.minio.start();
  await until(() => services.s3.bucketExists(settings.store.bucket).catch(() => false), 'MinIO answers again');
  await time.goOn('2025-06-03T03:00:00Z', [agent]);
  assert.equal(agent.events('store-back').length, 1);
  assert.equal((await backupsIn(settings)).length, 2);
  assert.equal((await agent.get('/healthz')).status, 200);
});

test('a database that is away is said and remembered, and its backup is made up for when it is back', async () => {
  const settings = await place();
  const time = timeFrom('2025-06-02T12:00:00Z');
  const agent = await startAgent(serviceOf(settings, { drillSchedule: undefined }), time.clock());
  await time.goOn('2025-06-03T01:00:00Z', [agent]);
  await services.postgres.stop();
  await time.goOn('2025-06-03T02:30:00Z', [agent]);
  assert.equal((await agent.get('/healthz')).status, 200);
  await time.goOn('2025-06-03T03:10:00Z', [agent]);
  const health = await agent.get('/healthz');
  assert.equal(health.status, 503);
  assert.match(
    health.text,
    /^The backup that was due at 2025-06-03 02:00 UTC is missing \(postgres-unreachable\); the log/,
  );
  const failed = agent.events('backup-failed').length;
  assert.ok(failed > 2 && failed < 15, `${failed} tries in 70 minutes`);
  assert.equal(await agent.metric('backup_runs_total{outcome="failed"}'), failed);
  await agent.stop();
  await services.postgres.start();
  const database = settings.postgres.database;
  await until(async () => (await services.sql('SELECT 1', database).catch(() => [])).length > 0, 'PostgreSQL answers');
  await using next = await startAgent(serviceOf(settings, { drillSchedule: undefined }), time.clock());
  await time.goOn('2025-06-03T04:00:00Z', [next]);
  assert.deepEqual(await backupsIn(settings), ['2025-06-02 12:00:00 proven', '2025-06-03 03:10:00']);
  assert.equal((await next.get('/healthz')).status, 200);
  const { memory } = objectsOf(database);
  const remembered = JSON.parse(await text(await services.s3.getObject(settings.store.bucket, memory)));
  assert.equal(remembered.failures[0].code, 'postgres-unreachable');
});

test('a bucket that does not exist is no reason to end, nor is a damaged memory', async () => {
  const settings = await place();
  const missing = { ...settings, store: { ...settings.store, bucket: 'made-later' } };
  const time = timeFrom('2025-06-02T12:00:00Z');
  await using agent = await startAgent(serviceOf(missing, { drillSchedule: undefined }), time.clock());
  await time.goOn('2025-06-02T12:01:00Z', [agent]);
  assert.equal(agent.events('store-away')[0]?.code, 'bucket-missing');
  await services.s3.makeBucket('made-later');
  await services.s3.putObject('made-later', objectsOf(settings.postgres.database).memory, 'no JSON');
  await services.s3.putObject('made-later', 'some-other-object', '');
  await time.goOn('2025-06-02T13:00:00Z', [agent]);
  assert.equal((await backupsIn(missing)).length, 1);
});
