/** The alerts fire and resolve in a running Prometheus that reads the real backup service, and the dashboard has data. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serve } from '../../src/agent/agent.ts';
import { takeBackup } from '../../src/backup/take.ts';
import { drill } from '../../src/restore/drill.ts';
import type { ServiceSettings } from '../../src/settings/service.ts';
import type { Settings } from '../../src/settings.ts';
import { freePort, type Services, startServices, until } from '../support/services.ts';
import { dashboardQueries } from './dashboard.ts';
import { SITE, startMonitoring } from './support.ts';

const HOUR = 3_600_000;

/** The service looks at the bucket several times a second instead of every five minutes; it is the real one otherwise. */
const QUICK = {
  now: () => new Date(),
  wait: (time: Date, signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.max(0, Math.min(200, time.getTime() - Date.now())));
      signal.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve();
      });
    }),
};

function startAgent(settings: Settings, port: number): AsyncDisposable {
  const stopping = new AbortController();
  const service: ServiceSettings['service'] = {
    backupSchedule: '0 2 * * *',
    drillSchedule: '0 4 * * 0',
    drillAfterBackup: false,
    timeZone: 'UTC',
    listen: { host: '127.0.0.1', port },
  };
  const serving = serve({ ...settings, service }, { signal: stopping.signal, log: () => {}, clock: QUICK });
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort(new Error('the test ends it'));
      await serving;
    },
  };
}

/** Changes a byte in the middle of an archive, behind everybody's back. */
async function damage({ s3, settings }: Services, name: string): Promise<void> {
  const parts: Buffer[] = [];
  for await (const part of await s3.getObject(settings.store.bucket, name)) parts.push(part);
  const bytes = Buffer.concat(parts);
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] ?? 0) ^ 0xff;
  await s3.putObject(settings.store.bucket, name, bytes);
}

test('the alerts fire and resolve, and are told to a receiver, with what the real backup service says', async (t) => {
  await using services = await startServices();
  const { settings } = services;
  const { database } = settings.postgres;
  await services.sql(
    'CREATE TABLE sites (id int PRIMARY KEY); INSERT INTO sites SELECT generate_series(1, 1000)',
    database,
  );
  const port = await freePort();
  await using monitoring = await startMonitoring(`127.0.0.1:${port}`, settings);
  const { fires, resolves, query } = monitoring;
  const tooOld = { alertname: 'BackupAgeTooOld', reason: 'too old', database };
  const noneKnown = { alertname: 'BackupAgeTooOld', reason: 'none known' };
  const down = { alertname: 'BackupContainerDown', reason: 'no answer' };
  const disproved = { alertname: 'BackupDisproved', database };

  {
    await using _refused = startAgent(services.with({ postgres: { password: 'not the password' } }), port);
    await t.test('a service that never took a backup', async () => {
      const told = await fires(noneKnown);
      assert.equal(told.annotations.runbook_url, `${SITE}/runbooks/backup-too-old/`);
      assert.equal(told.labels.site, undefined, 'the address of the site is no label of an alert');
    });
    await t.test('a newest backup of 30 hours ago, in place of none', async () => {
      await takeBackup(settings, { now: () => new Date(Date.now() - 30 * HOUR) });
      const told = await fires(tooOld);
      assert.match(told.annotations.summary ?? '', /^The newest backup of freshtrack is 1d 6h 0m \d+s old$/);
      await resolves(noneKnown);
    });
  }
  await t.test('the service dies, and the age of the backup goes on', async () => {
    const told = await fires(down);
    assert.equal(told.annotations.runbook_url, `${SITE}/runbooks/backup-service-down/`);
    await fires(tooOld);
  });
  await using _agent = startAgent(settings, port);
  await t.test('a service that works resolves both: it makes up for the backup that was missed', async () => {
    await resolves(down);
    await resolves(tooOld);
    const resolved = monitoring.told.filter(
      ({ status, labels }) => status === 'resolved' && labels.reason === 'too old',
    );
    assert.equal(resolved.length, 1, 'the age was taken for mended while the service started');
  });
  await t.test('a backup that a drill disproves, until the next is proven', async () => {
    const metric = `drillbook_drill_last_verdict{database="${database}", verdict="proven"} == 1`;
    await until(async () => (await query(metric)).length === 1, 'the service drilled the first backup');
    const spoilt = await takeBackup(settings);
    await damage(services, spoilt.name);
    assert.equal((await drill(settings, { backup: spoilt.name })).verdict, 'disproved');
    const told = await fires(disproved);
    assert.equal(told.annotations.runbook_url, `${SITE}/runbooks/drill/`);
    const good = await takeBackup(settings);
    assert.equal((await drill(settings, { backup: good.name })).verdict, 'proven');
    await resolves(disproved);
  });
  await t.test('every query of the dashboard has data', async (panel) => {
    const queries = dashboardQueries(database);
    assert.ok(queries.length >= 19, 'the dashboard lost panels');
    for (const { panel: title, expr } of queries)
      await panel.test(`${title}: ${expr}`, async () => {
        const found = await query(expr);
        assert.ok(found.length > 0, 'no data');
        for (const { value } of found) assert.ok(Number.isFinite(Number(value[1])), `${value[1]} is no number`);
      });
  });
  await t.test('nothing else was told, and nothing fires any more', async () => {
    assert.deepEqual(await query('ALERTS{alertstate="firing"}'), []);
    const names = new Set(monitoring.told.map(({ labels }) => `${labels.alertname}: ${labels.reason ?? ''}`));
    assert.deepEqual([...names].sort(), [
      'BackupAgeTooOld: none known',
      'BackupAgeTooOld: too old',
      'BackupContainerDown: no answer',
      'BackupDisproved: ',
    ]);
  });
});
