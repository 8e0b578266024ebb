import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { serveSite } from '../../src/site/serve.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drillbook-serve-'));
  await writeFile(join(folder, 'index.html'), '<p>start</p>');
  await writeFile(join(folder, '404.html'), '<p>nothing here</p>');
  await writeFile(join(folder, 'style.css'), 'p { color: red }');
  await writeFile(join(folder, 'style.css.gz'), await promisify(gzip)('p { color: red }'));
});
after(() => rm(folder, { recursive: true, force: true }));

test('a port that is taken is no reason to fail: the next free one is used', async () => {
  await using first = await serveSite({ folder, port: 0 });
  await using second = await serveSite({ folder, port: first.port });
  assert.notEqual(second.port, first.port);
  assert.equal(await (await fetch(second.url)).text(), '<p>start</p>');
});

test('text goes out compressed to browsers that take it, and plain to others', async () => {
  await using site = await serveSite({ folder, port: 0 });
  const packed = await fetch(`${site.url}style.css`, { headers: { 'accept-encoding': 'gzip' } });
  assert.equal(packed.headers.get('content-encoding'), 'gzip');
  assert.match(packed.headers.get('content-type') ?? '', /^text\/css/);
  assert.equal(await packed.text(), 'p { color: red }');
  const plain = await fetch(`${site.url}style.css`, { headers: { 'accept-encoding': 'identity' } });
  assert.equal(plain.headers.get('content-encoding'), null);
});

test('what does not exist is answered with 404 and the page for it', async () => {
  await using site = await serveSite({ folder, port: 0 });
  const missing = await fetch(`${site.url}nowhere/`);
  assert.equal(missing.status, 404);
  assert.equal(await missing.text(), '<p>nothing here</p>');
});

test('it listens on this machine alone, and no longer than it is wanted', async () => {
  const site = await serveSite({ folder, port: 0 });
  await site[Symbol.asyncDispose]();
  await assert.rejects(fetch(site.url));
});
