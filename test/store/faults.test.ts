import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Settings } from '../../src/settings.ts';
import { RANGE } from '../../src/store/download.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { type Asked, type Fault, faultyStore } from '../support/http-faults.ts';
import { uploadedParts } from '../support/leftovers.ts';
import { freePort, type Services, startServices } from '../support/services.ts';

let services: Services;
before(async () => {
  services = await startServices();
});
after(() => services[Symbol.asyncDispose]());

/** A store of its own bucket behind a proxy with faults. */
async function behind(
  faultOf?: (asked: Asked, nth: number) => Fault | undefined,
  change: Partial<Settings['store']> = {},
) {
  const bucket = await services.bucket();
  const proxy = await faultyStore(services.settings.store.endpoint, faultOf);
  const store = openStore({ ...services.settings.store, bucket, endpoint: proxy.endpoint, ...change });
  return { bucket, proxy, store, [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose]() };
}

async function archiveIn(bucket: string, size: number): Promise<Buffer> {
  const data = randomBytes(size);
  await services.s3.putObject(bucket, 'archive', data);
  return data;
}
let files = 0;
const newFile = () => join(services.folder, `file-${++files}`);
const sha256 = (data: Buffer) => createHash('sha256').update(data).digest('hex');

async function assertDownloads(store: Store, data: Buffer): Promise<void> {
  const file = newFile();
  assert.deepEqual(await store.download('archive', file), { bytes: data.length, sha256: sha256(data) });
  assert.ok((await readFile(file)).equals(data));
}

test('a large object comes in several ranges at once, each only if the object is still the same', async () => {
  await using at = await behind();
  const data = await archiveIn(at.bucket, 3 * RANGE + 12_345);
  const { etag } = await services.s3.statObject(at.bucket, 'archive');
  await assertDownloads(at.store, data);
  assert.ok(at.proxy.atOnce >= 3, `at most ${at.proxy.atOnce} at once`);
  const ranges = at.proxy.asked.map(({ range }) => range);
  assert.deepEqual(ranges.toSorted(), [
    `bytes=0-${RANGE - 1}`,
    `bytes=${RANGE}-${2 * RANGE - 1}`,
    `bytes=${2 * RANGE}-${3 * RANGE - 1}`,
    `bytes=${3 * RANGE}-${3 * RANGE + 12_344}`,
  ]);
  const conditions = at.proxy.asked.slice(1).map(({ ifMatch }) => ifMatch?.replaceAll('"', ''));
  assert.deepEqual(conditions, [etag, etag, etag]);
});

for (const size of [0, 1, RANGE - 1, RANGE, RANGE + 1])
  test(`an object of ${size} bytes comes whole`, async () => {
    await using at = await behind();
    await assertDownloads(at.store, await archiveIn(at.bucket, size));
  });

test('a range whose connection drops goes on where it was', async () => {
  let cuts = 0;
  await using at = await behind(() => (cuts++ < 6 ? { cut: 1_000_000 } : undefined));
  const data = await archiveIn(at.bucket, 2 * RANGE);
  await assertDownloads(at.store, data);
  assert.equal(at.proxy.asked.length, 2 + 6);
  // What lay in a broken connection unread comes again, and nothing else.
  const again = at.proxy.bytes - data.length;
  assert.ok(again < 6 * 200_000, `${again} bytes came twice`);
});

test('a connection that stalls in the middle is given up, and goes on where it was', async () => {
  await using at = await behind((_, nth) => (nth === 0 ? { stall: 700_000 } : undefined), { timeout: 1 });
  const data = await archiveIn(at.bucket, 3_000_000);
  await assertDownloads(at.store, data);
  assert.deepEqual(
    at.proxy.asked.map(({ range }) => range),
    [`bytes=0-${RANGE - 1}`, 'bytes=700000-2999999'],
  );
});

test('connections that bring nothing, time after time, are given up, and no file is left', async () => {
  await using at = await behind(() => ({ cut: 0 }));
  await archiveIn(at.bucket, 3_000_000);
  await assert.rejects(at.store.download('archive', newFile()), { code: 'store-unreachable', exit: 3 });
  assert.equal(at.proxy.asked.length, 5);
  assert.equal((await readdir(services.folder)).includes(`file-${files}`), false);
});

test('an object that is replaced while it is downloaded is noticed, and no file is left', async () => {
  let isNew = false;
  // Until the new object lies there, whoever asks again is told to come later.
  await using at = await behind((_, nth) => (nth === 0 ? { cut: 500_000 } : isNew ? undefined : 503));
  await archiveIn(at.bucket, 3_000_000);
  let replaced: Promise<unknown> | undefined;
  const onProgress = () => {
    replaced ??= archiveIn(at.bucket, 3_000_000).then(() => {
      isNew = true;
    });
  };
  const direct = openStore({ ...services.settings.store, bucket: at.bucket });
  const file = newFile();
  const download = at.store.download('archive', file, { onProgress });
  const outcome = await download.then(
    () => 'whole',
    (error: { code: string }) => error.code,
  );
  await replaced;
  assert.equal(outcome, 'object-changed');
  assert.equal((await readdir(services.folder)).includes(`file-${files}`), false);
  assert.equal((await direct.stat('archive'))?.size, 3_000_000);
});

