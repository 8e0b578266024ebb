import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { archiveHead, checkReadable, identifyArchive } from '../../src/postgres/archive.ts';
import { environmentOf } from '../../src/postgres/connection.ts';
import { checkVersions } from '../../src/postgres/dump.ts';
import { type PostgresPrograms, postgresPrograms } from '../../src/postgres/programs.ts';
import { verifyArchive } from '../../src/postgres/verify.ts';
import { runOrFail } from '../../src/process.ts';
import { type Services, startServices } from '../support/services.ts';

let services: Services;
let programs: PostgresPrograms;
const files: Record<string, string> = {};

before(async () => {
  services = await startServices();
  programs = await postgresPrograms();
  await services.sql(
    `CREATE TABLE items AS SELECT i, md5(i::text) AS text FROM generate_series(1, 20000) i;
     CREATE VIEW "two words" AS SELECT * FROM items`,
    'freshtrack',
  );
  for (const format of ['custom', 'tar', 'plain']) {
    const file = join(services.folder, `${format}.sql.gz`);
    const args = [`--format=${format}`, `--file=${file}`];
    await runOrFail(join(programs.bin, 'pg_dump'), args, { env: environmentOf(services.settings.postgres) });
    files[format] = file;
  }
  files.gzip = join(services.folder, 'gzip');
  await writeFile(files.gzip, gzipSync(await readFile(files.plain ?? '')));
  files.twice = join(services.folder, 'twice');
  await writeFile(files.twice, gzipSync(await readFile(files.custom ?? '')));
});
after(() => services[Symbol.asyncDispose]());

const fileOf = (format: string) => files[format] ?? assert.fail(format);

/** The first part of a file, or the whole with one byte changed, under a name that lies. */
async function damaged(format: string, change: (content: Buffer) => Buffer): Promise<string> {
  const file = join(services.folder, 'damaged.sql.gz');
  await writeFile(file, change(await readFile(fileOf(format))));
  return file;
}

test('the content decides the format, whatever the name says', async () => {
  for (const format of ['custom', 'tar', 'plain', 'gzip'] as const)
    assert.equal((await identifyArchive(fileOf(format))).format, format);
  const { origin } = await identifyArchive(fileOf('custom'));
  assert.equal(origin?.database, 'freshtrack');
  assert.ok(origin.pgDump.startsWith(programs.version));
  assert.ok(origin.server.startsWith(programs.version));
});

test('a whole archive of any format is read to its end, also one that was compressed once more', async () => {
  for (const format of ['custom', 'tar', 'plain', 'gzip', 'twice']) await verifyArchive(fileOf(format), programs);
});

test('an archive that ends early is damaged, in every format and wherever it was cut', async () => {
  for (const format of ['custom', 'tar', 'plain', 'gzip', 'twice'])
    for (const share of [0.3, 0.6, 0.95]) {
      const file = await damaged(format, (content) => content.subarray(0, Math.floor(content.length * share)));
      const verifying = verifyArchive(file, programs, { name: 'the backup' });
      await assert.rejects(verifying, { code: 'archive-damaged', exit: 1 }, `${format} ${share}`);
    }
});

test('a byte that changed inside the compressed data is found', async () => {
  for (const format of ['custom', 'gzip']) {
    const file = await damaged(format, (content) => {
      const middle = Math.floor(content.length / 2);
      content[middle] = (content[middle] ?? 0) ^ 0xff;
      return content;
    });
    await assert.rejects(verifyArchive(file, programs), { code: 'archive-damaged' });
  }
});

test('what is no archive is refused, and the message says why', () => {
  assert.throws(() => archiveHead(Buffer.alloc(0), 'x'), { code: 'archive-unknown', message: /is empty/ });
  const picture = Buffer.from('89504e470d0a1a0a0000000d', 'hex');
  assert.throws(() => archiveHead(picture, 'x'), { code: 'archive-unknown', message: /89504e470d0a1a0a/ });
  assert.throws(() => archiveHead(Buffer.from('<html>'), 'x'), { code: 'archive-unknown' });
});

test('an archive of a newer pg_dump is refused with both versions', async () => {
  const content = await readFile(fileOf('custom'));
  const { origin } = await identifyArchive(fileOf('custom'));
  // The header ends with pg_dump's version; the server's stands before it.
  Buffer.from('99').copy(content, content.lastIndexOf(origin?.pgDump ?? assert.fail(), 4_096));
  const head = archiveHead(content.subarray(0, 4_096), 'x');
  assert.throws(
    () => checkReadable(head, programs),
    (error: Error & { code: string }) => {
      assert.equal(error.code, 'archive-newer');
      assert.match(error.message, /pg_dump 99/);
      assert.ok(error.message.includes(programs.version));
      return true;
    },
  );
  for (const format of ['custom', 'tar', 'plain', 'gzip'])
    checkReadable(await identifyArchive(fileOf(format)), programs);
});

test('a header that is cut short says the format and no more', async () => {
  const content = await readFile(fileOf('custom'));
  for (const length of [5, 11, 20, 60]) assert.equal(archiveHead(content.subarray(0, length), 'x').format, 'custom');
  assert.equal(archiveHead(content.subarray(0, 60), 'x').origin, undefined);
});

test('a server that is newer than pg_dump is refused with both versions', () => {
  checkVersions('14.2', { bin: '', version: '15.18' });
  checkVersions('15.99', { bin: '', version: '15.18' });
  assert.throws(() => checkVersions('17.1', { bin: '', version: '15.18' }), { code: 'postgres-newer', exit: 3 });
});
