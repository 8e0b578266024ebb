import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { listBackups } from '../../src/backup/catalogue.ts';
import { parseManifest } from '../../src/backup/manifest.ts';
import { backupName, companionName } from '../../src/backup/name.ts';
import { type Taken, takeBackup } from '../../src/backup/take.ts';
import { Failure } from '../../src/failure.ts';
import { connect } from '../../src/postgres/connection.ts';
import { postgresPrograms } from '../../src/postgres/programs.ts';
import { runOrFail } from '../../src/process.ts';
import type { ProgressEvent } from '../../src/progress.ts';
import type { Settings } from '../../src/settings.ts';
import { openStore } from '../../src/store/store.ts';
import { childPrograms, objectsIn, otherSessions, programs, uploadedParts } from '../support/leftovers.ts';
import { type Services, startServices, until } from '../support/services.ts';

let services: Services;
before(async () => {
  services = await startServices();
  await services.database('template_small');
  await services.sql(
    `CREATE TABLE items (id int PRIMARY KEY, text text);
     INSERT INTO items SELECT i, md5(i::text) FROM generate_series(1, 1000) i;
     CREATE SEQUENCE numbers; SELECT nextval('numbers')`,
    'template_small',
  );
  await services.database('template_large');
  // Random text that hardly compresses: an archive of several parts.
  await services.sql(
    `CREATE TABLE items AS SELECT i, md5(i::text) || md5((-i)::text) AS text FROM generate_series(1, 500000) i`,
    'template_large',
  );
});
after(() => services[Symbol.asyncDispose]());

async function place(template = 'template_small', more: Partial<Settings['store']> = {}): Promise<Settings> {
  const [bucket, database] = [await services.bucket(), await services.database(undefined, template)];
  return services.with({ postgres: { database }, store: { bucket, ...more } });
}

/** Nothing in the bucket, no part on the store's disk, no session on the server, no program of ours. */
async function assertNothingLeft(settings: Settings, besides: string[] = []): Promise<void> {
  assert.deepEqual(await objectsIn(services, settings.store.bucket), besides);
  assert.deepEqual(await uploadedParts(services), []);
  await until(async () => (await otherSessions(services)).length === 0, 'the sessions have ended');
  assert.deepEqual(childPrograms(services), []);
}

test('a backup is an archive with its checksum, its roles and a manifest of the same instant', async () => {
  const settings = await place();
  const taken = await takeBackup(settings, { now: () => new Date('2026-11-23T02:00:00Z') });
  const name = `${settings.postgres.database}_2026-11-23_02-00-00.sql.gz`;
  assert.equal(taken.name, name);
  const kinds = ['', '.globals.sql', '.manifest.json', '.sha256'];
  assert.deepEqual(
    await objectsIn(services, settings.store.bucket),
    kinds.map((kind) => name + kind),
  );
  const store = openStore(settings.store);
  const file = join(services.folder, name);
  const got = await store.download(name, file);
  assert.equal(
    got.sha256,
    createHash('sha256')
      .update(await readFile(file))
      .digest('hex'),
  );
  assert.equal(await store.getText(companionName(name, 'checksum')), `${got.sha256}  ${name}\n`);
  const manifest = parseManifest(await store.getText(companionName(name, 'manifest')));
  assert.deepEqual(manifest.archive, { name, bytes: got.bytes, sha256: got.sha256, format: 'custom' });
  assert.deepEqual(
    manifest.content.tables.map(({ name, rows }) => [name, rows]),
    [['items', 1000]],
  );
  const globals = await store.getText(companionName(name, 'globals'));
  assert.match(globals, /CREATE ROLE freshtrack/);
  assert.doesNotMatch(globals, /PASSWORD|SCRAM/);
  const { bin } = await postgresPrograms();
  assert.match((await runOrFail(join(bin, 'pg_restore'), ['--list', file])).stdout, /TABLE DATA public items/);
  await assertNothingLeft(
    settings,
    kinds.map((kind) => name + kind),
  );
});

test('the manifest describes the dump’s instant, not what was written while it ran', async () => {
  const settings = await place('template_large');
  let wrote: Promise<unknown> | undefined;
  const report = (event: ProgressEvent) => {
    if (event.kind === 'amount') wrote ??= services.sql('DELETE FROM items WHERE i > 10', settings.postgres.database);
  };
  const taken = await takeBackup(settings, { report });
  assert.ok(wrote);
  await wrote;
  assert.equal(taken.rows, 500_000);
});

