import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { type Backup, listBackups } from '../../src/backup/catalogue.ts';
import { whyNotOurs } from '../../src/backup/known.ts';
import { backupName, companionName, drillName } from '../../src/backup/name.ts';
import { choose, prune, refusal } from '../../src/backup/retain.ts';
import type { Settings } from '../../src/settings.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { mayNotRemove } from '../support/keys.ts';
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
  const drill = drillName(name, daysAgo(days - 1));
  const contents = ['PGDMP..', `${'0'.repeat(64)}  ${name}\n`, manifestFor(name, 7), '--\n-- roles', '{"schema": 99}'];
  const names = [name, ...companions, drill];
  for (const [i, each] of names.entries()) await store.putText(each, contents[i] ?? '');
  return names;
}
const manifestFor = (name: string, size: number) => JSON.stringify({ schema: 1, archive: { name, bytes: size } });

let bucketNumber = 1;

/** The names of all versions that have content. */
async function versionsIn(bucket: string): Promise<string[]> {
  const names: string[] = [];
  for await (const item of services.s3.listObjects(bucket, '', true, { IncludeVersion: true })) {
    const version: { name?: string; isDeleteMarker?: boolean } = item;
    if (!version.isDeleteMarker && version.name !== undefined) names.push(version.name);
  }
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
  await store.putText(companionName(nameOf(50), 'checksum'), `${'0'.repeat(64)}  ${nameOf(50)}\n`);
  await store.putText(companionName(nameOf(0), 'checksum'), 'x');
  const pruned = await prune(settings, { now });
  assert.deepEqual(pruned.objects, [companionName(nameOf(50), 'checksum')]);
  assert.ok((await objectsIn(services, bucket)).includes(companionName(nameOf(0), 'checksum')));
});

test('by count: the newest sound ones stay whatever their age, and empty or disproved ones are not counted', async () => {
  const { settings, store } = await emptyBucket();
  for (const days of [40, 50, 60, 70]) await put(store, days);
  await store.putText(nameOf(35), '');
  await put(store, 36);
  await store.putText(drillName(nameOf(36), daysAgo(1), { verdict: 'disproved', milliseconds: 5 }), '{"schema": 1}');
  const pruned = await prune({ ...settings, keepCount: 2 }, { now });
  assert.deepEqual(
    pruned.removed.map((backup) => backup.name),
    [nameOf(70), nameOf(60), nameOf(36), nameOf(35)],
  );
  assert.deepEqual(
    pruned.spared.map(({ backup, because }) => [backup.name, because]),
    [
      [nameOf(50), 'count'],
      [nameOf(40), 'last good'],
    ],
  );
});

test('what is not what its name says is left alone, told, and does not keep the rest', async () => {
  const { settings, store, bucket } = await emptyBucket();
  await put(store, 1);
  await put(store, 45);
  // Somebody's own dump under the name of a backup, a spreadsheet, another's manifest, and a note instead of a checksum.
  await put(store, 50);
  await store.putText(nameOf(50), 'PGDMP, but longer');
  await store.putText(nameOf(55), 'PK a spreadsheet');
  await put(store, 60);
  await store.putText(companionName(nameOf(60), 'manifest'), manifestFor(nameOf(61), 7));
  await put(store, 65);
  await store.putText(companionName(nameOf(65), 'checksum'), 'to do: ask who needs this');
  const before = await objectsIn(services, bucket);
  const pruned = await prune(settings, { now });
  assert.deepEqual(pruned.strange, [
    { name: nameOf(60), reason: `its manifest belongs to ${nameOf(61)}` },
    { name: nameOf(55), reason: 'it is no archive of pg_dump, and no manifest says what it is' },
    { name: nameOf(50), reason: 'it has 17 bytes, and its manifest says 7' },
    { name: companionName(nameOf(65), 'checksum'), reason: 'it is no checksum' },
  ]);
  assert.deepEqual(
    pruned.removed.map((backup) => backup.name),
    [nameOf(65), nameOf(45)],
  );
  assert.equal(pruned.kept, 4);
  const left = await objectsIn(services, bucket);
  assert.deepEqual(
    before.filter((name) => !left.includes(name)),
    pruned.objects.toSorted(),
  );
});

test('a backup that was replaced after the list was read stays', async () => {
  const { store } = await emptyBucket();
  await put(store, 50);
  const [listed] = await listBackups(store, 'freshtrack');
  assert.ok(listed !== undefined);
  assert.equal(await whyNotOurs(store, listed, {}), undefined);
  await store.putText(nameOf(50), 'PGDMP, a new one');
  assert.equal(await whyNotOurs(store, listed, {}), 'it has 16 bytes now and had 7 when it was listed');
});

