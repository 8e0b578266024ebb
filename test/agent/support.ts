/** Agents inside the test's own process, and what they said. */
import assert from 'node:assert/strict';
import { serve } from '../../src/agent/agent.ts';
import type { Clock } from '../../src/agent/clock.ts';
import { openLog } from '../../src/agent/log.ts';
import { listBackups } from '../../src/backup/catalogue.ts';
import type { ServiceSettings } from '../../src/settings/service.ts';
import type { Settings } from '../../src/settings.ts';
import { openStore } from '../../src/store/store.ts';
import { until } from '../support/services.ts';

export type Entry = { time: string; level: string; event: string; [field: string]: unknown };

export type RunningAgent = AsyncDisposable & {
  /** What it logged. */
  said: Entry[];
  events(name: string): Entry[];
  get(path: string, method?: string): Promise<{ status: number; text: string }>;
  /** The value of a metric, with its labels but the database's: `backup_runs_total{outcome="taken"}`. */
  metric(name: string): Promise<number | undefined>;
  fault: unknown;
  /** Stops it and waits for its end. */
  stop(): Promise<void>;
};

/** Daily at 02:00 UTC, drills on Sundays at 04:00, on any free port. */
export function serviceOf(settings: Settings, change: Partial<ServiceSettings['service']> = {}): ServiceSettings {
  const service = {
    backupSchedule: '0 2 * * *',
    drillSchedule: '0 4 * * 0',
    drillAfterBackup: false,
    timeZone: 'UTC',
    listen: { host: '127.0.0.1', port: 0 },
  };
  return { ...settings, service: { ...service, ...change } };
}

export async function startAgent(
  settings: ServiceSettings,
  clock: Clock,
  options: { leaseLifetime?: number } = {},
): Promise<RunningAgent> {
  const said: Entry[] = [];
  const stopping = new AbortController();
  const log = openLog({
    write: (line) => said.push(JSON.parse(line)),
    now: clock.now,
    readable: false,
    secrets: [],
  });
  const done = serve(settings, { signal: stopping.signal, log, clock, ...options }).catch((error: unknown) => {
    agent.fault = error;
  });
  const address = () => `http://${said.find(({ event }) => event === 'started')?.listen}`;
  const agent: RunningAgent = {
    said,
    fault: undefined,
    events: (name) => said.filter(({ event }) => event === name),
    async get(path, method = 'GET') {
      const answer = await fetch(address() + path, { method });
      return { status: answer.status, text: await answer.text() };
    },
    async metric(name) {
      const { text } = await agent.get('/metrics');
      const plain = text.replaceAll(/database="[^"]*",?/g, '').replaceAll('{}', '');
      const line = plain.split('\n').find((line) => line.startsWith(`drillbook_${name} `));
      return line === undefined ? undefined : Number(line.split(' ').at(-1));
    },
    async stop() {
      stopping.abort(new Error('stopped by the test'));
      await done;
      if (agent.fault !== undefined) throw agent.fault;
    },
    async [Symbol.asyncDispose]() {
      stopping.abort(new Error('stopped by the test'));
      await done;
    },
  };
  await until(() => said.length > 0 || agent.fault !== undefined, 'the agent has started');
  if (agent.fault !== undefined) throw agent.fault;
  return agent;
}

/** Times in the names, oldest first, each with its newest drill's verdict: `2025-06-02 02:00:00 proven`. */
export async function backupsIn(settings: Settings): Promise<string[]> {
  const found = await listBackups(openStore(settings.store), settings.postgres.database);
  return found
    .map(({ time, drill }) =>
      [time.toISOString().slice(0, 19).replace('T', ' '), drill?.verdict ?? ''].join(' ').trim(),
    )
    .sort();
}

export function assertNoFaults(agent: RunningAgent): void {
  assert.deepEqual(
    agent.said.filter(({ level }) => level !== 'info'),
    [],
  );
}
