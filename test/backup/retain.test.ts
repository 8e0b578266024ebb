import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import type { Backup } from '../../src/backup/catalogue.ts';
import { backupName, companionName, drillName } from '../../src/backup/name.ts';
import { choose, prune } from '../../src/backup/retain.ts';
import type { Settings } from '../../src/settings.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { objectsIn } from '../support/leftovers.ts';
import { type Services, startServices } from '../support/services.ts';

let services: Services;
before(async () => {
  services = await startServices();
});
after(() => services[Symbol.asyncDispose]());

const NOW = new Date('2026-11-23T02:00:00Z');
const now = () => NOW;
const daysAgo = (days: number) => new Date(NOW.getTime() - days * 86_400_000);
const nameOf = (days: number) => backupName('freshtrack', daysAgo(days));

async function emptyBucket(): Promise<{ settings: Settings; store: Store; bucket: string }> {
  const bucket = await services.bucket();
  const settings = services.with({ store: { bucket } });
  return { settings, store: openStore(settings.store), bucket };
}
async function put(store: Store, days: number): Promise<string[]> {
  const name = nameOf(days);
  const companions = (['checksum', 'manifest', 'globals'] as const).map((kind) => companionName(name, kind));
  const names = [name, ...companions, drillName(name, daysAgo(days - 1))];
  for (const each of names) await store.putText(each, 'x');
  return names;
}

test('what is older than the days kept goes, with all that belongs to it, and nothing else', async () => {
  const { settings, store, bucket } = await emptyBucket();
  const foreign = [
    'notes.txt',
    `${nameOf(90)}.bak`,
    backupName('freshtrack_old', daysAgo(90)),
    'freshtrack_manual.dump',
  ];
  for (const name of foreign) await store.putText(name, 'x');
  const old = [...(await put(store, 31)), ...(await put(store, 45))];
  const young = [...(await put(store, 1)), ...(await put(store, 29)), ...(await put(store, 30))];
  const pruned = await prune(settings, { now });
  assert.deepEqual(pruned.objects.toSorted(), old.toSorted());
  assert.deepEqual(
    pruned.removed.map((backup) => backup.name),
    [nameOf(45), nameOf(31)],
  );
  assert.equal(pruned.kept, 3);
  assert.deepEqual(await objectsIn(services, bucket), [...foreign, ...young].sort());
});

test('a dry run says the same and removes nothing', async () => {
  const { settings, store, bucket } = await emptyBucket();
  await put(store, 40);
  await put(store, 1);
  const before = await objectsIn(services, bucket);
  const dry = await prune(settings, { now, dryRun: true });
  assert.deepEqual(await objectsIn(services, bucket), before);
  const real = await prune(settings, { now });
  assert.deepEqual({ ...real, dryRun: true }, dry);
  assert.equal(real.objects.length, 5);
});

test('the last good backup stays, however old it is', async () => {
  const { settings, store } = await emptyBucket();
  await put(store, 400);
  await put(store, 300);
  const first = await prune(settings, { now });
  assert.deepEqual([first.kept, first.lastGood?.name, first.lastGoodIsOld], [1, nameOf(300), true]);
  const again = await prune(settings, { now });
  assert.deepEqual([again.kept, again.objects], [1, []]);
});

test('a proven backup outlives newer ones that are not, and they go', async () => {
  const { settings, store } = await emptyBucket();
  await put(store, 50);
  await put(store, 40);
  const proof = JSON.stringify({ schema: 1, verdict: 'proven', endedAt: daysAgo(49).toISOString(), seconds: 3 });
  await store.putText(drillName(nameOf(50), daysAgo(49)), proof);
  const pruned = await prune(settings, { now });
  assert.deepEqual(
    pruned.removed.map((backup) => backup.name),
    [nameOf(40)],
  );
  assert.ok(await store.stat(nameOf(50)));
});

test('an old checksum without its archive goes; a young one may belong to a backup of now and stays', async () => {
  const { settings, store, bucket } = await emptyBucket();
  await put(store, 1);
  await store.putText(companionName(nameOf(50), 'checksum'), 'x');
  await store.putText(companionName(nameOf(0), 'checksum'), 'x');
  const pruned = await prune(settings, { now });
  assert.deepEqual(pruned.objects, [companionName(nameOf(50), 'checksum')]);
  assert.ok((await objectsIn(services, bucket)).includes(companionName(nameOf(0), 'checksum')));
});

test('whatever the backups are: one is left if there was one, and no young one goes', () => {
  const anyBackup = fc.record({
    days: fc.nat(100),
    manifest: fc.boolean(),
    size: fc.constantFrom(0, 5),
    proven: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.uniqueArray(anyBackup, { selector: (backup) => backup.days }), (made) => {
      const backups = made.map(({ days, manifest, size, proven }): Backup => {
        const backup = {
          name: nameOf(days),
          time: daysAgo(days),
          size,
          checksum: true,
          manifest,
          globals: true,
          drills: [],
        };
        if (!proven) return backup;
        return { ...backup, drill: { schema: 1, verdict: 'proven', endedAt: NOW.toISOString(), seconds: 1 } };
      });
      const { removed, lastGood } = choose(backups, daysAgo(30));
      assert.ok(backups.length === 0 || removed.length < backups.length);
      assert.ok(removed.every((backup) => backup.time < daysAgo(30) && backup !== lastGood));
    }),
  );
});
