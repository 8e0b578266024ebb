import assert from 'node:assert/strict';
import { access, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { takeBackup } from '../../src/backup/take.ts';
import { environmentOf } from '../../src/postgres/connection.ts';
import { postgresPrograms } from '../../src/postgres/programs.ts';
import { place } from '../../src/process/identity.ts';
import { type Ran, run } from '../../src/process.ts';
import { administer } from '../../src/restore/database.ts';
import { drill } from '../../src/restore/drill.ts';
import { serverIdentity } from '../../src/restore/leftovers.ts';
import { commentOf, type Maker, ourselves } from '../../src/restore/mark.ts';
import type { Settings } from '../../src/settings.ts';
import { programs } from '../support/leftovers.ts';
import { type Services, startServices, until } from '../support/services.ts';

let services: Services;
/** A small database with a good backup. */
let small: Settings;
/** One whose restore never ends: an index whose expression waits, but only in a test database. */
let slow: Settings;
let scratch: string;
const temporary = process.env.TMPDIR;
const DRILLBOOK = join(import.meta.dirname, '../../src/cli/drillbook.ts');

before(async () => {
  services = await startServices();
  scratch = join(services.folder, 'tmp');
  await mkdir(scratch);
  process.env.TMPDIR = scratch;
  small = services.with({ postgres: { database: await services.database('small') } });
  await services.sql('CREATE TABLE t (a int); INSERT INTO t VALUES (1)', 'small');
  slow = services.with({ postgres: { database: await services.database('slow') } });
  await services.sql(
    `CREATE FUNCTION wait(a int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
       BEGIN IF current_database() LIKE '%restore_test%' THEN PERFORM pg_sleep(600); END IF; RETURN a; END $$;
     CREATE TABLE t (a int); INSERT INTO t VALUES (1); CREATE INDEX t_wait ON t (wait(a));`,
    'slow',
  );
  for (const settings of [small, slow]) await takeBackup(settings);
});

after(async () => {
  if (temporary === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = temporary;
  await services?.[Symbol.asyncDispose]();
});

async function testDatabases(): Promise<string[]> {
  const rows = await services.sql("SELECT datname FROM pg_database WHERE datname LIKE '%restore_test%' ORDER BY 1");
  return rows.map((row) => String(row.datname));
}

async function databaseWith(name: string, comment?: string): Promise<string> {
  await services.database(name);
  if (comment !== undefined) await services.sql(`COMMENT ON DATABASE ${name} IS '${comment.replaceAll("'", "''")}'`);
  return name;
}

async function oidOf(name: string): Promise<string> {
  const [row] = await services.sql(`SELECT oid::text AS oid FROM pg_database WHERE datname = '${name}'`);
  return String(row?.oid);
}

/** Programs of a drill that work in our scratch folder, whoever started them. */
async function atWork(): Promise<string[]> {
  const found = (await programs()).filter(({ command: [program = ''] }) => !/^(sh|bash)$/.test(program));
  return found.map(({ command }) => command.join(' ')).filter((command) => command.includes(`${scratch}/drillbook-`));
}

const building = () =>
  services
    .sql("SELECT FROM pg_stat_activity WHERE datname LIKE 'slow_restore_test%' AND query LIKE 'CREATE INDEX%'")
    .then((rows) => rows.length > 0);

/** A drill of `slow` as a program of its own, killed with SIGKILL when `ready` says so. */
async function killed(args: string[], ready: () => Promise<boolean>): Promise<Ran> {
  const env = { ...services.environment(slow), TMPDIR: scratch };
  const running = run(process.execPath, [DRILLBOOK, 'drill', ...args], { env });
  await until(ready, 'the drill is in its middle');
  const [ours] = (await programs()).filter(
    ({ parent, command }) => parent === process.pid && command.includes(DRILLBOOK),
  );
  process.kill(ours?.pid ?? assert.fail('no drill runs'), 'SIGKILL');
  return await running;
}

const gone: Maker = { pid: 1_999_999, started: 'x', place: place(), host: 'here', begun: '2026-01-01T00:00:00.000Z' };

describe('what a killed drill left is removed by the next one', () => {
  test('after SIGKILL: its database, its folder, its programs and its sessions', async () => {
    await killed([], building);
    await until(async () => (await atWork()).length === 0, 'its programs end with it');
    const [left] = await testDatabases();
    assert.match(left ?? '', /^slow_restore_test_/);
    assert.equal((await readdir(scratch)).length, 1);
    const notes: string[] = [];
    const report = (event: { kind: string; text?: string }) =>
      void (event.kind === 'note' && notes.push(event.text ?? ''));
    assert.equal((await drill(small, { report })).verdict, 'proven');
    assert.deepEqual(await testDatabases(), []);
    assert.deepEqual(await readdir(scratch), []);
    assert.deepEqual(await atWork(), []);
    assert.equal(await building(), false);
    assert.ok(notes.some((note) => note === `Removed the test database of a drill that was killed: ${left}`));
    assert.ok(notes.some((note) => note.startsWith('Removed the working folder of a drill that was killed:')));
  });

  test('after SIGKILL of one with a server of its own: that server and its data', async () => {
    const inItsServer = async () => (await atWork()).some((command) => /pg_restore/.test(command));
    await killed(['--server=own'], inItsServer);
    await until(async () => (await atWork()).length === 0, 'its programs end with it');
    await drill(small);
    assert.deepEqual(await atWork(), []);
    assert.deepEqual(await readdir(scratch), []);
  });

  test('after a power cut of the server, in a process that lives on', async () => {
    const running = assert.rejects(drill(slow), { exit: 3 });
    await until(building, 'pg_restore builds the index');
    await services.postgres.stop('SIGQUIT');
    await running;
    await services.postgres.start();
    await until(
      () =>
        services.sql('SELECT 1').then(
          () => true,
          () => false,
        ),
      'PostgreSQL has recovered',
    );
    assert.equal((await testDatabases()).length, 1);
    await drill(small);
    assert.deepEqual(await testDatabases(), []);
    assert.deepEqual(await readdir(scratch), []);
  });

  test('programs that outlived it, because its last will was killed with it', async () => {
    const folder = join(scratch, 'drillbook-drill-outlived');
    await mkdir(folder);
    const fifo = join(folder, 'archive');
    await run('mkfifo', [fifo]);
    await writeFile(join(folder, 'mark.json'), JSON.stringify(gone));
    // It waits for somebody to write into the pipe.
    const { bin } = await postgresPrograms();
    const waiting = run(join(bin, 'psql'), ['--file', fifo], { env: environmentOf(small.postgres) });
    await until(async () => (await atWork()).length === 1, 'psql waits');
    await drill(small);
    await waiting;
    assert.deepEqual(await atWork(), []);
    assert.deepEqual(await readdir(scratch), []);
  });

  test('killed between making the database and marking it: told by the folder, and only while it is empty', async () => {
    await using admin = await administer(services.settings.postgres);
    const server = await serverIdentity({ admin, settings: services.settings.postgres });
    const names = ['small_restore_test_0000aaaa', 'small_restore_test_0000bbbb'];
    for (const [i, database] of names.entries()) {
      await databaseWith(database);
      const folder = join(scratch, `drillbook-drill-killed${i}`);
      await mkdir(folder);
      await writeFile(join(folder, 'mark.json'), JSON.stringify({ ...gone, making: { server, database } }));
    }
    await services.sql('CREATE TABLE somebodys (a int)', 'small_restore_test_0000bbbb');
    {
      // As long as the killed one's session works on, the database may yet come, or get its mark.
      await using killed = await administer(services.settings.postgres);
      for (const name of names) await killed.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [name]);
      await drill(small);
      assert.deepEqual(await testDatabases(), names);
      assert.equal((await readdir(scratch)).length, 2);
    }
    await drill(small);
    assert.deepEqual(await testDatabases(), ['small_restore_test_0000bbbb']);
    assert.deepEqual(await readdir(scratch), []);
    await services.sql('DROP DATABASE small_restore_test_0000bbbb');
  });

  test('one of another machine, when nobody holds its lock any more, in whatever database it was taken', async () => {
    const name = await databaseWith('small_restore_test_0000cccc');
    const comment = commentOf('x', name, await oidOf(name), { ...gone, place: 'another machine' });
    await services.sql(`COMMENT ON DATABASE ${name} IS '${comment}'`);
    {
      await using admin = await administer({ ...services.settings.postgres });
      await admin.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [name]);
      await drill(small);
      assert.deepEqual(await testDatabases(), [name]);
    }
    await services.sql('CREATE DATABASE elsewhere');
    {
      const { connect } = await import('../../src/postgres/connection.ts');
      await using other = await connect(services.settings.postgres, { database: 'elsewhere' });
      await other.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [name]);
      await drill(small);
      assert.deepEqual(await testDatabases(), [name]);
    }
    await drill(small);
    assert.deepEqual(await testDatabases(), []);
    await services.sql('DROP DATABASE elsewhere');
  });
});

