/**
 * Backups and drills that are interrupted or killed at random moments of each of their stages. What the store shows afterwards must be
 * whole, the next run must work, and after the next drill nothing may be left. DRILLBOOK_KILLS is the number of rounds, DRILLBOOK_SEED
 * decides the moments; both are printed.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parseManifest } from '../../src/backup/manifest.ts';
import { backupTime } from '../../src/backup/name.ts';
import { takeBackup } from '../../src/backup/take.ts';
import { stream } from '../../src/process.ts';
import { drill } from '../../src/restore/drill.ts';
import type { Settings } from '../../src/settings.ts';
import { objectsIn, programs, uploadedParts } from '../support/leftovers.ts';
import { randomNumbers } from '../support/random.ts';
import { bytesOf } from '../support/samples.ts';
import { type Services, startServices, until } from '../support/services.ts';

const ROUNDS = Number(process.env.DRILLBOOK_KILLS ?? 60);
const SEED = Number(process.env.DRILLBOOK_SEED ?? Date.now() % 1_000_000);
const CLI = join(import.meta.dirname, '../../src/cli/drillbook.ts');
const SIGNALS = ['SIGKILL', 'SIGKILL', 'SIGTERM', 'SIGINT'] as const;
const WORKS = [['backup'], ['backup'], ['drill'], ['drill'], ['drill', '--server=own']];
/** What it says when all is done. */
const OVER = /^(PROVEN: |\S+ is complete\.$)/m;
const STATUS = { SIGKILL: 1, SIGTERM: 143, SIGINT: 130 };

/** Two at a time, each with a database, a bucket and a folder of its own. */
type Lane = { settings: Settings; env: Record<string, string>; folder: string; rounds: number };
let services: Services;
const lanes: Lane[] = [];
const random = randomNumbers(SEED);
const counts: Record<string, number> = { rounds: 0, 'ended before': 0, 'archives checked': 0, 'false passes': 0 };
/** How long each line of progress lasted when nobody interrupted, in milliseconds. */
const stages = new Map<string, number[]>();
const temporary = process.env.TMPDIR;

before(async () => {
  services = await startServices();
  await services.sql(
    `CREATE TABLE items (id serial PRIMARY KEY, what text); INSERT INTO items (what) SELECT md5(i::text) FROM generate_series(1, 3000) AS i;
     CREATE INDEX items_what ON items (what); SELECT lo_from_bytea(0, 'a'); CREATE VIEW few AS SELECT FROM items WHERE id < 5`,
    'freshtrack',
  );
  for (const name of ['first', 'second']) {
    const database = await services.database(name, 'freshtrack');
    const chosen = services.with({ postgres: { database }, store: { bucket: await services.bucket() } });
    const settings = { ...chosen, keepCount: 4 };
    const folder = join(services.folder, `tmp-${name}`);
    await mkdir(folder);
    lanes.push({ settings, folder, rounds: 0, env: { ...services.environment(settings), TMPDIR: folder } });
  }
});

after(async () => {
  if (temporary === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = temporary;
  await services?.[Symbol.asyncDispose]();
});

/** Runs a command; `hit` is told of each line that it prints, how many there were, and its process. */
async function perform(
  { env, folder }: Lane,
  args: readonly string[],
  hit: (line: number, pid: number) => void = () => {},
) {
  const running = await stream('sh', ['-c', 'exec "$@" 2>&1', 'sh', process.execPath, CLI, ...args], {
    env,
    cwd: folder,
    timeout: 120_000,
  });
  running.stdin.end();
  hit(-1, running.pid);
  let text = '';
  let lines = 0;
  running.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
    for (const _ of piece.matchAll(/\n/g)) hit(lines++, running.pid);
  });
  const { status } = await running.ended;
  return { status, text };
}

/** One that nobody interrupts: it must succeed, and tells how long each line lasts. */
async function whole(lane: Lane, args: readonly string[]): Promise<void> {
  const times: number[] = [performance.now()];
  const { status, text } = await perform(lane, args, (line) => line >= 0 && times.push(performance.now()));
  assert.equal(status, 0, `${args.join(' ')}: ${text}`);
  const progress = text.slice(0, text.search(OVER)).split('\n').length;
  const lasting = times.slice(1, progress + 1).map((time, at) => time - (times[at] ?? time));
  stages.set(args.join(' '), lasting);
}

/** Programs that work for a lane's server or in its folder, told by their environment. */
async function working(lane: Lane): Promise<string[]> {
  const found = await programs();
  const theirs = await Promise.all(
    found.map(async ({ pid, command }) => {
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
      const inside = environment.includes(`TMPDIR=${lane.folder}\0`) || command.join(' ').includes(lane.folder);
      return inside ? `${pid} ${command.join(' ')}` : undefined;
    }),
  );
  return theirs.filter((one) => one !== undefined);
}

async function testDatabases({ settings }: Lane): Promise<unknown[]> {
  const pattern = `${settings.postgres.database}_restore_test%`;
  return await services.sql(`SELECT datname FROM pg_database WHERE datname LIKE '${pattern}'`);
}

