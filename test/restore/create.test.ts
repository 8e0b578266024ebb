import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { takeBackup } from '../../src/backup/take.ts';
import type { FailureCode } from '../../src/failure.ts';
import { connect, environmentOf, quoteIdentifier } from '../../src/postgres/connection.ts';
import { postgresPrograms } from '../../src/postgres/programs.ts';
import { runOrFail } from '../../src/process.ts';
import { restoreDatabase } from '../../src/restore/create.ts';
import { restoreInPlace } from '../../src/restore/in-place.ts';
import { compareDatabaseWithManifest } from '../../src/restore/read.ts';
import { endNasty, good, scratch, services, settings, startNasty } from '../support/nasty.ts';
import { bare, bytesOf, forge, manifestOf, put } from '../support/samples.ts';

before(() =>
  startNasty(() =>
    services.sql(`
    CREATE ROLE keeper; CREATE ROLE "Odd; role: ""x""";
    ALTER DATABASE nasty OWNER TO keeper;
    ALTER DATABASE nasty CONNECTION LIMIT 33;
    COMMENT ON DATABASE nasty IS 'The original''s \\comment';
    REVOKE ALL ON DATABASE nasty FROM PUBLIC;
    GRANT CONNECT ON DATABASE nasty TO nasty_reader WITH GRANT OPTION;
    GRANT TEMPORARY, CREATE ON DATABASE nasty TO "Odd; role: ""x""";
    ALTER DATABASE nasty SET search_path TO "$user", public, "Mixed Case";
    ALTER DATABASE nasty SET app.tenant TO 'it''s \\ one, "two"';
    ALTER ROLE nasty_reader IN DATABASE nasty SET statement_timeout TO '7s'`),
  ),
);

after(endNasty);

async function databases(): Promise<unknown[]> {
  const rows = await services.sql("SELECT datname FROM pg_database WHERE datname !~ '^(template|postgres|freshtrack)'");
  return rows.map((row) => row.datname).sort();
}

async function drop(name: string): Promise<void> {
  await services.sql(`DROP DATABASE ${quoteIdentifier(name)} WITH (FORCE)`);
}

const failing = (code: FailureCode) => (error: unknown) => {
  assert.equal(error instanceof Error && 'code' in error && error.code, code, String(error));
  return true;
};

let minute = 0;
async function forged(archive: Buffer, change?: (text: string) => string): Promise<string> {
  minute += 1;
  const name = `nasty_2020-01-01_00-${String(minute).padStart(2, '0')}-00.sql.gz`;
  const manifest = await manifestOf(services, good);
  await forge(services, name, archive, change ? JSON.parse(change(JSON.stringify(manifest))) : manifest);
  return name;
}