describe('what is not the leftover of a drill stays', () => {
  test('a database of such a name: without a mark, with a copied one, or with words like one', async () => {
    const bare = await databaseWith('small_restore_test_deadbeef');
    const copied = await databaseWith('small_restore_test_0000dddd');
    await services.sql(`COMMENT ON DATABASE ${copied} IS '${commentOf('x', copied, await oidOf(bare), gone)}'`);
    const renamed = await databaseWith('small_restore_test_0000eeee');
    await services.sql(`COMMENT ON DATABASE ${renamed} IS '${commentOf('x', bare, await oidOf(renamed), gone)}'`);
    const words = await databaseWith(
      'small_restore_test_0000ffff',
      'Drillbook: throwaway database of a drill of x. Mark: {}',
    );
    await drill(small);
    const all = [bare, copied, renamed, words];
    assert.deepEqual(await testDatabases(), all.toSorted());
    for (const name of all) await services.sql(`DROP DATABASE ${name}`);
  });

  test('the database of a process that lives, though its session was lost', async () => {
    const name = await databaseWith('small_restore_test_0000abcd');
    const parent = { ...(await ourselves()), pid: process.ppid };
    const { identify } = await import('../../src/process/identity.ts');
    const started = (await identify(process.ppid))?.started ?? '';
    const comment = commentOf('x', name, await oidOf(name), { ...parent, started });
    await services.sql(`COMMENT ON DATABASE ${name} IS '${comment}'`);
    await drill(small);
    assert.deepEqual(await testDatabases(), [name]);
    await services.sql(`DROP DATABASE ${name}`);
  });

  test('folders without a mark, and those of others', async () => {
    const folder = join(scratch, 'drillbook-drill-unmarked');
    const other = join(scratch, 'drillbook-drill-elsewhere');
    for (const path of [folder, other]) {
      await mkdir(path);
      await writeFile(join(path, 'archive'), 'x');
    }
    await writeFile(join(other, 'mark.json'), JSON.stringify({ ...gone, place: 'another machine' }));
    await drill(small);
    for (const path of [folder, other]) await access(join(path, 'archive'));
  });
});