/** What a reader of the store would take for a backup is one. Returns the names of archives. */
async function archivesAreWhole({ settings }: Lane): Promise<string[]> {
  const { bucket } = settings.store;
  const names = await objectsIn(services, bucket);
  const archives = names.filter((name) => backupTime(settings.postgres.database, name) !== undefined);
  const there: Services = { ...services, settings };
  for (const name of archives) {
    counts['archives checked'] = (counts['archives checked'] ?? 0) + 1;
    const sha256 = createHash('sha256')
      .update(await bytesOf(there, name))
      .digest('hex');
    const checksum = (await bytesOf(there, `${name}.sha256`)).toString();
    const manifest = parseManifest((await bytesOf(there, `${name}.manifest.json`)).toString());
    if (sha256 !== manifest.archive.sha256) counts['false passes'] = (counts['false passes'] ?? 0) + 1;
    assert.equal(checksum, `${sha256}  ${name}\n`);
    assert.equal(manifest.archive.sha256, sha256);
  }
  return archives;
}

function pick<T>(of: readonly T[]): T {
  return of[Math.floor(random() * of.length)] ?? assert.fail();
}

async function round(lane: Lane): Promise<void> {
  const args = pick(WORKS);
  const signal = pick(SIGNALS);
  const lasting = stages.get(args.join(' ')) ?? assert.fail(args.join(' '));
  // -1: before the first line.
  const line = Math.floor(random() * (lasting.length + 1)) - 1;
  const delay = random() * (lasting[line + 1] ?? 50);
  const what = `${args.join(' ')}, ${signal} ${delay.toFixed(1)} ms after line ${line}, seed ${SEED}`;
  const names = await objectsIn(services, lane.settings.store.bucket);
  let sent = false;
  const { status, text } = await perform(lane, args, (now, pid) => {
    if (now !== line) return;
    setTimeout(() => {
      try {
        sent = process.kill(pid, signal);
      } catch {
        // it had ended before
      }
    }, delay);
  });
  // Before it listens to signals, and when it has said all and leaves, one just ends it: status 1 here.
  const listens = line >= 0 && !OVER.test(text);
  counts.rounds = (counts.rounds ?? 0) + 1;
  counts[signal] = (counts[signal] ?? 0) + 1;
  if (!sent || status === 0) counts['ended before'] = (counts['ended before'] ?? 0) + 1;
  const expected = [0, ...(sent ? [STATUS[signal]] : []), ...(sent && !listens ? [1] : [])];
  assert.ok(expected.includes(status), `${what}: status ${status}\n${text}`);
  await archivesAreWhole(lane);
  if (signal === 'SIGKILL' || !listens) return;
  // Whoever was asked to stop has cleaned up when it ends.
  assert.deepEqual(
    (await working(lane)).filter((one) => one.includes(CLI)),
    [],
    what,
  );
  const made = (await objectsIn(services, lane.settings.store.bucket)).filter((name) => !names.includes(name));
  assert.deepEqual(
    made.filter((name) => name.startsWith('.drillbook/taking/')),
    [],
    what,
  );
}

test(`after ${ROUNDS} interruptions and kills at random moments, nothing lies, nothing blocks and nothing is left`, async (t) => {
  t.diagnostic(`seed ${SEED}`);
  const [first] = lanes;
  assert.ok(first);
  for (const args of [['backup'], ['drill'], ['drill', '--server=own']]) await whole(first, args);
  await whole(lanes[1] ?? assert.fail(), ['backup']);
  const began = performance.now();
  await Promise.all(
    lanes.map(async (lane) => {
      while (++lane.rounds <= ROUNDS / lanes.length) {
        await round(lane);
        // No claim of a killed run keeps the next one from its work.
        if (lane.rounds % 10 === 0) await whole(lane, ['backup']);
      }
    }),
  );
  for (const lane of lanes) {
    await whole(lane, ['drill']);
    assert.deepEqual(await testDatabases(lane), []);
    assert.deepEqual(await readdir(lane.folder), []);
    await until(
      async () => (await working(lane)).length === 0,
      'programs have ended',
      async () => (await working(lane)).join('\n'),
    );
    // A day later the claims of killed runs are known as such.
    await takeBackup(lane.settings, { now: () => new Date(Date.now() + 25 * 3_600_000) });
    const archives = await archivesAreWhole(lane);
    const names = await objectsIn(services, lane.settings.store.bucket);
    const homeless = names.filter((name) => !archives.some((archive) => name.startsWith(archive)));
    assert.deepEqual(homeless, []);
    process.env.TMPDIR = lane.folder;
    const verdict = await drill(lane.settings);
    assert.equal(verdict.verdict, 'proven');
  }
  assert.deepEqual(await uploadedParts(services), []);
  const sessions = await services.sql(
    "SELECT query FROM pg_stat_activity WHERE application_name = 'drillbook' AND pid <> pg_backend_pid()",
  );
  assert.deepEqual(sessions, []);
  counts.leftovers = 0;
  t.diagnostic(`${JSON.stringify(counts)}, ${Math.round((performance.now() - began) / 1000)} s`);
});
