import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Settings } from '../../src/settings.ts';
import { openStore, type Store, type Upload } from '../../src/store/store.ts';
import { partSizeFor } from '../../src/store/upload.ts';
import { objectsIn, uploadedParts } from '../support/leftovers.ts';
import { cuttingProxy } from '../support/proxy.ts';
import { type Services, startServices } from '../support/services.ts';

let services: Services;
before(async () => {
  services = await startServices();
});
after(() => services[Symbol.asyncDispose]());

async function emptyStore(change: Partial<Settings['store']> = {}): Promise<{ store: Store; bucket: string }> {
  const bucket = await services.bucket();
  return { store: openStore({ ...services.settings.store, bucket, ...change }), bucket };
}

async function send(upload: Upload, data: Buffer): Promise<void> {
  upload.stream.end(data);
  await once(upload.stream, 'finish');
}

test('a list of more than one page holds every name once, in order', async () => {
  const { store } = await emptyStore();
  const names = Array.from({ length: 1_203 }, (_, i) => `many/${String(i).padStart(5, '0')}.txt`);
  for (let at = 0; at < names.length; at += 100)
    await Promise.all(names.slice(at, at + 100).map((name) => store.putText(name, 'x')));
  await store.putText('other.txt', 'x');
  const listed = await Array.fromAsync(store.list('many/'), (object) => object.name);
  assert.deepEqual(listed, names);
  await store.remove(names);
  assert.deepEqual(await Array.fromAsync(store.list(), (object) => object.name), ['other.txt']);
});

test('names are without the prefix, and another prefix is not seen', async () => {
  const { store, bucket } = await emptyStore({ prefix: 'team/a/' });
  await store.putText('one.txt', 'text');
  await services.s3.putObject(bucket, 'team/b/two.txt', 'text');
  assert.deepEqual(await objectsIn(services, bucket), ['team/a/one.txt', 'team/b/two.txt']);
  assert.deepEqual(await Array.fromAsync(store.list(), (object) => object.name), ['one.txt']);
  assert.equal((await store.stat('one.txt'))?.size, 4);
  assert.equal(await store.stat('two.txt'), undefined);
});

test('text comes back as it was put, and a text that is too large is refused', async () => {
  const { store } = await emptyStore();
  await store.putText('ü "quoted" + plus.json', 'Grüße\n');
  assert.equal(await store.getText('ü "quoted" + plus.json'), 'Grüße\n');
  await store.putText('large', 'x'.repeat(1_001));
  await assert.rejects(store.getText('large', { limit: 1_000 }), { code: 'object-too-large' });
  assert.equal((await store.getText('large', { limit: 1_001 })).length, 1_001);
  await assert.rejects(store.getText('none'), { code: 'object-missing', exit: 1 });
});

test('of several who claim one name at once, one gets it', async () => {
  const { store } = await emptyStore();
  const claims = await Promise.all(Array.from({ length: 8 }, (_, i) => store.claim('name', String(i))));
  assert.equal(claims.filter(Boolean).length, 1);
  assert.equal(await store.getText('name'), String(claims.indexOf(true)));
});

test('an upload of several parts is visible only when it is completed, and then whole', async () => {
  const { store } = await emptyStore();
  const data = randomBytes(19 * 1024 ** 2 + 7);
  await using upload = await store.upload('archive');
  await send(upload, data);
  assert.equal(await store.stat('archive'), undefined);
  assert.deepEqual(await Array.fromAsync(store.list()), []);
  await upload.complete();
  const file = join(services.folder, 'whole');
  const seen: number[] = [];
  const got = await store.download('archive', file, { onProgress: (done) => seen.push(done) });
  assert.deepEqual(got, { bytes: data.length, sha256: createHash('sha256').update(data).digest('hex') });
  assert.equal(seen.at(-1), data.length);
  assert.ok((await readFile(file)).equals(data));
});

test('an empty upload becomes an empty object', async () => {
  const { store } = await emptyStore();
  await using upload = await store.upload('empty');
  await send(upload, Buffer.alloc(0));
  await upload.complete();
  assert.equal((await store.stat('empty'))?.size, 0);
  assert.equal((await store.download('empty', join(services.folder, 'empty'))).bytes, 0);
});

test('an aborted upload leaves neither object nor parts', async () => {
  const { store } = await emptyStore();
  const upload = await store.upload('archive');
  upload.stream.write(randomBytes(20 * 1024 ** 2));
  await once(upload.stream, 'drain');
  assert.notDeepEqual(await uploadedParts(services), []);
  await upload.abort();
  await upload.abort();
  assert.equal(await store.stat('archive'), undefined);
  assert.deepEqual(await uploadedParts(services), []);
  await assert.rejects(upload.complete());
});

