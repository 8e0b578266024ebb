import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Failure } from '../../src/failure.ts';
import type { Lab } from '../../src/lab/lab.ts';
import { serviceMark } from '../../src/lab/local/daemon.ts';
import { orphans } from '../../src/lab/local/removal.ts';
import { readState } from '../../src/lab/local/state.ts';
import { attachLab, keepLab, labUp, removeOrphans, resetLab } from '../../src/lab/up.ts';
import { identify, processesWith } from '../../src/process/identity.ts';
import { until } from '../../src/process/wait.ts';
import { run, stream } from '../../src/process.ts';
import { silent } from '../../src/progress.ts';

const processesOf = (folder: string) => processesWith(serviceMark(folder).join('='));
/** A place for a lab that root's PostgreSQL may enter. */
function newPlace(): string {
  const parent = mkdtempSync(join(tmpdir(), 'drillbook-test-'));
  chmodSync(parent, 0o711);
  parents.push(parent);
  return join(parent, 'lab');
}
const parents: string[] = [];
const OWNER = fileURLToPath(new URL('../fixtures/lab-owner.ts', import.meta.url));

let lab: Lab & AsyncDisposable;
before(async () => {
  lab = await labUp({ report: silent });
});
after(async () => {
  for (const parent of parents) rmSync(parent, { recursive: true });
  await lab.down();
});

test('a lab runs PostgreSQL and MinIO, and down leaves no process and no folder', async () => {
  const other = await labUp({ report: silent });
  await other.services.backend.start();
  assert.equal(processesOf(other.folder).length, 3);
  await other.down();
  assert.deepEqual(processesOf(other.folder), []);
  assert.equal(existsSync(other.folder), false);
  await other.down(); // a second time does nothing
});

test('two labs stand side by side and share nothing', async () => {
  await using other = await labUp({ report: silent });
  assert.notEqual(other.folder, lab.folder);
  const secrets = (of: Lab) => [of.settings.postgres.password, of.settings.store.secretKey, of.settings.postgres.port];
  for (const secret of secrets(other)) assert.ok(!secrets(lab).includes(secret));
  await other.services.postgres.stop();
  assert.equal(await lab.services.postgres.running(), true);
});

test('everything that listens listens on the loopback address only', async () => {
  const { stdout } = await run('ss', ['-Hltn']);
  const { postgres, store } = lab.settings;
  for (const port of [String(postgres.port), store.endpoint.port]) {
    const places = stdout.match(new RegExp(`\\S+:${port}\\b`, 'g'));
    assert.ok(places?.length, `something listens on ${port}`);
    for (const place of places) assert.match(place, /^(127\.0\.0\.1|\[::1\]):/);
  }
});

test('a reader’s environment is complete and holds nothing foreign', async () => {
  process.env.DRILLBOOK_TEST_FOREIGN = 'x';
  const env = lab.environment('administrator');
  delete process.env.DRILLBOOK_TEST_FOREIGN;
  assert.deepEqual(
    Object.keys(env).sort(),
    [
      ...['BUCKET', 'DRILLBOOK_LAB', 'HOME', 'KEY_TABLES', 'LANG', 'MC_CONFIG_DIR', 'MINIO_ACCESS_KEY', 'MINIO_BUCKET'],
      ...[
        'MINIO_ENDPOINT',
        'MINIO_PREFIX',
        'MINIO_REGION',
        'MINIO_SECRET_KEY',
        'MIN_TABLES',
        'PATH',
        'PGHOST',
        'PGPASSFILE',
      ],
      ...['PGPORT', 'PGSERVICEFILE', 'PGUSER', 'POSTGRES_DB', 'POSTGRES_HOST', 'POSTGRES_PASSWORD', 'POSTGRES_PORT'],
      ...['POSTGRES_USER', 'TMPDIR', 'TZ'],
    ].sort(),
  );
  for (const name of ['HOME', 'PGPASSFILE', 'PGSERVICEFILE', 'MC_CONFIG_DIR', 'TMPDIR']) {
    assert.ok(env[name]?.startsWith(`${lab.folder}/`), name);
    assert.ok(existsSync(env[name] ?? ''), name);
  }
  assert.equal(env.KEY_TABLES, 'organizations,users,sites');
});

test('psql, pg_restore, mc and drillbook work from a reader’s environment alone', async () => {
  const script = `
    psql -X -At -d postgres -c "SELECT current_user, rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user"
    pg_restore --version | cut -d' ' -f1
    mc --quiet ls store | awk '{ print $NF }'
    drillbook lab status | head --lines=1`;
  const expected = (user: string, rights: string) =>
    `${user}|${rights}\npg_restore\npostgres-backups/\nlab in ${lab.folder}\n`;
  const administrator = await run('bash', ['-c', script], { env: lab.environment('administrator') });
  assert.equal(administrator.stdout, expected('freshtrack', 't|t'), administrator.stderr);
  const plain = await run('bash', ['-c', script], { env: lab.environment('plain-owner') });
  assert.equal(plain.stdout, expected('freshtrack_owner_plain', 'f|t'), plain.stderr);
});

test('what is secret is readable by its owner only and in no process’s arguments', async () => {
  const { PGPASSFILE = '', MC_CONFIG_DIR = '' } = lab.environment('administrator');
  for (const file of [PGPASSFILE, join(MC_CONFIG_DIR, 'config.json'), join(lab.folder, 'lab.json')])
    assert.equal(statSync(file).mode & 0o077, 0, file);
  for (const pid of processesOf(lab.folder)) {
    const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    assert.ok(!args.includes(lab.settings.postgres.password) && !args.includes(lab.settings.store.secretKey));
  }
});

