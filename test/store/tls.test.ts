import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { readSettings, type Settings } from '../../src/settings.ts';
import { openStore } from '../../src/store/store.ts';
import { startTlsStore, type TlsStore } from '../support/tls-store.ts';

let server: TlsStore;
before(async () => {
  server = await startTlsStore();
});
after(() => server[Symbol.asyncDispose]());

/** Everything that is done with a store, once. */
async function assertWorks(settings: Settings['store'], name: string): Promise<void> {
  const store = openStore(settings);
  const folder = await mkdtemp(join(tmpdir(), 'drillbook-tls-test-'));
  try {
    const data = randomBytes(9 * 1024 ** 2);
    await using upload = await store.upload(name);
    upload.stream.end(data);
    await once(upload.stream, 'finish');
    await upload.complete();
    await store.putText(`${name}.txt`, 'text');
    assert.deepEqual(await Array.fromAsync(store.list(name), (object) => object.name), [name, `${name}.txt`]);
    assert.equal(await store.getText(`${name}.txt`), 'text');
    const { sha256 } = await store.download(name, join(folder, 'file'));
    assert.equal(sha256, createHash('sha256').update(data).digest('hex'));
    assert.deepEqual(await store.removeEach([name, `${name}.txt`]), { refused: [], hidden: 0 });
    assert.equal(await store.stat(name), undefined);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('a store with a certificate of an own CA works when that is named, as the environment names it', async () => {
  const { endpoint, accessKey, secretKey, region, bucket } = server.settings;
  const settings = readSettings({
    POSTGRES_HOST: 'db',
    POSTGRES_USER: 'u',
    POSTGRES_PASSWORD: 'p',
    MINIO_ENDPOINT: endpoint.origin,
    MINIO_ACCESS_KEY: accessKey,
    MINIO_SECRET_KEY: secretKey,
    MINIO_BUCKET: bucket,
    MINIO_REGION: region,
    MINIO_CA_FILE: server.caFile,
  });
  await assertWorks(settings.store, 'by-path');
  await assertWorks({ ...settings.store, endpoint: new URL(`https://127.0.0.1:${server.port}`) }, 'by-address');
});

test('the bucket can be part of the host name', async () => {
  await assertWorks({ ...server.settings, virtualHost: true, prefix: 'team/a/' }, 'by-host');
});

test('a certificate that nobody vouches for is told as that, and says which setting helps', async () => {
  const store = openStore({ ...server.settings, ca: undefined });
  await assert.rejects(store.getText('x'), { code: 'store-untrusted', exit: 3, hint: /MINIO_CA_FILE/ });
});

test('a certificate for another name is not trusted', async () => {
  const endpoint = new URL(`https://localhost:${server.port}`);
  await assert.rejects(openStore({ ...server.settings, endpoint }).getText('x'), {
    code: 'store-untrusted',
    message: /localhost/,
  });
});

test('http to a store that speaks TLS only, and the other way round, say so', async () => {
  const plain = new URL(`http://127.0.0.1:${server.port}`);
  await assert.rejects(openStore({ ...server.settings, endpoint: plain }).getText('x'), {
    code: 'store-unreachable',
    message: /one that speaks TLS only \(https\)/,
  });
  await using other = await plainServer();
  const secure = new URL(`https://127.0.0.1:${other.port}`);
  await assert.rejects(openStore({ ...server.settings, endpoint: secure }).getText('x'), {
    code: 'store-unreachable',
    message: /it does not speak TLS \(https\)/,
  });
});

test('a wrong region is told with the right one', async () => {
  await assert.rejects(openStore({ ...server.settings, region: 'us-east-1' }).getText('x'), {
    code: 'store-auth',
    message: /eu-test-1/,
    hint: /MINIO_REGION/,
  });
});

async function plainServer() {
  const { createServer } = await import('node:http');
  const listening = createServer((_, response) => response.end()).listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const address = listening.address();
  assert.ok(address !== null && typeof address === 'object');
  return {
    port: address.port,
    async [Symbol.asyncDispose]() {
      listening.closeAllConnections();
      await new Promise((resolve) => listening.close(resolve));
    },
  };
}