describe('a backup restored into a new database', () => {
  test('has everything of the original: content, owner, settings, privileges, comment, limit, statistics', async () => {
    const restored = await restoreDatabase(settings, { backup: good, into: 'Neu "x"' });
    assert.equal(restored.verdict, 'equal');
    assert.deepEqual(restored.roles, []);
    assert.deepEqual(await compareDatabaseWithManifest(settings, 'Neu "x"', await manifestOf(services, good)), []);
    const [row] = await services.sql(`SELECT datconnlimit AS limit FROM pg_database WHERE datname = 'Neu "x"'`);
    assert.equal(row?.limit, 33);
    const analyzed = await services.sql(
      "SELECT FROM pg_stats WHERE tablename = 'users' AND schemaname = 'public'",
      'Neu "x"',
    );
    assert.ok(analyzed.length > 10);
    assert.deepEqual(await readdir(scratch), []);
    await drop('Neu "x"');
  });

  test('has owner, settings and privileges without a manifest too, as the archive states them', async () => {
    const name = await forged(await bytesOf(services, good));
    await bare(services, name);
    const restored = await restoreDatabase(settings, { backup: name, into: 'unproven' });
    assert.equal(restored.verdict, 'unproven');
    const differences = await compareDatabaseWithManifest(settings, 'unproven', await manifestOf(services, good));
    assert.deepEqual(
      differences.map(({ text }) => text).filter((text) => !text.startsWith('database: comment')),
      [],
    );
    await drop('unproven');
  });

  test('has its owners and privileges from SQL too, whatever psql would make of the rest', async () => {
    const { bin } = await postgresPrograms();
    const env = environmentOf(settings.postgres, 'nasty');
    const { stdout } = await runOrFail(join(bin, 'pg_dump'), ['--create', '--format=plain'], { env, timeout: 60_000 });
    const name = await forged(Buffer.from(stdout));
    assert.equal((await restoreDatabase(settings, { backup: name, into: 'from_sql' })).verdict, 'equal');
    await drop('from_sql');
  });

  test('is refused where a database has the name, or the name is too long, before anything is made', async () => {
    const before = await databases();
    await services.database('taken');
    await assert.rejects(restoreDatabase(settings, { backup: good, into: 'taken' }), failing('database-exists'));
    await assert.rejects(restoreDatabase(settings, { backup: good, into: 'ä'.repeat(32) }), failing('database-name'));
    await assert.rejects(restoreDatabase(settings, { backup: good, into: 'template1' }), failing('database-name'));
    assert.deepEqual(await databases(), [...before, 'taken'].sort());
    await drop('taken');
  });

  test('names roles that are missing before anything is made, and makes them on request', async () => {
    await services.sql(`
      CREATE ROLE lost LOGIN CREATEROLE NOINHERIT PASSWORD 'lost-Secret'; CREATE ROLE gang; GRANT gang TO lost;
      GRANT nasty_reader TO lost`);
    await services.database('roles', 'nasty');
    await services.sql('GRANT SELECT ON documents TO lost', 'roles');
    const of = services.with({ postgres: { database: 'roles' } });
    const { name } = await takeBackup(of);
    await services.sql('DROP OWNED BY lost', 'roles');
    await services.sql('DROP ROLE lost, gang');
    const before = await databases();
    await assert.rejects(restoreDatabase(of, { backup: name, into: 'again' }), (error) => {
      assert.ok(String(error).includes('lost'));
      return failing('roles-missing')(error);
    });
    assert.deepEqual(await databases(), before);
    const { roles, verdict } = await restoreDatabase(of, { backup: name, into: 'again', makeRoles: true });
    assert.deepEqual([roles, verdict], [['lost'], 'equal']);
    const [role] = await services.sql(`
      SELECT rolcanlogin, rolcreaterole, rolinherit, rolpassword, pg_has_role('lost', 'nasty_reader', 'MEMBER') AS reader
      FROM pg_authid WHERE rolname = 'lost'`);
    assert.deepEqual(role, {
      rolcanlogin: false,
      rolcreaterole: false,
      rolinherit: false,
      rolpassword: null,
      reader: true,
    });
    await drop('again');
    await drop('roles');
    await services.sql('DROP ROLE lost');
  });

  test('is gone again when it does not equal the manifest, or the archive is damaged', async () => {
    const before = await databases();
    const archive = await bytesOf(services, good);
    const other = await forged(archive, (text) =>
      text.replace('"rows":600', '"rows":601').replace('"rows":603', '"rows":604'),
    );
    await assert.rejects(restoreDatabase(settings, { backup: other, into: 'bad' }), failing('restore-differs'));
    const cut = await forged(archive.subarray(0, Math.floor(archive.length * 0.7)));
    await assert.rejects(restoreDatabase(settings, { backup: cut, into: 'bad' }), failing('backup-unfit'));
    const changed = await forged(archive);
    await put(services, changed, Buffer.concat([archive.subarray(0, -1), Buffer.from('x')]));
    await assert.rejects(restoreDatabase(settings, { backup: changed, into: 'bad' }), failing('backup-unfit'));
    assert.deepEqual(await databases(), before);
    assert.deepEqual(await readdir(scratch), []);
  });

  for (const stage of ['Downloading', 'Making', 'Restoring', 'ANALYZE', 'Comparing'])
    test(`is gone again when it is interrupted while ${stage.toLowerCase()}`, async () => {
      const before = await databases();
      const stop = new AbortController();
      const report = (event: { kind: string; title?: string }) => {
        if (event.title?.startsWith(stage)) setImmediate(() => stop.abort(new Error('stopped')));
      };
      const work = restoreDatabase(settings, { backup: good, into: 'cut_off', report, signal: stop.signal });
      await assert.rejects(work, /stopped/);
      assert.deepEqual(await databases(), before);
      assert.deepEqual(await readdir(scratch), []);
    });

  test('replaces what a killed restore left unfinished, and nothing else', async () => {
    await services.database('left_over');
    await services.sql(`COMMENT ON DATABASE left_over IS 'Drillbook: unfinished restore of x'`);
    const restored = await restoreDatabase(settings, { backup: good, into: 'left_over' });
    assert.equal(restored.verdict, 'equal');
    await drop('left_over');
  });

  test('is made by a plain owner too', async () => {
    await services.sql("CREATE ROLE plain LOGIN CREATEDB PASSWORD 'plain-Secret'");
    await services.sql('CREATE DATABASE own OWNER plain TEMPLATE template0');
    const user = services.with({ postgres: { database: 'own', user: 'plain', password: 'plain-Secret' } });
    await using client = await connect(user.postgres);
    await client.query(`CREATE TABLE t (id int PRIMARY KEY, status varchar CHECK (status IN ('a', 'b')));
      INSERT INTO t SELECT i, 'a' FROM generate_series(1, 50) i; ALTER TABLE t ENABLE ROW LEVEL SECURITY; ALTER DATABASE own SET work_mem = '5MB'`);
    const { name } = await takeBackup(user);
    assert.equal((await restoreDatabase(user, { backup: name, into: 'own_restored' })).verdict, 'equal');
    await drop('own_restored');
  });
});

