import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { connect } from '../../src/postgres/connection.ts';
import { postgresPrograms } from '../../src/postgres/programs.ts';
import { run } from '../../src/process.ts';
import {
  type Observation,
  observe,
  originalStillExists,
  type Prepared,
  prepareScenario,
  resetWorld,
} from '../../src/rehearsal/world.ts';
import { compareContent } from '../../src/restore/proof.ts';
import { SCENARIOS, type ScenarioName } from '../../src/runbook/model.ts';
import { openStore } from '../../src/store/store.ts';
import { randomNumbers } from '../support/random.ts';
import { until } from '../support/services.ts';
import { startWorld, type TestWorld } from '../support/world.ts';

let here: TestWorld;
before(async () => {
  here = await startWorld({ backend: true });
});
after(() => here?.[Symbol.asyncDispose]());

const PRODUCTION = 'freshtrack';
const names = (seen: Observation) => seen.databases.map(({ name }) => name);
const database = (seen: Observation, name = PRODUCTION) => seen.databases.find((found) => found.name === name);
const pristineContent = () => database(here.world.pristine)?.content ?? assert.fail('no production');
const store = () => openStore(here.world.settings.store);
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** What a comparison needs: everything but oids and instants. */
function essence(seen: Observation) {
  return {
    databases: seen.databases.map(({ name, digest, allowsConnections, comment }) => ({
      name,
      digest,
      allowsConnections,
      comment,
    })),
    roles: seen.roles,
    server: seen.server,
    objects: seen.objects?.map(({ name, size }) => ({ name, size })),
  };
}

async function objectNames(): Promise<string[]> {
  return (await Array.fromAsync(store().list(''))).map(({ name }) => name);
}

async function archive(name: string): Promise<Buffer> {
  const file = join(here.world.kept.folder, `read-${Math.random()}`);
  await store().download(name, file);
  return readFileSync(file);
}

async function readsToTheEnd(name: string): Promise<boolean> {
  const file = join(here.world.kept.folder, `read-${Math.random()}`);
  await store().download(name, file);
  const { bin } = await postgresPrograms();
  return (await run(join(bin, 'pg_restore'), ['--file=/dev/null', file])).status === 0;
}

/** Runs bash as the reader would. */
function asReader(prepared: Prepared, command: string) {
  return run('bash', ['-c', command], { env: prepared.environment, cwd: prepared.folder, timeout: 120_000 });
}

async function inScenario(name: ScenarioName, look: (prepared: Prepared) => Promise<void>, variant?: string) {
  await using prepared = await prepareScenario(here.world, name, variant === undefined ? {} : { variant });
  await look(prepared);
}

