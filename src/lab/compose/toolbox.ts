/**
 * The toolbox of a Compose lab: the backup container, entered with `docker exec` as readers do. What a run works in is
 * copied into its volume /restore first and removed afterwards; the container stays.
 */
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Failure } from '../../failure.ts';
import { lastLines, run } from '../../process.ts';
import type { Settings } from '../../settings.ts';
import { type Container, endIn, runIn } from '../container.ts';
import type { Toolbox } from '../toolbox.ts';
import { composeEnvironment } from './docker.ts';
import { SMALL } from './override.ts';
import { outsideEnvironment, passwordFile, readerEnvironment } from './readers.ts';
import { containerOf, type State } from './state.ts';

const RESTORE = '/restore';
/** Homes and temporary files of runs: out of the way of what a reader sees in /restore. */
const RUNS = `${RESTORE}/.runs`;
/** What furnish.ts writes for shells, in the home folder. */
const EXPORTS = 'environment';
const MINUTE = 60_000;

export function composeToolbox(folder: string, state: State, settings: Settings): Toolbox {
  const name = containerOf(state, 'backup');
  const own = (mark: string, where = RESTORE): Container => ({ name, client: state.client, folder: where, mark });
  const folders = (work: string) => {
    const run = basename(work);
    return { folder: `${RESTORE}/${run}`, home: `${RUNS}/${run}/home`, tmp: `${RUNS}/${run}/tmp` };
  };
  return {
    folders,
    async copyHome(reader, to) {
      await mkdir(to, { recursive: true });
      const from = state.toolbox.HOME ?? '';
      await pipe(`docker exec "$1" tar -C "$2" -cf - . | tar -C "$3" -xf - --no-same-owner`, [name, from, to], state);
      if (reader === 'plain-owner') await writeFile(join(to, '.pgpass'), passwordFile(state), { mode: 0o600 });
    },
    async open(work, { environment, room, signal }) {
      const there = folders(work);
      const container = { ...own(randomUUID(), there.folder), environmentFile: `${work}/reader.env` };
      await using stack = new AsyncDisposableStack();
      await writeFile(container.environmentFile, overlay(state, environment), { mode: 0o600 });
      await setExports(join(work, 'home', EXPORTS), environment);
      const place = room === undefined ? there.folder : `${SMALL.folder}/${basename(work)}`;
      stack.defer(async () => {
        await endIn(container);
        const made = [there.folder, `${RUNS}/${basename(work)}`, place, `${SMALL.folder}/ballast`];
        await runIn({ ...own('tidy', '/'), name }, ['rm', '--recursive', '--force', '--', ...made], {
          timeout: MINUTE,
        });
      });
      await pipe(
        `tar -C "$2" -cf - toolbox home tmp | docker exec --interactive "$1" bash -c "$4" bash "$3" "$5"`,
        [name, work, `${RUNS}/${basename(work)}`, UNPACK, place],
        state,
        signal,
      );
      if (room !== undefined) await leaveRoom(own('room', '/'), { place, as: there.folder, room });
      const host = { ...composeEnvironment(folder, state), HOME: join(work, 'host-home'), LANG: 'C.UTF-8', TZ: 'UTC' };
      await mkdir(host.HOME, { recursive: true });
      const outside = await outsideEnvironment({ folder, work, state, settings, environment });
      const held = stack.move();
      return {
        containers: { toolbox: container, host: { ...host, DRILLBOOK_LAB: folder }, outside },
        [Symbol.asyncDispose]: () => held.disposeAsync(),
      };
    },
    async pgRestore(args, { files, signal }) {
      const container = own('harness', RESTORE);
      const scratch = `${RUNS}/${randomUUID()}`;
      const given = files.filter((file) => existsSync(file));
      try {
        let there = args;
        for (const [at, file] of given.entries()) {
          const copy = `${scratch}/${at}`;
          const put = `docker exec --interactive "$1" bash -c 'mkdir -p "\${1%/*}" && cat >"$1"' bash "$2" <"$3"`;
          await pipe(put, [name, copy, file], state, signal);
          there = there.map((arg) => arg.replaceAll(file, copy));
        }
        return await must(container, ['pg_restore', ...there], signal);
      } finally {
        await runIn(container, ['rm', '--recursive', '--force', '--', scratch], { timeout: MINUTE });
      }
    },
    async takeBackup(database, signal) {
      const argv = ['env', `POSTGRES_DB=${database}`, 'drillbook', 'backup'];
      const { stdout, stderr } = await must(own('harness'), argv, signal);
      const taken = new RegExp(`${database}_\\d{4}-\\d\\d-\\d\\d_\\d\\d-\\d\\d-\\d\\d\\.sql\\.gz`).exec(
        stdout + stderr,
      );
      if (taken !== null) return taken[0];
      throw new Failure('program-failed', { program: 'drillbook', status: '0', message: lastLines(stdout) });
    },
  };
}

/** Only what differs from the container's own environment: the rest is as a person finds it there. */
function overlay(state: State, environment: Record<string, string>): string {
  const usual = readerEnvironment(state, 'administrator');
  return Object.entries(environment)
    .filter(([name, value]) => usual[name] !== value)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

/** A shell reads them when it starts, so they must say what the environment says. */
async function setExports(file: string, environment: Record<string, string>): Promise<void> {
  if (!existsSync(file)) return;
  const lines = (await readFile(file, 'utf8')).split('\n').map((line) => {
    const name = /^export (\w+)=/.exec(line)?.[1];
    const value = name === undefined ? undefined : environment[name];
    return value === undefined ? line : `export ${name}='${value.replaceAll("'", String.raw`'\''`)}'`;
  });
  await writeFile(file, lines.join('\n'), { mode: 0o600 });
}

/** The working folder may lie in another file system; its name is the same. */
const UNPACK = `set -e
mkdir -p "$1" && tar -C "$1" -xf - --no-same-owner
chmod 700 "$1/home" "$1/tmp"
mv "$1/toolbox" "$2"`;

type Room = { place: string; as: string; room: number };

/** Fills the small file system until the folder has this much room, and gives the folder its usual name. */
async function leaveRoom(container: Container, { place, as, room }: Room): Promise<void> {
  const script = `set -e
free=$(df --output=avail --block-size=1 "$1" | tail -n 1)
head -c $((free - $2)) /dev/zero >"$(dirname "$1")/ballast"
ln -s "$1" "$3"`;
  await must(container, ['bash', '-c', script, 'bash', place, String(room), as]);
}

async function must(
  container: Container,
  argv: string[],
  signal?: AbortSignal,
): Promise<{ stdout: string; stderr: string }> {
  const ran = await runIn(container, argv, { timeout: 10 * MINUTE, ...(signal === undefined ? {} : { signal }) });
  if (ran.status === 0) return ran;
  throw new Failure('program-failed', {
    program: argv.find((word) => !word.includes('=') && word !== 'env') ?? '',
    status: String(ran.status),
    message: lastLines(ran.stderr || ran.stdout),
  });
}

/** Bytes between this machine and the container, without holding them. */
async function pipe(script: string, args: string[], state: State, signal?: AbortSignal): Promise<void> {
  const ran = await run('bash', ['-c', `set -euo pipefail; ${script}`, 'bash', ...args], {
    env: state.client,
    timeout: 10 * MINUTE,
    ...(signal === undefined ? {} : { signal }),
  });
  if (ran.status !== 0)
    throw new Failure('program-failed', {
      program: 'docker exec',
      status: String(ran.status),
      message: lastLines(ran.stderr),
    });
}
