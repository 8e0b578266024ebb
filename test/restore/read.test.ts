import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Manifest } from '../../src/backup/manifest.ts';
import { takeBackup } from '../../src/backup/take.ts';
import { connect, environmentOf } from '../../src/postgres/connection.ts';
import { postgresPrograms } from '../../src/postgres/programs.ts';
import { runOrFail } from '../../src/process.ts';
import { administer, createDatabase, databaseExists, dropDatabase, openSessions } from '../../src/restore/database.ts';
import { compareDatabaseWithManifest } from '../../src/restore/read.ts';
import { bytesOf, load, manifestOf, NASTY } from '../support/samples.ts';
import { type Services, startServices } from '../support/services.ts';

let services: Services;
let manifest: Manifest;
let file: string;

before(async () => {
  services = await startServices();
  await load(services, 'nasty', NASTY);
  await services.sql("ALTER DATABASE nasty SET work_mem = '7MB'");
  await services.sql('GRANT CONNECT ON DATABASE nasty TO nasty_reader');
  const { name } = await takeBackup(services.with({ postgres: { database: 'nasty' } }));
  manifest = await manifestOf(services, name);
  file = join(services.folder, 'archive');
  await writeFile(file, await bytesOf(services, name));
});
after(() => services?.[Symbol.asyncDispose]());

const differences = async (database: string) =>
  (await compareDatabaseWithManifest(services.settings, database, manifest)).map(({ text }) => text);

test('the database that was dumped equals its manifest', async () => {
  assert.deepEqual(await differences('nasty'), []);
});

test('a database restored with owners, privileges and settings equals it too, although definitions print differently', async () => {
  await services.sql('ALTER DATABASE nasty RENAME TO kept');
  const { bin } = await postgresPrograms();
  const env = environmentOf(services.settings.postgres, 'postgres');
  await runOrFail(join(bin, 'pg_restore'), ['--create', '--exit-on-error', '-d', 'postgres', file], { env });
  assert.deepEqual(await differences('nasty'), []);
});

test('a database restored under another name lacks the settings and privileges of the database itself, and nothing else', async () => {
  await services.database('copy');
  const { bin } = await postgresPrograms();
  const env = environmentOf(services.settings.postgres, 'copy');
  await runOrFail(join(bin, 'pg_restore'), ['--exit-on-error', '-d', 'copy', file], { env });
  const found = await differences('copy');
  assert.ok(found.includes('database setting work_mem=7MB is missing'), found.join('\n'));
  assert.ok(found.some((text) => text.startsWith('database: privileges is ')));
  assert.equal(found.length, 2, found.join('\n'));
});

test('a database restored without owners and privileges is told apart', async () => {
  await services.database('bare');
  await services.sql('ALTER TABLE bookings OWNER TO nasty_reader', 'copy');
  const owners = await differences('copy');
  assert.ok(
    owners.some((text) => text.startsWith('owner table public.bookings: "nasty_reader"')),
    owners.join('\n'),
  );
  const { bin } = await postgresPrograms();
  const env = environmentOf(services.settings.postgres, 'bare');
  await runOrFail(join(bin, 'pg_restore'), ['--no-acl', '--exit-on-error', '-d', 'bare', file], { env });
  const privileges = await differences('bare');
  assert.ok(privileges.includes('privilege table public.documents is missing'), privileges.join('\n'));
  assert.ok(privileges.some((text) => text.startsWith('default privilege of ')));
});

test('nothing is changed by a comparison', async () => {
  const state = () =>
    services.sql("SELECT count(*) AS n, sum(xmin::text::bigint) AS x FROM pg_class WHERE relname <> ''", 'copy');
  const earlier = await state();
  await differences('copy');
  assert.deepEqual(await state(), earlier);
});

test('a database exists or not, and its sessions are seen', async () => {
  assert.equal(await databaseExists(services.settings, 'copy'), true);
  assert.equal(await databaseExists(services.settings, 'cop'), false);
  assert.deepEqual(await openSessions(services.settings, 'copy'), []);
  await using client = await connect(services.settings.postgres, { database: 'copy' });
  const sessions = await openSessions(services.settings, 'copy');
  assert.equal(sessions.length, 1);
  assert.equal(sessions[0]?.application, 'drillbook');
  await client.query('SELECT 1');
});

test('a database is made as another one is, marked, and removed although somebody is in it', async () => {
  await using admin = await administer(services.settings.postgres);
  const like = { ...manifest.content.database, encoding: 'LATIN1', collate: 'C', ctype: 'C' };
  await createDatabase(admin, 'latin', like, "it's ours");
  const [row] = await services.sql(
    "SELECT pg_encoding_to_char(encoding) AS encoding, shobj_description(oid, 'pg_database') AS comment FROM pg_database WHERE datname = 'latin'",
  );
  assert.deepEqual(row, { encoding: 'LATIN1', comment: "it's ours" });
  const other = await connect(services.settings.postgres, { database: 'latin' });
  assert.equal(await dropDatabase(admin, 'latin'), true);
  assert.equal(await databaseExists(services.settings, 'latin'), false);
  assert.equal(await dropDatabase(admin, 'latin'), true);
  await other[Symbol.asyncDispose]();
});