describe('A scenario is a state that can be seen from outside', () => {
  test('intact: production equals the backup, the application runs, and the reader reaches both services', () =>
    inScenario('intact', async (prepared) => {
      const content = database(prepared.before)?.content ?? assert.fail('no production');
      assert.deepEqual(compareContent(prepared.manifest.content, content), []);
      assert.equal(await here.world.lab.services.backend.running(), true);
      assert.deepEqual(readdirSync(prepared.folder), []);
      const seen = await asReader(prepared, 'psql -XAtc "select 1" postgres && mc --quiet ls "store/$BUCKET/"');
      assert.equal(seen.status, 0, seen.stderr);
      assert.match(seen.stdout, new RegExp(prepared.backup));
    }));

  test('absent: there is no such database', () =>
    inScenario('absent', async () => {
      assert.deepEqual(await here.sql(`SELECT FROM pg_database WHERE datname = '${PRODUCTION}'`, 'postgres'), []);
    }));

  test('empty: the database is there and holds no object', () =>
    inScenario('empty', async (prepared) => {
      assert.deepEqual(database(prepared.before)?.content?.tables, []);
      assert.deepEqual(await here.sql('SELECT FROM pg_class WHERE oid >= 16384'), []);
    }));

  test('drifted: rows, a table that refers to an old one, a view, a sequence and a schema differ', () =>
    inScenario('drifted', async (prepared) => {
      const now = database(prepared.before)?.content ?? assert.fail('no production');
      const kinds = new Set(compareContent(pristineContent(), now).map(({ kind }) => kind));
      for (const kind of ['rows', 'table', 'constraint', 'schema', 'sequence position'] as const)
        assert.ok(kinds.has(kind), `no difference of kind ${kind} in ${[...kinds]}`);
      const views = ({ objects }: typeof now) => objects.view.count + objects['materialised view'].count;
      assert.equal(views(now), views(pristineContent()) - 1);
      assert.equal(prepared.notes.filter((note) => /^(changed|deleted|added)/.test(note)).length, 3);
    }));

  test('half-restored: the schema is there, a part of the rows, no index and no foreign key', () =>
    inScenario('half-restored', async (prepared) => {
      const now = database(prepared.before)?.content ?? assert.fail('no production');
      const rows = ({ tables }: typeof now) => tables.reduce((sum, table) => sum + table.rows, 0);
      assert.equal(now.tables.length, pristineContent().tables.length);
      assert.ok(rows(now) > 0 && rows(now) < rows(pristineContent()));
      assert.deepEqual(
        await here.sql("SELECT FROM pg_index WHERE indexrelid >= 16384 AND indrelid::regclass::text !~ '^pg_toast'"),
        [],
      );
      assert.deepEqual(
        await here.sql("SELECT FROM pg_constraint WHERE contype IN ('f', 'p', 'u', 'x') AND oid >= 16384"),
        [],
      );
    }));

  test('leftovers: databases and files of an earlier try lie about', () =>
    inScenario('leftovers', async (prepared) => {
      assert.ok(
        names(prepared.before).includes('freshtrack_old') && names(prepared.before).includes('freshtrack_restored'),
      );
      assert.equal(database(prepared.before, 'freshtrack_old')?.digest, database(prepared.before)?.digest);
      assert.ok(readdirSync(prepared.folder).includes(prepared.backup));
      assert.notEqual(sha256(readFileSync(join(prepared.folder, prepared.backup))), prepared.manifest.archive.sha256);
    }));

  test('interrupted: production has drifted, so that the original can be told from what is restored', () =>
    inScenario('interrupted', async (prepared) => {
      assert.equal(prepared.startsAgain, true);
      assert.notEqual(database(prepared.before)?.digest, database(here.world.pristine)?.digest);
      assert.deepEqual((await originalStillExists(here.world)).where, ['database freshtrack']);
      await here.sql('ALTER DATABASE freshtrack ALLOW_CONNECTIONS false', 'postgres');
      await here.sql(
        `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = 'freshtrack'`,
        'postgres',
      );
      await here.sql('ALTER DATABASE freshtrack RENAME TO freshtrack_old', 'postgres');
      assert.deepEqual((await originalStillExists(here.world)).where, ['database freshtrack_old'], 'closed, but there');
      await here.sql('DROP DATABASE freshtrack_old WITH (FORCE)', 'postgres');
      assert.equal((await originalStillExists(here.world)).exists, false);
    }));

  test('interrupted can also begin with an intact production', () =>
    inScenario(
      'interrupted',
      async (prepared) => {
        assert.equal(database(prepared.before)?.digest, database(here.world.pristine)?.digest);
        await here.sql('DROP DATABASE freshtrack WITH (FORCE)', 'postgres');
        assert.deepEqual((await originalStillExists(here.world)).where, [`backup ${here.world.backup.name}`]);
      },
      'intact',
    ));

  test('busy: the application is idle in a transaction, in a long query and reconnects; a superuser watches', () =>
    inScenario('busy', async () => {
      const sessions = (filter: string) =>
        here.sql(
          `SELECT pid FROM pg_stat_activity WHERE datname = 'freshtrack' AND usename = 'freshtrack_app' AND ${filter}`,
          'postgres',
        );
      assert.equal((await sessions("state = 'idle in transaction'")).length, 1);
      await until(
        async () => (await sessions("state = 'active' AND query LIKE '%pg_sleep%'")).length === 1,
        'a long query runs',
      );
      const watching = await here.sql(
        "SELECT usename FROM pg_stat_activity WHERE application_name = 'monitoring'",
        'postgres',
      );
      assert.deepEqual(watching, [{ usename: 'freshtrack' }]);
      const [first] = await sessions("application_name = 'reconnecting'");
      await here.sql(`SELECT pg_terminate_backend(${first?.pid}, 5000)`, 'postgres');
      await until(async () => {
        const [now] = await sessions("application_name = 'reconnecting'");
        return now !== undefined && now.pid !== first?.pid;
      }, 'it comes back under another process');
      await assert.rejects(
        here.sql('ALTER DATABASE freshtrack RENAME TO x', 'postgres'),
        /being accessed by other users/,
      );
    }));

  test('busy ends with the scenario: no session of it stays', async () => {
    await inScenario('busy', async () => {});
    const left = () =>
      here.sql(
        "SELECT FROM pg_stat_activity WHERE application_name IN ('reconnecting', 'monitoring', 'a long query', 'idle in a transaction')",
        'postgres',
      );
    await until(async () => (await left()).length === 0, 'all sessions of the scenario are gone');
  });

  test('plain-owner: the reader is no superuser and owns everything, in the backup too', () =>
    inScenario('plain-owner', async (prepared) => {
      assert.equal(prepared.reader, 'plain-owner');
      const who = await asReader(
        prepared,
        `psql -XAtc "SELECT rolsuper, rolcreatedb, pg_has_role('pg_signal_backend', 'member') FROM pg_roles WHERE rolname = current_user" postgres`,
      );
      assert.equal(who.stdout.trim(), 'f|t|t');
      const content = database(prepared.before)?.content ?? assert.fail('no production');
      assert.equal(content.database.owner, prepared.environment.PGUSER);
      assert.deepEqual(compareContent(prepared.manifest.content, content), []);
      assert.deepEqual(content.tables, pristineContent().tables);
    }));

  test('polluted-template: what is made from template1 is not empty', () =>
    inScenario('polluted-template', async () => {
      await here.sql('CREATE DATABASE from_template', 'postgres');
      const found = await here.sql(
        "SELECT (SELECT count(*)::int FROM pg_class WHERE oid >= 16384 AND relkind = 'r') AS tables, (SELECT count(*)::int FROM pg_default_acl) AS privileges, to_regproc('left_behind')::text AS function",
        'from_template',
      );
      assert.deepEqual(found, [{ tables: 1, privileges: 2, function: 'left_behind' }]);
    }));

  test('missing-roles: the backup grants to a role that does not exist', () =>
    inScenario('missing-roles', async (prepared) => {
      const roles = (await here.sql('SELECT rolname FROM pg_roles', 'postgres')).map(({ rolname }) => rolname);
      const missing = prepared.manifest.content.roles.filter((role) => !roles.includes(role));
      assert.deepEqual(missing, ['freshtrack_auditor']);
      assert.ok((await objectNames()).includes(prepared.backup));
      assert.equal(database(prepared.before)?.digest, database(here.world.pristine)?.digest);
    }));

  test('truncated-backup: the archive ends early, and checksum and manifest agree with it', () =>
    inScenario('truncated-backup', async (prepared) => {
      const bytes = await archive(prepared.backup);
      assert.ok(bytes.length < prepared.manifest.archive.bytes);
      assert.equal(await store().getText(`${prepared.backup}.sha256`), `${sha256(bytes)}  ${prepared.backup}\n`);
      assert.match(await store().getText(`${prepared.backup}.manifest.json`), new RegExp(sha256(bytes)));
      assert.equal(await readsToTheEnd(prepared.backup), false);
    }));

  test('damaged-backup: as long as it was, and not what its checksum says', () =>
    inScenario('damaged-backup', async (prepared) => {
      const bytes = await archive(prepared.backup);
      assert.equal(bytes.length, prepared.manifest.archive.bytes);
      assert.notEqual(sha256(bytes), (await store().getText(`${prepared.backup}.sha256`)).slice(0, 64));
    }));

  test('checksum-of-another: sha256sum is content, with the other file', () =>
    inScenario('checksum-of-another', async (prepared) => {
      const checked = await asReader(
        prepared,
        `mc --quiet cp "store/$BUCKET/${prepared.backup}.sha256" . >/dev/null && sha256sum --check ${prepared.backup}.sha256`,
      );
      assert.equal(checked.status, 0, checked.stderr);
      assert.match(checked.stdout, /^freshtrack_.*: OK$/m);
      assert.ok(!checked.stdout.includes(`${prepared.backup}: OK`));
    }));

  test('stale-backup: the newest is more than 25 hours old, and whole', () =>
    inScenario('stale-backup', async (prepared) => {
      const archives = (await objectNames()).filter((name) => name.endsWith('.sql.gz'));
      assert.deepEqual(archives, [prepared.backup]);
      const [, day, time] = /_(\d{4}-\d\d-\d\d)_(.{8})\./.exec(prepared.backup) ?? [];
      assert.ok(Date.now() - Date.parse(`${day}T${time?.replaceAll('-', ':')}Z`) > 25 * 3_600_000);
      assert.equal(await readsToTheEnd(prepared.backup), true);
      assert.equal(
        sha256(await archive(prepared.backup)),
        (await store().getText(`${prepared.backup}.sha256`)).slice(0, 64),
      );
    }));

  test('foreign-backup: another database’s archive, whole, with enough tables, under this name', () =>
    inScenario('foreign-backup', async (prepared) => {
      assert.equal(await readsToTheEnd(prepared.backup), true);
      assert.equal(
        sha256(await archive(prepared.backup)),
        (await store().getText(`${prepared.backup}.sha256`)).slice(0, 64),
      );
      const manifest = JSON.parse(await store().getText(`${prepared.backup}.manifest.json`));
      assert.equal(manifest.database, 'another_application');
      assert.ok(manifest.content.tables.length >= here.world.settings.minTables);
      assert.ok(!(await objectNames()).some((name) => name.startsWith('another_application')));
    }));

  test('missing-backup: nothing of that name is in the bucket', () =>
    inScenario('missing-backup', async (prepared) => {
      assert.deepEqual(
        (await objectNames()).filter((name) => name.startsWith(prepared.backup)),
        [],
      );
    }));

  test('no-manifest: the store has none, and the proof keeps its own', () =>
    inScenario('no-manifest', async (prepared) => {
      const present = await objectNames();
      assert.ok(present.includes(prepared.backup) && !present.includes(`${prepared.backup}.manifest.json`));
      assert.deepEqual(prepared.manifest, here.world.manifest);
    }));

  test('store-down: nothing listens, and it listens again when the scenario is over', async () => {
    await inScenario('store-down', async (prepared) => {
      await assert.rejects(fetch(here.world.settings.store.endpoint));
      assert.equal(prepared.before.objects, undefined);
    });
    assert.equal(await here.world.lab.services.minio.running(), true);
  });

  test('wrong-password: the store refuses the reader, and nobody else', () =>
    inScenario('wrong-password', async (prepared) => {
      const seen = await asReader(prepared, 'mc --quiet ls "store/$BUCKET/"');
      assert.notEqual(seen.status, 0);
      assert.match(seen.stdout + seen.stderr, /signature|Access Denied|secret/i);
      assert.equal((await asReader(prepared, 'psql -XAtc "select 1" postgres')).status, 0);
      assert.ok((await objectNames()).length > 0);
      assert.ok(
        !Object.values(prepared.environment).some((value) => value.includes(here.world.settings.store.secretKey)),
      );
    }));

  test('wrong-password, of the database: the server refuses the reader', () =>
    inScenario(
      'wrong-password',
      async (prepared) => {
        const seen = await asReader(prepared, 'psql --no-password -XAtc "select 1" postgres');
        assert.match(seen.stderr, /password authentication failed/);
        assert.equal((await asReader(prepared, 'mc --quiet ls "store/$BUCKET/"')).status, 0);
      },
      'database',
    ));

  test('read-only: a new session cannot write, and after the reset it can', async () => {
    await inScenario('read-only', async (prepared) => {
      const made = await asReader(prepared, 'psql -X -c "CREATE DATABASE x" postgres');
      assert.match(made.stderr, /cannot execute CREATE DATABASE in a read-only transaction/);
    });
    await resetWorld(here.world);
    await until(async () => {
      await using client = await connect(here.world.settings.postgres, { database: 'postgres' });
      const { rows } = await client.query('SHOW default_transaction_read_only');
      return rows[0]?.default_transaction_read_only === 'off';
    }, 'new sessions may write');
  });

  test('disk-full: the archive does not fit into the working folder', async () => {
    let folder = '';
    await inScenario('disk-full', async (prepared) => {
      folder = prepared.folder;
      const { bavail, bsize } = statfsSync(folder);
      assert.ok(bavail * bsize < prepared.manifest.archive.bytes);
      const seen = await asReader(prepared, `mc --quiet cp "store/$BUCKET/${prepared.backup}" .`);
      assert.notEqual(seen.status, 0);
      assert.match(seen.stdout + seen.stderr, /no space left/i);
    });
    assert.equal(existsSync(folder), false);
    assert.ok(!readFileSync('/proc/mounts', 'utf8').includes(folder));
  });
});