test('a store that asks for a pause gets one, and is asked again', async () => {
  await using at = await behind((_, nth) => (nth < 3 ? 503 : undefined));
  await at.store.putText('name', 'text');
  assert.equal(at.proxy.asked.length, 4);
  assert.equal(await at.store.getText('name'), 'text');
});

test('a store that answers 503 for ever is given up after five times', async () => {
  await using at = await behind(() => 503);
  await assert.rejects(at.store.getText('name'), { code: 'store-unreachable', message: /it answers 503/ });
  assert.equal(at.proxy.asked.length, 5);
});

test('what will not pass is asked once', async () => {
  await using at = await behind(undefined, { secretKey: 'wrong-Secret-1' });
  await assert.rejects(at.store.getText('name'), { code: 'store-auth' });
  assert.equal(at.proxy.asked.length, 1);
  await using right = await behind();
  await assert.rejects(right.store.getText('name'), { code: 'object-missing' });
  assert.equal(right.proxy.asked.length, 1);
});

test('a store that takes a request and says nothing is asked twice, and then it is told', async () => {
  await using at = await behind(() => 'hang', { timeout: 1 });
  await assert.rejects(at.store.getText('name'), { code: 'store-unreachable', message: /no answer for 1 s/ });
  assert.equal(at.proxy.asked.length, 2);
});

test('a store that hangs lets go at once of who no longer waits', async () => {
  await using at = await behind(() => 'hang');
  const controller = new AbortController();
  const reason = new Error('enough');
  const asking = at.store.getText('name', { signal: controller.signal });
  while (at.proxy.asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
  controller.abort(reason);
  await assert.rejects(asking, reason);
});

test('an upload survives pauses, broken connections and a lost answer in each of its steps, and is whole', async () => {
  const faults: Record<string, Fault[]> = { POST: [503, 'lose'], PUT: [503, 'lose', 503] };
  await using at = await behind(({ method }) => faults[method]?.shift());
  const data = randomBytes(17 * 1024 ** 2);
  await using upload = await at.store.upload('archive');
  upload.stream.end(data);
  await once(upload.stream, 'finish');
  await upload.complete();
  await assertDownloads(at.store, data);
  assert.deepEqual(faults, { POST: [], PUT: [] });
  assert.deepEqual(await uploadedParts(services), []);
});

test('the answer to the last act of an upload is lost: the object itself tells that it is complete', async () => {
  let lost = 0;
  await using at = await behind(({ method, path }) =>
    method === 'POST' && path.includes('uploadId') && lost++ === 0 ? 'lose' : undefined,
  );
  const upload = await at.store.upload('archive');
  upload.stream.end(Buffer.from('all of it'));
  await once(upload.stream, 'finish');
  await upload.complete();
  assert.equal(lost > 0, true);
  assert.equal((await at.store.stat('archive'))?.size, 9);
});

test('an upload whose store goes away for good fails, and its parts can be removed later', async () => {
  let away = false;
  await using at = await behind(() => (away ? 503 : undefined));
  const upload = await at.store.upload('archive');
  away = true;
  upload.stream.end(randomBytes(9 * 1024 ** 2));
  await assert.rejects(once(upload.stream, 'finish'), { code: 'store-unreachable' });
  away = false;
  await upload.abort();
  assert.deepEqual(await uploadedParts(services), []);
});

for (const [virtualHost, where] of [
  [false, ['s3.localhost', '/postgres-backups/name']],
  [true, ['postgres-backups.s3.localhost', '/name']],
] as const)
  test(`the bucket is part of the ${virtualHost ? 'host name' : 'path'} where that is wanted`, async () => {
    await using proxy = await faultyStore(services.settings.store.endpoint, () => 404);
    const { port } = proxy.endpoint;
    const endpoint = new URL(`http://s3.localhost:${port}`);
    const store = openStore({ ...services.settings.store, endpoint, virtualHost });
    await store.getText('name').catch(() => {});
    const [asked] = proxy.asked;
    assert.deepEqual([asked?.host, asked?.path], [`${where[0]}:${port}`, where[1]]);
  });

test('nobody listens: told as that, after a few tries', async () => {
  const endpoint = new URL(`http://127.0.0.1:${await freePort()}`);
  const store = openStore({ ...services.settings.store, endpoint });
  await assert.rejects(store.getText('name'), { code: 'store-unreachable', message: /ECONNREFUSED/ });
});