describe('a backup restored in place', () => {
  test('replaces the database, and keeps the replaced one whole', async () => {
    await services.database('place', 'nasty');
    const of = services.with({ postgres: { database: 'place' } });
    const { name } = await takeBackup(of);
    await services.sql("DELETE FROM documents; INSERT INTO users (tenant, users) VALUES (9, 'since')", 'place');
    const { verdict, kept, database } = await restoreInPlace(of, { backup: name });
    assert.deepEqual([verdict, kept, database], ['equal', 'place_old', 'place']);
    assert.deepEqual(await compareDatabaseWithManifest(of, 'place', await manifestOf(services, name)), []);
    assert.equal((await services.sql("SELECT FROM users WHERE users = 'since'", 'place_old')).length, 1);
    await drop('place_old');
    const again = await restoreInPlace(of, { backup: name, dropReplaced: true });
    assert.equal(again.kept, undefined);
    await drop('place');
    assert.equal((await restoreInPlace(of, { backup: name })).kept, undefined);
    assert.deepEqual(
      (await databases()).filter((one) => String(one).startsWith('place')),
      ['place'],
    );
    await drop('place');
  });

  test('leaves everything as it was when the backup turns out to be bad', async () => {
    const before = await databases();
    const archive = await bytesOf(services, good);
    const other = await forged(archive, (text) => text.replace('"rows":603', '"rows":604'));
    const [oid] = await services.sql("SELECT oid FROM pg_database WHERE datname = 'nasty'");
    await assert.rejects(restoreInPlace(settings, { backup: other, dropReplaced: true }), failing('restore-differs'));
    assert.deepEqual(await databases(), before);
    assert.deepEqual(await services.sql("SELECT oid FROM pg_database WHERE datname = 'nasty'"), [oid]);
  });

  test('leaves everything as it was when it is interrupted at the swap, or the name of the replaced one is taken', async () => {
    const before = await databases();
    const [oid] = await services.sql("SELECT oid FROM pg_database WHERE datname = 'nasty'");
    const stop = new AbortController();
    const report = (event: { kind: string; title?: string }) => {
      if (event.title?.startsWith('Putting')) stop.abort(new Error('stopped'));
    };
    await assert.rejects(restoreInPlace(settings, { backup: good, report, signal: stop.signal }), /stopped/);
    const keep = await services.database('nasty_old');
    await assert.rejects(restoreInPlace(settings, { backup: good }), failing('database-exists'));
    await drop(keep);
    assert.deepEqual(await databases(), before);
    assert.deepEqual(await services.sql("SELECT oid FROM pg_database WHERE datname = 'nasty'"), [oid]);
  });
});
