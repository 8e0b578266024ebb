import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { backupName, companionName, drillName } from '../../src/backup/name.ts';
import { connect } from '../../src/postgres/connection.ts';
import { type Ran, stream } from '../../src/process.ts';
import { type Settings, secretsOf } from '../../src/settings.ts';
import { openStore } from '../../src/store/store.ts';
import { drillbook, zxScript } from '../support/command.ts';
import { mayNotRemove } from '../support/keys.ts';
import { objectsIn, otherSessions, programs, uploadedParts } from '../support/leftovers.ts';
import { type Services, startServices, until } from '../support/services.ts';

let services: Services;
before(async () => {
  services = await startServices();
});
after(() => services[Symbol.asyncDispose]());

async function place(): Promise<{ settings: Settings; env: Record<string, string> }> {
  const [bucket, database] = [await services.bucket(), await services.database()];
  await services.sql('CREATE TABLE items AS SELECT generate_series(1, 100) AS id', database);
  const settings = services.with({ postgres: { database }, store: { bucket } });
  return { settings, env: services.environment(settings) };
}
function assertNoSecrets(settings: Settings, ...texts: string[]): void {
  for (const secret of secretsOf(settings))
    for (const text of texts) assert.ok(!text.includes(secret), `a secret is in: ${text}`);
}
const said = ({ stdout, stderr }: Ran) => stdout + stderr;

test('backup takes one, backups lists it, and neither shows a secret', async () => {
  const { settings, env } = await place();
  const taken = await drillbook(['backup'], env);
  assert.equal(taken.status, 0, said(taken));
  assert.match(taken.stdout, /^\S+\.sql\.gz is complete\.\n/);
  assert.match(taken.stdout, /Manifest +1 tables, 100 rows/);
  const name = taken.stdout.split(' ')[0] ?? '';
  const listed = await drillbook(['backups'], env);
  assert.equal(listed.status, 0);
  assert.match(listed.stdout, new RegExp(`^${name} .*under 1 min .* not drilled · last good$`, 'm'));
  assert.doesNotMatch(listed.stdout, /proven/);
  assertNoSecrets(settings, said(taken), said(listed));
});

test('the zx script does the same, and names all missing settings at once', async () => {
  const { settings, env } = await place();
  const taken = await zxScript('backup-postgres.ts', [], env);
  assert.equal(taken.status, 0, said(taken));
  assert.equal((await objectsIn(services, settings.store.bucket)).length, 4);
  assertNoSecrets(settings, said(taken));
  const { POSTGRES_PASSWORD: _, MINIO_SECRET_KEY: __, ...rest } = env;
  const refused = await zxScript('backup-postgres.ts', [], rest);
  assert.equal(refused.status, 2);
  assert.match(refused.stderr, /POSTGRES_PASSWORD, MINIO_SECRET_KEY/);
});

test('the list says what was proven and when, marks the last good one, and warns when the newest is late', async () => {
  const { settings, env } = await place();
  const store = openStore(settings.store);
  const { database } = settings.postgres;
  const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000);
  const [late, older, oldest] = [26, 60, 90].map((hours) => backupName(database, hoursAgo(hours)));
  assert.ok(late && older && oldest);
  for (const name of [late, older, oldest]) await store.putText(name, 'archive');
  await store.putText(companionName(late, 'manifest'), '{}');
  const record = (verdict: string, hours: number) =>
    JSON.stringify({ schema: 1, verdict, endedAt: hoursAgo(hours).toISOString(), seconds: 3.14 });
  await store.putText(drillName(older, hoursAgo(50)), record('proven', 50));
  await store.putText(drillName(oldest, hoursAgo(3)), record('disproved', 3));
  const { stdout } = await drillbook(['backups'], env);
  const lines = stdout.split('\n');
  assert.match(lines[1] ?? '', new RegExp(`^${late} .* 26 h .* not drilled$`));
  assert.match(lines[2] ?? '', new RegExp(`^${older} .* 2 days .* proven 2 days ago, in 3.1 s · last good$`));
  assert.match(lines[3] ?? '', new RegExp(`^${oldest} .* DISPROVED 3 h ago`));
  assert.match(stdout, /The newest is 26 h old/);
  const json = await drillbook(['backups', '--json'], env);
  const list: { name: string; verdict: string | null; lastGood: boolean }[] = JSON.parse(json.stdout);
  assert.deepEqual(
    list.map(({ name, verdict, lastGood }) => [name, verdict, lastGood]),
    [
      [late, null, false],
      [older, 'proven', true],
      [oldest, 'disproved', false],
    ],
  );
});