test('backups that start at one moment get names of their own', async () => {
  const settings = await place();
  const now = () => new Date('2026-11-23T02:00:00Z');
  const taken = await Promise.all(Array.from({ length: 4 }, () => takeBackup(settings, { now })));
  const names = new Set(taken.map((each) => each.name));
  assert.equal(names.size, 4);
  const list = await listBackups(openStore(settings.store), settings.postgres.database);
  assert.deepEqual(new Set(list.map((backup) => backup.name)), names);
  for (const { name, bytes } of taken) assert.equal(list.find((backup) => backup.name === name)?.size, bytes);
});

test('an object that has the name already is never written over, not even one beside it', async () => {
  const settings = await place();
  const { database } = settings.postgres;
  const [first, second, third] = [0, 1, 2].map((s) => backupName(database, new Date(Date.UTC(2026, 0, 1, 2, 0, s))));
  assert.ok(first && second);
  await services.s3.putObject(settings.store.bucket, first, 'precious');
  await services.s3.putObject(settings.store.bucket, companionName(second, 'checksum'), 'precious');
  const taken = await takeBackup(settings, { now: () => new Date(Date.UTC(2026, 0, 1, 2)) });
  assert.equal(taken.name, third);
  const store = openStore(settings.store);
  assert.equal(await store.getText(first), 'precious');
  assert.equal(await store.getText(companionName(second, 'checksum')), 'precious');
});

for (const moment of ['Connecting', 'Dumping', 'bytes', 'Saving'] as const) {
  test(`interrupted at "${moment}" it leaves nothing behind`, async () => {
    const settings = await place('template_large');
    const controller = new AbortController();
    const reason = new Error('interrupted');
    let parts = 0;
    const report = async (event: ProgressEvent) => {
      if (event.kind === 'stage' && event.title.startsWith(moment)) controller.abort(reason);
      // After the first part of 8 MiB was sent.
      if (event.kind === 'amount' && moment === 'bytes' && event.done > 10 * 1024 ** 2) {
        if (parts === 0) parts = (await uploadedParts(services)).length;
        controller.abort(reason);
      }
    };
    await assert.rejects(takeBackup(settings, { report, signal: controller.signal }), reason);
    await assertNothingLeft(settings);
  });
}

test('interrupted while pg_dump waits for a lock it leaves nothing behind', async () => {
  const settings = await place();
  await using locking = await connect(settings.postgres);
  await locking.query('BEGIN; LOCK TABLE items IN ACCESS EXCLUSIVE MODE');
  const controller = new AbortController();
  const taking = takeBackup(settings, { signal: controller.signal });
  taking.catch(() => {});
  const waiting = `SELECT FROM pg_locks WHERE NOT granted`;
  await until(async () => (await services.sql(waiting)).length >= 2, 'the dump and the manifest wait for the lock');
  assert.equal(programs().filter(({ command }) => command[0]?.endsWith('pg_dump')).length, 1);
  controller.abort(new Error('interrupted'));
  await assert.rejects(taking, /interrupted/);
  await locking.query('ROLLBACK');
  await locking[Symbol.asyncDispose]();
  await assertNothingLeft(settings);
});

test('a table that may not be read fails the backup and leaves no archive', async () => {
  const settings = await place();
  const { database } = settings.postgres;
  await services.sql(
    `CREATE ROLE reader LOGIN PASSWORD 'reader-Secret-1';
     GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader; GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO reader;
     CREATE TABLE secret (id int)`,
    database,
  );
  const reader = { ...settings, postgres: { ...settings.postgres, user: 'reader', password: 'reader-Secret-1' } };
  await assert.rejects(takeBackup(reader), (error: Error & { code: string; exit: number; hint: string }) => {
    assert.deepEqual([error.code, error.exit], ['dump-failed', 3]);
    assert.match(error.message, /permission denied for table secret/);
    assert.match(error.hint, /must be able to read everything/);
    return true;
  });
  await assertNothingLeft(settings);
  // Without the table it works, but the roles are closed to an ordinary user before PostgreSQL 16's pg_dumpall and after.
  await services.sql('DROP TABLE secret', database);
  const notes: string[] = [];
  const taken = await takeBackup(reader, { report: (event) => event.kind === 'note' && notes.push(event.text) });
  assert.equal(taken.globalsRefused === undefined, notes.length === 0);
  assert.ok((await objectsIn(services, settings.store.bucket)).includes(taken.name));
});