for (const [what, head, ours] of [
  ['a custom archive', 'PGDMP', true],
  ['gzip', '\x1f\x8b\x08', true],
  ['zstd', '\x28\xb5\x2f\xfd', true],
  ['a tar', `${'0'.repeat(257)}ustar`, true],
  ['SQL of pg_dump', '--\n-- PostgreSQL database dump\n--\n', true],
  ['nothing at all', '', true],
  ['a zip', 'PK\x03\x04', false],
  ['text', 'Please keep. Anna', false],
] as const)
  test(`without a manifest, ${what} ${ours ? 'may go' : 'stays'}`, async () => {
    const { store, bucket } = await emptyBucket();
    await services.s3.putObject(bucket, nameOf(50), Buffer.from(head, 'latin1'));
    const [listed] = await listBackups(store, 'freshtrack');
    assert.equal((await whyNotOurs(store, listed ?? assert.fail(), {})) === undefined, ours);
  });

test('in a bucket that keeps versions the backups are hidden, their bytes remain, and both are said', async () => {
  const { settings, store, bucket } = await emptyBucket();
  await services.s3.setBucketVersioning(bucket, { Status: 'Enabled' });
  const old = await put(store, 40);
  await put(store, 1);
  assert.equal((await prune(settings, { now, dryRun: true })).versioned, true);
  const pruned = await prune(settings, { now });
  assert.deepEqual([pruned.versioned, pruned.refused, pruned.objects.length], [true, [], 5]);
  assert.equal(await store.stat(nameOf(40)), undefined);
  assert.deepEqual((await versionsIn(bucket)).filter((name) => old.includes(name)).toSorted(), old.toSorted());
  assert.deepEqual((await prune(settings, { now })).objects, []);
});

test('in a bucket with locks nothing is refused and nothing is lost: the locked version is still there', async () => {
  const bucket = `locked-${bucketNumber++}`;
  await services.s3.makeBucket(bucket, 'us-east-1', { ObjectLocking: true });
  await services.s3.setObjectLockConfig(bucket, { mode: 'COMPLIANCE', unit: 'Days', validity: 1 });
  const settings = services.with({ store: { bucket } });
  const store = openStore(settings.store);
  await put(store, 40);
  await put(store, 1);
  const pruned = await prune(settings, { now });
  assert.deepEqual([pruned.versioned, pruned.refused, pruned.removed.length], [true, [], 1]);
  assert.ok((await versionsIn(bucket)).includes(nameOf(40)));
});

test('what the store refuses to remove is told object by object, stays whole, and the rest goes', async () => {
  const { settings, store, bucket } = await emptyBucket();
  for (const days of [40, 50, 60, 1]) await put(store, days);
  await using keeper = await mayNotRemove(services, bucket, [nameOf(50), companionName(nameOf(60), 'globals')]);
  const pruned = await prune({ ...settings, store: { ...settings.store, ...keeper.keys } }, { now });
  assert.deepEqual(
    pruned.refused.map(({ name }) => name),
    [nameOf(50), companionName(nameOf(60), 'globals')],
  );
  assert.match(pruned.refused[0]?.reason ?? '', /denied/i);
  assert.deepEqual(
    pruned.removed.map((backup) => backup.name),
    [nameOf(60), nameOf(40)],
  );
  assert.equal(refusal(pruned)?.code, 'removal-refused');
  assert.match(refusal(pruned)?.message ?? '', /\(and 1 more\)/);
  const left = await objectsIn(services, bucket);
  assert.equal(left.filter((name) => name.startsWith(nameOf(50))).length, 5);
  // When the refusal ends, the next run finishes what was begun.
  assert.equal((await prune(settings, { now })).objects.length, 6);
});

test('whatever the backups are: one is left if there was one, and no young one goes', () => {
  const anyBackup = fc.record({
    days: fc.nat(100),
    manifest: fc.boolean(),
    size: fc.constantFrom(0, 5),
    proven: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.uniqueArray(anyBackup, { selector: (backup) => backup.days }), fc.nat(5), (made, keepCount) => {
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
      const { removed, spared, lastGood } = choose(backups, daysAgo(30), keepCount);
      assert.ok(backups.length === 0 || removed.length < backups.length);
      assert.ok(removed.every((backup) => backup.time < daysAgo(30) && backup !== lastGood));
      const left = backups.filter((backup) => !removed.includes(backup));
      const sound = (backup: Backup) => backup.size > 0;
      assert.ok(left.filter(sound).length >= Math.min(keepCount, backups.filter(sound).length));
      assert.equal(spared.length + removed.length, backups.filter((backup) => backup.time < daysAgo(30)).length);
    }),
  );
});