describe('A reset makes the world again as it was', () => {
  test('after whatever a wrong page may have done to the server and the bucket', async () => {
    await using prepared = await prepareScenario(here.world, 'intact');
    await here.sql('CREATE TABLE restored_here_by_mistake (id integer)', 'postgres');
    await here.sql('CREATE ROLE intruder LOGIN SUPERUSER; ALTER ROLE freshtrack_app NOLOGIN PASSWORD NULL', 'postgres');
    await here.sql(
      'ALTER ROLE freshtrack_report RENAME TO report_old; REVOKE pg_signal_backend FROM freshtrack_owner_plain',
      'postgres',
    );
    await here.sql('CREATE DATABASE intruders OWNER intruder', 'postgres');
    await here.sql('GRANT ALL ON DATABASE postgres TO intruder', 'postgres');
    await here.sql('ALTER SYSTEM SET work_mem = 77777', 'postgres');
    await here.sql('SET ROLE intruder; CREATE TABLE public.theirs (id integer)', 'template1');
    await here.sql(
      'ALTER DATABASE freshtrack RESET ALL; GRANT ALL ON DATABASE freshtrack TO PUBLIC; DROP SCHEMA public CASCADE',
    );
    await store().remove([prepared.backup]);
    await store().putText('rubbish.txt', 'left');
    await prepared.release();
    await resetWorld(here.world);
    assert.deepEqual(essence(await observe(here.world)), essence(here.world.pristine));
    assert.equal(sha256(await archive(here.world.backup.name)), here.world.manifest.archive.sha256);
    // The password is what it was: the application logs in again.
    await until(
      async () => (await fetch(`${here.world.lab.backendUrl}/readyz`).catch(() => undefined))?.ok === true,
      'the application is ready',
    );
  });

  test('after a page dropped the database postgres and template1', async () => {
    await here.sql('DROP DATABASE postgres WITH (FORCE)', 'template1');
    await resetWorld(here.world);
    await here.sql('ALTER DATABASE template1 IS_TEMPLATE false', 'postgres');
    await here.sql('DROP DATABASE template1', 'postgres');
    await resetWorld(here.world);
    assert.deepEqual(essence(await observe(here.world)), essence(here.world.pristine));
  });

  test('after any sequence of scenarios', async (t) => {
    const seed = Number(process.env.SEED ?? 20261123);
    t.diagnostic(`seed ${seed}`);
    for (const name of shuffled([...SCENARIOS], seed).slice(0, 8)) {
      await (await prepareScenario(here.world, name)).release();
      await using prepared = await prepareScenario(here.world, 'intact');
      assert.deepEqual(essence(prepared.before), essence(here.world.pristine), `after ${name} (seed ${seed})`);
      assert.deepEqual(readdirSync(prepared.folder), []);
    }
  });

  test('a scenario leaves no working folder behind', async () => {
    await inScenario('leftovers', async () => {});
    const left = readdirSync(join(here.world.lab.folder, 'work')).filter((name) => !name.startsWith('world-'));
    assert.deepEqual(left, []);
  });

  test('a variant that does not exist is refused by name', async () => {
    await assert.rejects(prepareScenario(here.world, 'wrong-password', { variant: 'both' }), /it has store, database/);
  });
});

/** Fisher–Yates, so that a seed repeats a failure. */
function shuffled<T>(items: T[], seed: number): T[] {
  const random = randomNumbers(seed);
  for (let at = items.length - 1; at > 0; at -= 1) {
    const other = Math.floor(random() * (at + 1));
    const [a, b] = [items[at], items[other]];
    if (a !== undefined && b !== undefined) [items[at], items[other]] = [b, a];
  }
  return items;
}