test('a backup that was disproved is never called good, also where there is no other', async () => {
  const { settings, env } = await place();
  const name = backupName(settings.postgres.database, new Date());
  const store = openStore(settings.store);
  await store.putText(name, 'archive');
  const endedAt = new Date();
  const record = { schema: 1, verdict: 'disproved', endedAt: endedAt.toISOString(), seconds: 3.14 };
  await store.putText(drillName(name, endedAt), JSON.stringify(record));
  const { stdout } = await drillbook(['backups'], env);
  assert.match(stdout, new RegExp(`^${name} .* DISPROVED .* · kept: there is no better one$`, 'm'));
  assert.doesNotMatch(stdout, /last good/);
});

test('prune says what it would remove, then removes it, and says why the last good one stays', async () => {
  const { settings, env } = await place();
  const store = openStore(settings.store);
  const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000);
  const [newer, older] = [40, 50].map((days) => backupName(settings.postgres.database, daysAgo(days)));
  assert.ok(newer && older);
  for (const name of [newer, older]) await store.putText(name, 'PGDMP');
  const dry = await drillbook(['prune', '--dry-run'], env);
  assert.match(dry.stdout, new RegExp(`Would remove 1 backups .*older than 30 days.*\n\n.*\n +${older} +50 days`));
  assert.match(
    dry.stdout,
    new RegExp(`1 kept.\n${newer} is older than that, but it is the last good backup and stays`),
  );
  assert.deepEqual(await objectsIn(services, settings.store.bucket), [older, newer]);
  const real = await drillbook(['prune', '--json'], env);
  assert.deepEqual(JSON.parse(real.stdout), {
    dryRun: false,
    removed: [older],
    objects: [older],
    kept: 1,
    lastGood: newer,
    spared: [{ name: newer, because: 'last good' }],
    strange: [],
    refused: [],
    versioned: false,
  });
  assert.deepEqual(await objectsIn(services, settings.store.bucket), [newer]);
});

test('prune names what it left alone and why, and what the store refused ends with status 3', async () => {
  const { settings, env } = await place();
  const store = openStore(settings.store);
  const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000);
  const names = [1, 40, 50, 60].map((days) => backupName(settings.postgres.database, daysAgo(days)));
  const [newest = '', old = '', strange = '', refused = ''] = names;
  for (const name of [newest, old, refused]) await store.putText(name, 'PGDMP');
  await store.putText(strange, 'a letter');
  await using keeper = await mayNotRemove(services, settings.store.bucket, [refused]);
  const { accessKey, secretKey } = keeper.keys;
  const limited = { ...env, MINIO_ACCESS_KEY: accessKey, MINIO_SECRET_KEY: secretKey };
  const ended = await drillbook(['prune'], limited);
  assert.equal(ended.status, 3);
  assert.match(
    ended.stdout,
    new RegExp(`Left alone, because it is not what its name says: ${strange}: it is no archive`),
  );
  assert.match(ended.stderr, new RegExp(`The store would not remove "${refused}": .*removal-refused`));
  assert.deepEqual(await objectsIn(services, settings.store.bucket), [refused, strange, newest]);
});