test('the parts of an archive of any size stay below ten thousand', () => {
  for (const gigabytes of [0, 1, 70, 500, 5_000]) {
    const size = gigabytes * 1e9;
    assert.ok(size / partSizeFor(size) < 9_001, `${gigabytes} GB`);
  }
});

test('a download goes on where a dropped connection ended it', async () => {
  const { store, bucket } = await emptyStore();
  const data = randomBytes(9_000_000);
  await services.s3.putObject(bucket, 'archive', data);
  const { hostname, port } = services.settings.store.endpoint;
  await using proxy = await cuttingProxy({ host: hostname, port: Number(port) }, 2_000_000, 3);
  const through = openStore({
    ...services.settings.store,
    bucket,
    endpoint: new URL(`http://127.0.0.1:${proxy.port}`),
  });
  const file = join(services.folder, 'resumed');
  const got = await through.download('archive', file);
  assert.equal(proxy.cuts, 3);
  assert.equal(got.sha256, createHash('sha256').update(data).digest('hex'));
  assert.ok((await readFile(file)).equals(data));
  assert.ok(await store.stat('archive'));
});

test('a download of what is not there, or into a file that exists, leaves no file and overwrites none', async () => {
  const { store } = await emptyStore();
  const file = join(services.folder, 'nothing');
  await assert.rejects(store.download('nothing', file), { code: 'object-missing' });
  assert.equal((await readdir(services.folder)).includes('nothing'), false);
  await store.putText('nothing', 'x');
  await store.download('nothing', file);
  await assert.rejects(store.download('nothing', file), { code: 'EEXIST' });
  assert.equal(await readFile(file, 'utf8'), 'x');
});

test('an aborted download ends with the reason and leaves no file', async () => {
  const { store, bucket } = await emptyStore();
  await services.s3.putObject(bucket, 'archive', randomBytes(9_000_000));
  const controller = new AbortController();
  const reason = new Error('enough');
  const onProgress = () => controller.abort(reason);
  const file = join(services.folder, 'aborted');
  await assert.rejects(store.download('archive', file, { signal: controller.signal, onProgress }), reason);
  assert.equal((await readdir(services.folder)).includes('aborted'), false);
});

test('each way of not getting in has its own code, and the keys are in no message', async () => {
  const cases: [Partial<Settings['store']>, string][] = [
    [{ secretKey: 'wrong-Secret-1' }, 'store-auth'],
    [{ accessKey: 'wrong-Access-1' }, 'store-auth'],
    [{ bucket: 'no-such-bucket' }, 'bucket-missing'],
    [{ endpoint: new URL('http://127.0.0.1:1') }, 'store-unreachable'],
    [{ endpoint: new URL('http://no-such-host.invalid:9000') }, 'store-unreachable'],
  ];
  for (const [change, code] of cases) {
    const { store: settings } = services.with({ store: change });
    const store = openStore(settings);
    for (const attempt of [() => Array.fromAsync(store.list()), () => store.getText('x'), () => store.upload('x')]) {
      const error = await attempt().then(
        () => assert.fail('it got in'),
        (caught: { code: string; exit: number; message: string; hint: string }) => caught,
      );
      assert.deepEqual({ code: error.code, exit: error.exit }, { code, exit: 3 });
      for (const secret of [settings.secretKey, services.settings.store.secretKey])
        assert.ok(!`${error.message} ${error.hint}`.includes(secret));
    }
  }
});

test('a name that no store takes is a wrong name, and never a store that cannot be reached', async () => {
  const { store } = await emptyStore();
  const names = ['x'.repeat(1_025), 'ü'.repeat(600), '../other', 'a/../b', 'a//b'];
  for (const name of names) {
    for (const attempt of [() => store.stat(name), () => store.getText(name), () => store.putText(name, 'x')])
      await assert.rejects(attempt(), { code: 'object-name-invalid', exit: 2 }, name.slice(0, 20));
  }
  for (const prefix of ['x'.repeat(1_025), '../other'])
    await assert.rejects(Array.fromAsync(store.list(prefix)), { code: 'object-name-invalid' }, prefix.slice(0, 20));
  const { store: deep } = await emptyStore({ prefix: 'folder/'.repeat(200) });
  await assert.rejects(deep.stat('x'), { code: 'object-name-invalid', message: /MINIO_PREFIX/ });
});
