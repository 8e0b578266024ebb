/**
 * A service of a local lab: one process, known by id and start, with a log file. Any process may stop what another has
 * started, because who runs is written in the lab's folder, not held in memory.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../failure.ts';
import { alive, Identity, identify } from '../../process/identity.ts';
import { until } from '../../process/wait.ts';
import { lastLines, launch } from '../../process.ts';
import type { Service } from '../lab.ts';
import { isFree } from './ports.ts';

const START_MS = 60_000;
/** How long a service may take for each signal before the next, harsher one. */
const STOP_MS = 15_000;

export type DaemonName = 'postgres' | 'minio' | 'backend';

export type Daemon = {
  name: DaemonName;
  folder: string;
  port: number;
  program: string;
  args: string[];
  env: Record<string, string>;
  cwd: string;
  /** Whether it does its work now; `pid` is the process that must be the one that does. */
  ready(pid: number): Promise<boolean>;
  /** What it is sent in turn until it is gone. */
  stopSignals: NodeJS.Signals[];
};

/** The entry in the environment of every service of the lab in this folder; see removal.ts. */
export function serviceMark(folder: string): [name: string, value: string] {
  return ['DRILLBOOK_LAB_SERVICE_OF', folder];
}

export function daemonService(daemon: Daemon): Service {
  const log = join(daemon.folder, 'log', `${daemon.name}.log`);
  const file = join(daemon.folder, 'run', `${daemon.name}.json`);
  const running = async () => {
    const identity = readIdentity(file);
    return identity !== undefined && (await alive(identity));
  };
  return {
    log,
    running,
    async start() {
      if (await running()) return;
      if (!(await isFree(daemon.port)))
        throw new Failure('service-port-taken', { service: daemon.name, port: String(daemon.port) });
      mkdirSync(join(daemon.folder, 'run'), { recursive: true });
      const [name, value] = serviceMark(daemon.folder);
      const pid = await launch(daemon.program, daemon.args, {
        env: { ...daemon.env, [name]: value },
        cwd: daemon.cwd,
        log,
      });
      const identity = await identify(pid);
      if (identity !== undefined) writeIdentity(file, identity);
      const gone = async () => identity === undefined || !(await alive(identity));
      const settled = await until(async () => (await gone()) || (await daemon.ready(pid)), { timeout: START_MS });
      if (settled && !(await gone())) return;
      const message = settled ? lastLines(read(log)) : `it was not ready within ${START_MS / 1000} s`;
      await stop(file, daemon.stopSignals);
      throw new Failure('service-not-started', { service: daemon.name, message, log });
    },
    stop: () => stop(file, daemon.stopSignals),
  };
}

async function stop(file: string, signals: NodeJS.Signals[]): Promise<void> {
  const identity = readIdentity(file);
  if (identity !== undefined) await endProcess(identity, signals);
  rmSync(file, { force: true });
}

/** Ends one process with the signals in turn, then SIGKILL; resolves when it is gone. */
export async function endProcess(identity: Identity, signals: NodeJS.Signals[]): Promise<void> {
  const gone = async () => !(await alive(identity));
  for (const signal of [...signals, 'SIGKILL' as const]) {
    if (await gone()) return;
    try {
      process.kill(identity.pid, signal);
    } catch {
      // ended between the look and the signal
    }
    if (await until(gone, { timeout: STOP_MS })) return;
  }
}

function readIdentity(file: string): Identity | undefined {
  try {
    return Identity.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return undefined;
  }
}

function writeIdentity(file: string, identity: Identity): void {
  writeFileSync(`${file}.new`, JSON.stringify(identity));
  renameSync(`${file}.new`, file);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