test('a newest backup that is much smaller than those before it is marked and warned of', async () => {
  const { settings, env } = await place();
  const store = openStore(settings.store);
  const names = [3, 2, 1].map((days) =>
    backupName(settings.postgres.database, new Date(Date.now() - days * 86_400_000)),
  );
  for (const [i, name] of names.entries()) await store.putText(name, 'x'.repeat(i === 2 ? 499 : 1_000));
  const { stdout } = await drillbook(['backups'], env);
  assert.match(
    stdout,
    new RegExp(`Suspiciously small: ${names[2]} has 499 bytes, 49 % of the median of the 2 before it`),
  );
  const json = await drillbook(['backups', '--json'], env);
  const list: { suspiciouslySmall: boolean }[] = JSON.parse(json.stdout);
  assert.deepEqual(
    list.map((entry) => entry.suspiciouslySmall),
    [true, false, false],
  );
  const off = await drillbook(['backups'], { ...env, BACKUP_SMALL_PERCENT: '0' });
  assert.doesNotMatch(off.stdout, /small/);
});

test('an empty bucket, wrong credentials and a service that is down have their own sentence and status', async () => {
  const { settings, env } = await place();
  const cases: [string[], Record<string, string>, number, string][] = [
    [['backups'], {}, 1, 'no-backups'],
    [['backups'], { MINIO_SECRET_KEY: 'wrong-Secret-2' }, 3, 'store-auth'],
    [['backups'], { MINIO_ENDPOINT: 'http://127.0.0.1:1' }, 3, 'store-unreachable'],
    [['prune'], { MINIO_BUCKET: 'no-such-bucket' }, 3, 'bucket-missing'],
    [['backup'], { POSTGRES_PASSWORD: 'wrong-Password-2' }, 3, 'postgres-auth'],
    [['backup'], { POSTGRES_PORT: '1' }, 3, 'postgres-unreachable'],
    [['backup'], { MINIO_ACCESS_KEY: 'wrong-Key-2' }, 3, 'store-auth'],
    [['backup', '--keep'], {}, 2, 'flag-unknown'],
    [['prune', 'everything'], {}, 2, 'argument-wrong'],
  ];
  for (const [args, change, status, code] of cases) {
    const ran = await drillbook(args, { ...env, ...change });
    assert.equal(ran.status, status, `${args}: ${said(ran)}`);
    assert.match(ran.stderr, new RegExp(`^error: .*\\[${code}\\]\n  \\S`, 'm'));
    assert.doesNotMatch(ran.stderr, /\n +at /, 'a stack is for bugs');
    assertNoSecrets(settings, said(ran));
    for (const value of Object.values(change)) if (/wrong/.test(value)) assert.ok(!said(ran).includes(value));
  }
  assert.deepEqual(await objectsIn(services, settings.store.bucket), []);
});

for (const [signal, status] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`${signal} ends a backup with status ${status}; no secret is in any argument while it runs, nothing is left`, async () => {
    const { settings, env } = await place();
    await using locking = await connect(settings.postgres);
    await locking.query('BEGIN; LOCK TABLE items IN ACCESS EXCLUSIVE MODE');
    const cli = join(import.meta.dirname, '../../src/cli/drillbook.ts');
    const running = await stream(process.execPath, [cli, 'backup'], { env, timeout: 60_000 });
    running.stdin.end();
    running.stdout.resume();
    const waiting = 'SELECT FROM pg_locks WHERE NOT granted';
    await until(async () => (await services.sql(waiting)).length >= 2, 'the dump waits for the lock');
    const seen = programs();
    assert.ok(seen.some(({ command }) => command[0]?.endsWith('pg_dump')));
    assert.ok(seen.some(({ command }) => command[0]?.endsWith('pg_restore')));
    assertNoSecrets(settings, ...seen.map(({ command }) => command.join(' ')));
    process.kill(running.pid, signal);
    const { status: ended, stderr } = await running.ended;
    assert.equal(ended, status, stderr);
    assertNoSecrets(settings, stderr);
    assert.match(stderr, /Interrupted by/);
    await locking.query('ROLLBACK');
    await locking[Symbol.asyncDispose]();
    assert.deepEqual(await objectsIn(services, settings.store.bucket), []);
    assert.deepEqual(await uploadedParts(services), []);
    await until(async () => (await otherSessions(services)).length === 0, 'the sessions have ended');
    const left = programs().filter(({ command }) => command.join(' ').includes('--snapshot='));
    assert.deepEqual(
      left.filter(({ parent }) => parent === running.pid || parent === 1),
      [],
    );
  });
}
