/** Health, metrics, the server and the log, without a database. */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { healthOf } from '../../src/agent/health.ts';
import { openLog } from '../../src/agent/log.ts';
import { METRICS, metricsText } from '../../src/agent/metrics.ts';
import { listen } from '../../src/agent/server.ts';
import { newStatus, type Status } from '../../src/agent/status.ts';
import { Failure } from '../../src/failure.ts';

const NOON = new Date('2025-06-02T12:00:00Z');
const minutesAgo = (count: number) => new Date(NOON.getTime() - count * 60_000);

function status(change: Partial<Status> = {}): Status {
  return { ...newStatus('freshtrack', NOON), turnedAt: 0, backups: [], ...change };
}

const health = (change: Partial<Status>, idle = 0) => healthOf(status(change), NOON, idle);

test('it is well while it starts, waits, and works', () => {
  assert.deepEqual(health({ backups: undefined }), { well: true, sentence: 'The service starts.' });
  assert.equal(
    health({ next: new Date('2025-06-03T02:00:00Z') }).sentence,
    'There is no backup yet; the next is due at 2025-06-03 02:00 UTC.',
  );
  assert.equal(
    health({ running: { what: 'backup', since: minutesAgo(5) } }).sentence,
    'A backup runs since 2025-06-02 11:55 UTC.',
  );
});

test('it is ill when its loop hangs, but not while a long backup runs', () => {
  assert.deepEqual(health({}, 21 * 60_000), { well: false, sentence: 'The service has done nothing for 21 min.' });
  assert.equal(health({ running: { what: 'backup', since: minutesAgo(60) } }, 21 * 60_000).well, true);
});

test('it is ill when a backup is missing for more than an hour, or for six while one runs', () => {
  assert.equal(health({ missingSince: minutesAgo(59) }).well, true);
  const late = health({ missingSince: minutesAgo(61), faults: { backup: 'postgres-auth' } });
  const sentence = 'The backup that was due at 2025-06-02 10:59 UTC is missing (postgres-auth); the log says more.';
  assert.deepEqual(late, { well: false, sentence });
  const running = { what: 'backup', since: minutesAgo(61) } as const;
  assert.equal(health({ missingSince: minutesAgo(61), running }).well, true);
  assert.equal(health({ missingSince: minutesAgo(361), running }).well, false);
});

test('it is ill when the bucket could not be read for more than ten minutes', () => {
  assert.equal(health({ storeFault: { code: 'store-auth', since: minutesAgo(10) } }).well, true);
  assert.equal(health({ storeFault: { code: 'store-auth', since: minutesAgo(11) } }).well, false);
});

test('before there is a backup or a drill their metrics are absent instead of wrong', async () => {
  const text = await metricsText(status());
  const names = new Set(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => line.split('{')[0]),
  );
  const absent = Object.keys(METRICS).filter((name) => !names.has(`drillbook_${name}`));
  assert.deepEqual(absent, [
    'backup_last_success_timestamp_seconds',
    'backup_last_size_bytes',
    'backup_last_duration_seconds',
    'backup_next_timestamp_seconds',
    'drill_last_timestamp_seconds',
    'drill_last_verdict',
    'drill_last_restore_seconds',
    'database_size_bytes',
  ]);
  assert.match(text, /drillbook_backup_runs_total\{database="freshtrack",outcome="failed"\} 0\n/);
});

test('a drill that could not decide is the last verdict until one decides', async () => {
  const memory = {
    schema: 1 as const,
    failures: [],
    ahead: [],
    drill: { backup: 'b', endedAt: '2025-06-02T04:00:00Z', verdict: 'undecided' as const },
  };
  const word = (text: string) => /drill_last_verdict\{database="freshtrack",verdict="(\w+)"\} 1\n/.exec(text)?.[1];
  assert.equal(word(await metricsText(status({ memory }))), 'undecided');
  const drill = { schema: 1 as const, verdict: 'proven' as const, endedAt: '2025-06-02T05:00:00Z', seconds: 2 };
  const facts = { name: 'b', time: NOON, size: 1, checksum: true, manifest: true, globals: true, drills: ['d'] };
  assert.equal(word(await metricsText(status({ memory, backups: [{ ...facts, drill }] }))), 'proven');
});

test('only GET and HEAD of two paths are answered, and nothing can be triggered', async () => {
  let well = true;
  await using server = await listen(
    { host: '127.0.0.1', port: 0 },
    { health: () => ({ well, sentence: 'So it is.' }), metrics: async () => 'drillbook_backups 1\n' },
  );
  const ask = async (path: string, method: string) => {
    const answer = await fetch(`http://${server.address}${path}`, { method });
    return { status: answer.status, text: await answer.text(), allow: answer.headers.get('allow') };
  };
  assert.deepEqual(await ask('/healthz', 'GET'), { status: 200, text: 'So it is.\n', allow: null });
  assert.deepEqual(await ask('/healthz', 'HEAD'), { status: 200, text: '', allow: null });
  assert.equal((await ask('/metrics?name=x', 'GET')).text, 'drillbook_backups 1\n');
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])
    for (const path of ['/metrics', '/healthz']) {
      const { status, allow } = await ask(path, method);
      assert.deepEqual([status, allow], [405, 'GET, HEAD']);
    }
  for (const path of ['/', '/backup', '/metrics/', '/../healthz/x']) assert.equal((await ask(path, 'GET')).status, 404);
  well = false;
  assert.equal((await ask('/healthz', 'GET')).status, 503);
  const [host, port] = server.address.split(':');
  const said = await new Promise<string>((resolve) => {
    let text = '';
    const socket = connect(Number(port), host, () => socket.write('no HTTP\r\n\r\n'));
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('close', () => resolve(text));
  });
  assert.match(said, /^HTTP\/1\.1 400 /);
  await assert.rejects(
    listen(
      { host: '127.0.0.1', port: Number(port) },
      { health: () => ({ well, sentence: '' }), metrics: async () => '' },
    ),
    (error) => error instanceof Failure && error.code === 'listen-failed' && error.exit === 2,
  );
});

test('the log is one object per line without any secret, or a line for people', () => {
  const lines: string[] = [];
  const options = { write: (line: string) => lines.push(line), now: () => NOON, secrets: ['p"w', 'key'] };
  openLog({ ...options, readable: false })('error', 'backup-failed', {
    message: 'with p"w\nand key',
    at: undefined,
    n: 1,
  });
  const entry = {
    time: '2025-06-02T12:00:00.000Z',
    level: 'error',
    event: 'backup-failed',
    message: 'with ***\nand ***',
    n: 1,
  };
  assert.equal(lines[0], `${JSON.stringify(entry)}\n`);
  openLog({ ...options, readable: true })('info', 'note', { text: 'two words', n: 1 });
  assert.match(
    lines[1] ?? '',
    /^2025-06-02 12:00:00 {2}(\x1b\[36m)?info (\x1b\[39m)? {2}note {2}text="two words" {2}n=1\n$/,
  );
});
