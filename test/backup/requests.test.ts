/** How often the store is asked: what grows with the number of backups must be the pages of the list alone. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { findBackup, listBackups } from '../../src/backup/catalogue.ts';
import { backupName, companionName, drillName } from '../../src/backup/name.ts';
import { prune } from '../../src/backup/retain.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { type FaultyStore, faultyStore } from '../support/http-faults.ts';
import { type Services, startServices } from '../support/services.ts';

const BACKUPS = 40;
let services: Services;
let proxy: FaultyStore;
before(async () => {
  services = await startServices();
  proxy = await faultyStore(services.settings.store.endpoint);
  for (let number = 0; number < BACKUPS; number++) {
    const time = daysAgo(number);
    const name = backupName('freshtrack', time);
    await direct().putText(name, 'PGDMP');
    await direct().putText(companionName(name, 'manifest'), '{"schema":1}');
    await direct().putText(drillName(name, time, { verdict: 'restorable', milliseconds: 1_500 }), '{"schema":1}');
  }
});
after(async () => {
  await proxy[Symbol.asyncDispose]();
  await services[Symbol.asyncDispose]();
});

const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000);
const direct = () => openStore(services.settings.store);

async function counted<T>(work: (store: Store) => Promise<T>): Promise<{ result: T; asked: string[] }> {
  const from = proxy.asked.length;
  const result = await work(openStore({ ...services.settings.store, endpoint: proxy.endpoint }));
  return { result, asked: proxy.asked.slice(from).map(({ method, path }) => `${method} ${path.replace(/\?.*/, '')}`) };
}
const PAGE = 'GET /postgres-backups';

test('the list of all backups, with the verdict of each, is one request per page', async () => {
  const { result, asked } = await counted((store) => listBackups(store, 'freshtrack'));
  assert.deepEqual(asked, [PAGE]);
  assert.equal(result.length, BACKUPS);
  const [newest] = result;
  assert.deepEqual([newest?.drill?.verdict, newest?.drill?.seconds, newest?.manifest], ['restorable', 1.5, true]);
});

test('the newest backup is found with one request that passes over all old ones', async () => {
  const { result, asked } = await counted((store) => findBackup(store, 'freshtrack'));
  assert.deepEqual(asked, [PAGE]);
  assert.match(proxy.asked.at(-1)?.path ?? '', /start-after=freshtrack_20/);
  assert.equal(result.drill?.verdict, 'restorable');
});

test('a newest backup that is old is found all the same', async () => {
  const bucket = await services.bucket();
  const name = backupName('freshtrack', daysAgo(400));
  const store = openStore({ ...services.settings.store, bucket });
  await store.putText(name, 'PGDMP');
  assert.equal((await findBackup(store, 'freshtrack')).name, name);
});

test('a named backup is found with one request', async () => {
  const name = backupName('freshtrack', daysAgo(20));
  const { asked } = await counted(async (store) => {
    const [, wanted] = await listBackups(direct(), 'freshtrack');
    return findBackup(store, 'freshtrack', wanted?.name ?? name);
  });
  assert.deepEqual(asked, [PAGE]);
});

test('a dry run asks for the list, and whether the bucket keeps versions, and for nothing else', async () => {
  const settings = services.with({ store: { endpoint: proxy.endpoint } });
  const { result, asked } = await counted(() => prune({ ...settings, keepDays: 10 }, { dryRun: true }));
  assert.deepEqual(asked, [PAGE, PAGE]);
  assert.match(proxy.asked.at(-1)?.path ?? '', /\?versioning/);
  assert.ok(result.removed.length >= 29);
});

test('records of before their names said the verdict are read, one request each', async () => {
  const bucket = await services.bucket();
  const old = openStore({ ...services.settings.store, bucket });
  const record = { schema: 1, verdict: 'proven', endedAt: '2026-01-01T00:00:00Z', seconds: 2 };
  for (const days of [1, 2, 3]) {
    await old.putText(backupName('freshtrack', daysAgo(days)), 'PGDMP');
    await old.putText(drillName(backupName('freshtrack', daysAgo(days)), daysAgo(days)), JSON.stringify(record));
  }
  const from = proxy.asked.length;
  const list = await listBackups(
    openStore({ ...services.settings.store, bucket, endpoint: proxy.endpoint }),
    'freshtrack',
  );
  assert.equal(proxy.asked.length - from, 1 + 3);
  assert.deepEqual(
    list.map(({ drill }) => drill?.verdict),
    ['proven', 'proven', 'proven'],
  );
});