test('a row that a policy hides fails the backup instead of leaving the row out', async () => {
  const settings = await place();
  await services.sql(
    `CREATE ROLE tenant LOGIN PASSWORD 'tenant-Secret-1'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO tenant;
     GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO tenant;
     ALTER TABLE items ENABLE ROW LEVEL SECURITY; CREATE POLICY few ON items USING (id < 10)`,
    settings.postgres.database,
  );
  const tenant = { ...settings, postgres: { ...settings.postgres, user: 'tenant', password: 'tenant-Secret-1' } };
  await assert.rejects(takeBackup(tenant), { code: 'dump-failed', message: /row-level security/ });
  await assertNothingLeft(settings);
});

test('wrong credentials and missing places are told apart, and nothing is left', async () => {
  const settings = await place();
  const change = (postgres: Partial<Settings['postgres']>, store: Partial<Settings['store']>): Settings => ({
    ...settings,
    postgres: { ...settings.postgres, ...postgres },
    store: { ...settings.store, ...store },
  });
  const cases: [Settings, string][] = [
    [change({ password: 'wrong' }, {}), 'postgres-auth'],
    [change({ user: 'nobody' }, {}), 'postgres-auth'],
    [change({ database: 'no_such' }, {}), 'database-missing'],
    [change({ port: 1 }, {}), 'postgres-unreachable'],
    [change({}, { secretKey: 'wrong-secret' }), 'store-auth'],
    [change({}, { accessKey: 'wrong-access' }), 'store-auth'],
    [change({}, { bucket: 'no-such-bucket' }), 'bucket-missing'],
    [change({}, { endpoint: new URL('http://127.0.0.1:1') }), 'store-unreachable'],
  ];
  for (const [wrong, code] of cases) await assert.rejects(takeBackup(wrong), { code, exit: 3 });
  await assertNothingLeft(settings);
});

test('a retention that fails is told, and the backup stays', async () => {
  const settings = await place();
  let stopping: Promise<void> | undefined;
  const report = (event: ProgressEvent) => {
    if (event.kind === 'stage' && event.title.startsWith('Looking')) stopping = services.minio.stop('SIGKILL');
  };
  const taken = await takeBackup(settings, { report });
  await stopping;
  await services.minio.start();
  await until(() => services.s3.bucketExists(settings.store.bucket).catch(() => false), 'MinIO answers again');
  assert.ok(taken.retention instanceof Failure);
  assert.equal(taken.retention.code, 'store-unreachable');
  const [backup] = await listBackups(openStore(settings.store), settings.postgres.database);
  assert.equal(backup?.name, taken.name);
});

test('what a killed run left is removed a day later, and a young run is left alone', async () => {
  const settings = await place();
  const { database } = settings.postgres;
  const store = openStore(settings.store);
  const killed = backupName(database, new Date());
  const upload = await store.upload(killed);
  await new Promise((resolve) => upload.stream.end(Buffer.alloc(9_000_000), () => resolve(undefined)));
  await store.putText(`.drillbook/taking/${killed}.json`, JSON.stringify({ upload: upload.id }));
  await store.putText(companionName(killed, 'checksum'), 'sum');
  assert.notDeepEqual(await uploadedParts(services), []);
  const hours = (count: number) => () => new Date(Date.now() + count * 3_600_000);
  const soon: Taken = await takeBackup(settings, { now: hours(1) });
  assert.ok((await objectsIn(services, settings.store.bucket)).includes(companionName(killed, 'checksum')));
  const later = await takeBackup(settings, { now: hours(25) });
  const kept = [soon, later].flatMap(({ name }) =>
    ['', '.globals.sql', '.manifest.json', '.sha256'].map((k) => name + k),
  );
  await assertNothingLeft(settings, kept.sort());
});

test('a store that goes away in the middle fails the backup, and what is left is named for a later run', async () => {
  const settings = await place('template_large');
  const notes: string[] = [];
  let stopping: Promise<void> | undefined;
  const report = (event: ProgressEvent) => {
    if (event.kind === 'note') notes.push(event.text);
    if (event.kind === 'amount' && event.done > 10 * 1024 ** 2) stopping ??= services.minio.stop();
  };
  await assert.rejects(takeBackup(settings, { report }), { code: 'store-unreachable', exit: 3 });
  await stopping;
  await services.minio.start();
  await until(() => services.s3.bucketExists(settings.store.bucket).catch(() => false), 'MinIO answers again');
  assert.match(notes.join(), /is removed by a later run/);
  const names = await objectsIn(services, settings.store.bucket);
  assert.ok(
    names.every((name) => name.startsWith('.drillbook/taking/')),
    names.join(),
  );
  assert.deepEqual(childPrograms(services), []);
  await takeBackup(settings, { now: () => new Date(Date.now() + 25 * 3_600_000) });
  assert.deepEqual(await uploadedParts(services), []);
});
