import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Failure } from '../src/failure.ts';
import { readServiceSettings } from '../src/settings/service.ts';
import { readSettings, secretsOf } from '../src/settings.ts';

const LEAST = {
  POSTGRES_HOST: 'db',
  POSTGRES_USER: 'backup',
  POSTGRES_PASSWORD: 'p',
  MINIO_ENDPOINT: 'minio:9000',
  MINIO_ACCESS_KEY: 'key',
  MINIO_SECRET_KEY: 'key and more'.replaceAll(' ', '-'),
};

function fault(env: Record<string, string | undefined>): string {
  try {
    readSettings({ ...LEAST, ...env });
  } catch (error) {
    assert.ok(error instanceof Failure, String(error));
    assert.equal(error.exit, 2);
    return error.message;
  }
  assert.fail('these settings were accepted');
}

test('every missing setting is named at once, and an empty one counts as missing', () => {
  const message = fault({ POSTGRES_HOST: undefined, MINIO_SECRET_KEY: '', POSTGRES_USER: undefined });
  assert.equal(message, 'These settings are missing: POSTGRES_HOST, POSTGRES_USER, MINIO_SECRET_KEY.');
});

test('every wrong setting is named at once', () => {
  const message = fault({ POSTGRES_PORT: 'x', MINIO_PREFIX: '../other', BACKUP_KEEP_DAYS: '0', KEY_TABLES: 'a,,b' });
  for (const name of ['POSTGRES_PORT', 'MINIO_PREFIX', 'BACKUP_KEEP_DAYS', 'KEY_TABLES'])
    assert.match(message, new RegExp(name));
});

test('the defaults are those of FreshTrack, and only for FreshTrack', () => {
  const sample = readSettings(LEAST);
  assert.deepEqual(
    sample.keyTables.map(({ name }) => name),
    ['organizations', 'users', 'sites'],
  );
  assert.deepEqual([sample.postgres.database, sample.minTables, sample.keepDays], ['freshtrack', 10, 30]);
  assert.deepEqual(
    [sample.store.bucket, sample.store.prefix, sample.store.region],
    ['postgres-backups', '', 'us-east-1'],
  );
  const other = readSettings({ ...LEAST, POSTGRES_DB: 'pagila' });
  assert.deepEqual([other.keyTables, other.minTables], [[], 1]);
  assert.deepEqual([sample.applications, other.applications], [['freshtrack', 'backend'], undefined]);
  const named = readSettings({ ...LEAST, POSTGRES_DB: 'pagila', APPLICATION_NAMES: 'shop, shop-worker' });
  assert.deepEqual(named.applications, ['shop', 'shop-worker']);
  assert.match(fault({ APPLICATION_NAMES: 'shop,,' }), /APPLICATION_NAMES must be names separated by commas/);
});

for (const [text, href] of [
  ['minio:9000', 'http://minio:9000/'],
  ['localhost', 'http://localhost/'],
  ['127.0.0.1:9000', 'http://127.0.0.1:9000/'],
  ['[::1]:9000', 'http://[::1]:9000/'],
  ['s3.example.org', 'https://s3.example.org/'],
  ['http://s3.example.org:81', 'http://s3.example.org:81/'],
] as const)
  test(`the endpoint ${text} means ${href}`, () => {
    assert.equal(readSettings({ ...LEAST, MINIO_ENDPOINT: text }).store.endpoint.href, href);
  });

for (const text of [
  'http://minio:9000/path',
  'http://user:secret@minio',
  'http://minio/?x=1',
  'http://minio:0',
  'ftp://minio',
  ':',
])
  test(`the endpoint ${text} is refused without repeating it`, () => {
    assert.doesNotMatch(fault({ MINIO_ENDPOINT: text }), /secret/);
  });

test('key tables may have a schema and quotes, and unquoted names fold', () => {
  const { keyTables } = readSettings({ ...LEAST, KEY_TABLES: 'Users, audit.events , "Stock Levels","a"".b".c' });
  assert.deepEqual(keyTables, [
    { schema: 'public', name: 'users' },
    { schema: 'audit', name: 'events' },
    { schema: 'public', name: 'Stock Levels' },
    { schema: 'a".b', name: 'c' },
  ]);
});

test('names that PostgreSQL or a terminal would change are refused', () => {
  assert.match(fault({ POSTGRES_DB: 'x'.repeat(64) }), /63 bytes/);
  assert.match(fault({ POSTGRES_DB: 'new\nline' }), /line breaks/);
  assert.match(fault({ MINIO_REGION: 'a\nb' }), /MINIO_REGION/);
});

test('a secret may come from a file, without its last line break; a pipe that never ends does not hang', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'drillbook-settings-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'secret');
  writeFileSync(file, ' from a file\n');
  const env = { ...LEAST, POSTGRES_PASSWORD: undefined, POSTGRES_PASSWORD_FILE: file };
  assert.equal(readSettings(env).postgres.password, ' from a file');
  const pipe = join(folder, 'pipe');
  assert.equal(spawnSync('mkfifo', [pipe]).status, 0);
  for (const unreadable of [pipe, folder, join(folder, 'none')])
    assert.match(
      fault({ POSTGRES_PASSWORD: undefined, POSTGRES_PASSWORD_FILE: unreadable }),
      /^Settings are wrong: POSTGRES_PASSWORD_FILE cannot be read[^;]*$/,
    );
});

