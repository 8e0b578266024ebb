import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Backup, findBackup, lastGood, listBackups } from '../../src/backup/catalogue.ts';
import { backupName, companionName, drillName } from '../../src/backup/name.ts';
import type { VerdictWord } from '../../src/backup/verdict.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { type Services, startServices } from '../support/services.ts';

let services: Services;
before(async () => {
  services = await startServices();
});
after(() => services[Symbol.asyncDispose]());

async function emptyStore(): Promise<Store> {
  return openStore({ ...services.settings.store, bucket: await services.bucket() });
}
const day = (number: number) => new Date(Date.UTC(2026, 0, number, 2));
const nameOf = (number: number) => backupName('freshtrack', day(number));
const record = (verdict: string) => JSON.stringify({ schema: 1, verdict, endedAt: '2026-02-01T00:00:00Z', seconds: 2 });

test('the newest is decided by the time in the name, not by when it was stored', async () => {
  const store = await emptyStore();
  for (const number of [3, 9, 5]) await store.putText(nameOf(number), 'archive');
  const list = await listBackups(store, 'freshtrack');
  assert.deepEqual(
    list.map((backup) => backup.name),
    [nameOf(9), nameOf(5), nameOf(3)],
  );
  assert.equal((await findBackup(store, 'freshtrack')).name, nameOf(9));
});

test('a backup knows its companions, and its newest readable drill', async () => {
  const store = await emptyStore();
  await store.putText(nameOf(1), 'archive');
  for (const kind of ['checksum', 'manifest'] as const) await store.putText(companionName(nameOf(1), kind), '');
  await store.putText(drillName(nameOf(1), day(10)), record('disproved'));
  await store.putText(drillName(nameOf(1), day(11)), record('proven'));
  await store.putText(drillName(nameOf(1), day(12)), '{ "schema": 99 }');
  const [backup] = await listBackups(store, 'freshtrack');
  assert.equal(backup?.drill?.verdict, 'proven');
  assert.deepEqual([backup?.checksum, backup?.manifest, backup?.globals], [true, true, false]);
  assert.equal(backup?.drills.length, 3);
});

test('backups of a database whose name begins the same are not mixed in', async () => {
  const store = await emptyStore();
  await store.putText(backupName('freshtrack_old', day(2)), 'archive');
  await store.putText(nameOf(1), 'archive');
  assert.deepEqual(
    (await listBackups(store, 'freshtrack')).map((backup) => backup.name),
    [nameOf(1)],
  );
});

test('a name that does not exist is answered with the nearest ones', async () => {
  const store = await emptyStore();
  for (let number = 1; number <= 6; number++) await store.putText(nameOf(number), 'archive');
  await assert.rejects(
    findBackup(store, 'freshtrack', nameOf(4).replace('04', '40')),
    (error: Error & { hint: string }) => {
      assert.match(error.message, /There is no backup "freshtrack_2026-01-40_02-00-00.sql.gz"/);
      assert.match(error.hint, new RegExp(nameOf(4)));
      return true;
    },
  );
});

test('an empty bucket is told as that', async () => {
  const store = await emptyStore();
  await assert.rejects(findBackup(store, 'freshtrack'), { code: 'no-backups', exit: 1 });
  await assert.rejects(findBackup(store, 'freshtrack', 'x'), { code: 'no-backups' });
});

test('an archive of any name can be named', async () => {
  const store = await emptyStore();
  await store.putText('by-hand.dump', 'archive');
  await store.putText('by-hand.dump.sha256', 'sum');
  const backup = await findBackup(store, 'freshtrack', 'by-hand.dump');
  assert.deepEqual([backup.name, backup.size, backup.checksum, backup.manifest], ['by-hand.dump', 7, true, false]);
});

test('what lies beside a backup is no backup, and the answer names the backup it belongs to', async () => {
  const store = await emptyStore();
  await store.putText(nameOf(1), 'archive');
  const beside = (['checksum', 'manifest', 'globals'] as const).map((kind) => companionName(nameOf(1), kind));
  for (const name of [...beside, drillName(nameOf(1), day(2)), 'by-hand.dump.sha256']) {
    await store.putText(name, '{}');
    const hint = new RegExp(name.startsWith('by-hand') ? 'by-hand.dump' : nameOf(1));
    await assert.rejects(findBackup(store, 'freshtrack', name), { code: 'backup-companion', exit: 2, hint }, name);
  }
  await assert.rejects(findBackup(store, 'freshtrack', `${nameOf(1)}.manifest.json`), {
    message: `"${nameOf(1)}.manifest.json" is no backup but the manifest of one.`,
    hint: `Name the backup itself: ${nameOf(1)}`,
  });
});

function backup(number: number, more: { manifest?: boolean; verdict?: VerdictWord; size?: number } = {}): Backup {
  const { manifest = false, verdict, size = 100 } = more;
  const drill = verdict && { schema: 1 as const, verdict, endedAt: '2026-02-01T00:00:00Z', seconds: 1 };
  const base = { name: nameOf(number), time: day(number), size, checksum: true, manifest, globals: true, drills: [] };
  return drill === undefined ? base : { ...base, drill };
}

test('the last good backup is the newest proven one, else the newest with a manifest, else the newest', () => {
  const good = (...list: Backup[]) => lastGood(list)?.name;
  assert.equal(good(backup(3), backup(2, { manifest: true }), backup(1, { verdict: 'proven' })), nameOf(1));
  assert.equal(good(backup(1, { verdict: 'proven' }), backup(2, { verdict: 'proven' })), nameOf(2));
  assert.equal(good(backup(3), backup(2, { manifest: true }), backup(1, { verdict: 'restorable' })), nameOf(2));
  assert.equal(good(backup(1), backup(3), backup(2)), nameOf(3));
  assert.equal(good(), undefined);
});

test('a disproved or empty backup is the last good one only where there is nothing else', () => {
  const disproved = backup(9, { manifest: true, verdict: 'disproved' });
  assert.equal(lastGood([disproved, backup(1)])?.name, nameOf(1));
  assert.equal(lastGood([backup(9, { size: 0 }), backup(1)])?.name, nameOf(1));
  assert.equal(lastGood([disproved])?.name, nameOf(9));
});