test('another process can attach, stop what the first one started, and start it again', async () => {
  const attached = await attachLab(lab.folder);
  assert.deepEqual(attached.settings, lab.settings);
  await attached.services.minio.stop();
  assert.equal(await lab.services.minio.running(), false);
  await lab.services.minio.start();
  assert.equal(await attached.services.minio.running(), true);
});

test('a folder without a lab is told so', async () => {
  await assert.rejects(attachLab(tmpdir()), (error) => error instanceof Failure && error.code === 'lab-missing');
});

test('a folder that holds something is not used', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'drillbook-test-'));
  writeFileSync(join(folder, 'precious'), '');
  await assert.rejects(
    labUp({ folder, report: silent }),
    (error) => error instanceof Failure && error.code === 'lab-folder-taken',
  );
  assert.deepEqual(readdirSync(folder), ['precious']);
  rmSync(folder, { recursive: true });
});

test('a folder that PostgreSQL cannot enter is refused when root', async () => {
  const folder = newPlace();
  chmodSync(dirname(folder), 0o700);
  const up = labUp({ folder, report: silent });
  if (process.getuid?.() === 0)
    await assert.rejects(up, (error) => error instanceof Failure && error.code === 'lab-folder-closed');
  else await (await up).down();
  assert.deepEqual(readdirSync(dirname(folder)), []);
});

test('wrong settings are told before anything is started, and leave nothing', async () => {
  const folder = newPlace();
  await assert.rejects(
    labUp({ folder, env: { MINIO_BUCKET: 'No!' }, report: silent }),
    (error) => error instanceof Failure && error.code === 'settings-invalid',
  );
  assert.equal(existsSync(folder), false);
});

test('an abort half way leaves no process and no folder', async () => {
  const folder = newPlace();
  const controller = new AbortController();
  const reason = new Error('enough');
  const up = labUp({
    folder,
    report: (event) => event.kind === 'stage' && event.title === 'Starting MinIO' && controller.abort(reason),
    signal: controller.signal,
  });
  await assert.rejects(up, reason);
  assert.deepEqual(processesOf(folder), []);
  assert.equal(existsSync(folder), false);
});

test('a lab whose owner was killed is found and removed, and a living owner’s is not', async () => {
  const owner = await stream(process.execPath, [OWNER]);
  const [chunk] = await owner.stdout.take(1).toArray();
  const folder = String(chunk).trim();
  const whileAlive = await orphans();
  process.kill(owner.pid, 'SIGKILL');
  await owner.ended;
  assert.equal(whileAlive.includes(folder), false);
  assert.ok(processesOf(folder).length >= 2, 'its services outlive it');
  assert.ok((await removeOrphans()).includes(folder));
  assert.deepEqual(processesOf(folder), []);
  assert.equal(existsSync(folder), false);
  assert.equal(await lab.services.postgres.running(), true);
});

test('a lab that is kept outlives its owner', async () => {
  const owner = await stream(process.execPath, [OWNER]);
  const [chunk] = await owner.stdout.take(1).toArray();
  const folder = String(chunk).trim();
  keepLab(folder);
  process.kill(owner.pid, 'SIGKILL');
  await owner.ended;
  const found = await orphans();
  await (await attachLab(folder)).down();
  assert.equal(found.includes(folder), false);
  assert.equal(existsSync(folder), false);
});

test('a folder that only looks like a lab is never removed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'drillbook-lab-'));
  writeFileSync(join(folder, 'lab.json'), '{"mark":"something else"}');
  await removeOrphans();
  assert.equal(existsSync(folder), true);
  rmSync(folder, { recursive: true });
});

test('a recorded id that now belongs to another process is not signalled', async () => {
  const bystander = await stream('sleep', ['600']);
  await lab.services.minio.stop();
  const started = (await identify(process.pid))?.started;
  mkdirSync(join(lab.folder, 'run'), { recursive: true });
  writeFileSync(join(lab.folder, 'run', 'minio.json'), JSON.stringify({ pid: bystander.pid, started }));
  assert.equal(await lab.services.minio.running(), false);
  await lab.services.minio.stop();
  assert.notEqual(await identify(bystander.pid), undefined);
  await bystander.kill();
  await lab.services.minio.start();
});

test('a port that was taken meanwhile is named', async () => {
  await lab.services.backend.stop();
  const port = readState(lab.folder)?.ports.backend;
  const { createServer } = await import('node:http');
  const intruder = createServer().listen(port, '127.0.0.1');
  await until(() => intruder.listening, { timeout: 5_000 });
  await assert.rejects(
    lab.services.backend.start(),
    (error) => error instanceof Failure && error.code === 'service-port-taken' && error.message.includes(String(port)),
  );
  intruder.close();
});

test('a service that cannot start says what its log says', async () => {
  await using broken = await labUp({ report: silent });
  await broken.services.postgres.stop();
  writeFileSync(join(broken.folder, 'postgres', 'data', 'postgresql.conf'), 'no_such_setting = 1\n');
  await assert.rejects(
    broken.services.postgres.start(),
    (error) =>
      error instanceof Failure && error.code === 'service-not-started' && error.message.includes('no_such_setting'),
  );
});

test('a reset lab is empty and keeps its addresses and passwords', async () => {
  const environment = lab.environment('administrator');
  const psql = (sql: string) => run('psql', ['-X', '-At', '-d', 'postgres', '-c', sql], { env: environment });
  assert.equal((await psql('CREATE DATABASE leftover')).status, 0);
  const fresh = await resetLab(lab.folder, { report: silent });
  assert.deepEqual(fresh.environment('administrator'), environment);
  assert.equal((await psql(`SELECT count(*) FROM pg_database WHERE datname = 'leftover'`)).stdout, '0\n');
});