test('a secret that holds another one is hidden first', () => {
  assert.deepEqual(secretsOf(readSettings(LEAST)), ['key-and-more', 'key', 'p']);
});

test('an IPv6 address of PostgreSQL may stand in brackets, as in a URL', () => {
  const host = (text: string) => readSettings({ ...LEAST, POSTGRES_HOST: text }).postgres.host;
  assert.deepEqual(['[::1]', '::1', '[fe80::1%eth0]', '[2001:db8::7]'].map(host), [
    '::1',
    '::1',
    'fe80::1%eth0',
    '2001:db8::7',
  ]);
  assert.equal(host('[db]'), '[db]');
});

test('a bucket name that no store takes is told before anything is asked', () => {
  for (const name of ['a..b', '10.0.0.1', 'UPPER', 'x'])
    assert.match(fault({ MINIO_BUCKET: name }), /MINIO_BUCKET is not/);
});

test('the service runs daily at 02:00 UTC, drills on Sundays, and listens on loopback unless it is told otherwise', () => {
  assert.deepEqual(readServiceSettings(LEAST).service, {
    backupSchedule: '0 2 * * *',
    drillSchedule: '0 4 * * 0',
    drillAfterBackup: false,
    timeZone: 'UTC',
    listen: { host: '127.0.0.1', port: 9188 },
  });
  const told = { DRILL_SCHEDULE: 'never', DRILL_AFTER_BACKUP: 'yes', TZ: ':Europe/Berlin', METRICS_LISTEN: '[::1]:80' };
  assert.deepEqual(readServiceSettings({ ...LEAST, ...told, BACKUP_SCHEDULE: '0 */6 * * *' }).service, {
    backupSchedule: '0 */6 * * *',
    drillSchedule: undefined,
    drillAfterBackup: true,
    timeZone: 'Europe/Berlin',
    listen: { host: '::1', port: 80 },
  });
});

for (const [name, value] of [
  ['BACKUP_SCHEDULE', 'daily'],
  ['BACKUP_SCHEDULE', '0 0 2 * * *'],
  ['BACKUP_SCHEDULE', '0 2 30 2 *'],
  ['BACKUP_SCHEDULE', '60 2 * * *'],
  ['BACKUP_SCHEDULE', 'never'],
  ['DRILL_SCHEDULE', 'weekly'],
  ['DRILL_AFTER_BACKUP', 'true'],
  ['TZ', 'Berlin'],
  ['METRICS_LISTEN', '9188'],
  ['METRICS_LISTEN', '127.0.0.1:65536'],
  ['METRICS_LISTEN', 'http://127.0.0.1:9188'],
] as const)
  test(`the service refuses ${name}=${value}, which other commands do not read`, () => {
    assert.throws(
      () => readServiceSettings({ ...LEAST, [name]: value }),
      (error) => error instanceof Failure && error.exit === 2 && error.message.includes(name),
    );
    assert.equal(readSettings({ ...LEAST, [name]: value }).postgres.host, 'db');
  });

test('retention and the store have their own settings, with their defaults', () => {
  const plain = readSettings(LEAST);
  assert.deepEqual([plain.keepDays, plain.keepCount, plain.smallPercent], [30, 0, 50]);
  assert.deepEqual([plain.store.virtualHost, plain.store.ca, plain.store.timeout], [false, undefined, 60]);
  const chosen = readSettings({
    ...LEAST,
    BACKUP_KEEP_COUNT: '7',
    BACKUP_SMALL_PERCENT: '80',
    MINIO_URL_STYLE: 'virtual-host',
    MINIO_TIMEOUT: '5',
  });
  assert.deepEqual([chosen.keepCount, chosen.smallPercent], [7, 80]);
  assert.deepEqual([chosen.store.virtualHost, chosen.store.timeout], [true, 5]);
  const wrong = { BACKUP_KEEP_COUNT: '-1', BACKUP_SMALL_PERCENT: '101', MINIO_URL_STYLE: 'host', MINIO_TIMEOUT: '0' };
  const message = fault(wrong);
  for (const name of Object.keys(wrong)) assert.match(message, new RegExp(name));
});

test('a file of certificates that cannot be used is told by its name', () => {
  const folder = mkdtempSync(join(tmpdir(), 'drillbook-settings-'));
  try {
    const file = join(folder, 'ca.pem');
    assert.match(fault({ MINIO_CA_FILE: file }), /MINIO_CA_FILE cannot be used: .*ENOENT/);
    writeFileSync(file, 'no certificate');
    assert.match(fault({ MINIO_CA_FILE: file }), /MINIO_CA_FILE cannot be used: .*ca.pem holds no certificate in PEM/);
    writeFileSync(file, '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n');
    assert.match(fault({ MINIO_CA_FILE: file }), /MINIO_CA_FILE cannot be used: /);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
