/**
 * The backup service: looks into the bucket, does what is due, waits until something is due again. It keeps nothing that it could
 * not read again from the bucket, so it may be killed at any moment, and several may run side by side.
 */
import packageJson from '../../package.json' with { type: 'json' };
import { listBackups } from '../backup/catalogue.ts';
import { Failure } from '../failure.ts';
import { postgresPrograms } from '../postgres/programs.ts';
import { fetchManifest } from '../restore/fetch.ts';
import type { ServiceSettings } from '../settings/service.ts';
import { openStore, type Store } from '../store/store.ts';
import { type Backoff, backoff } from './backoff.ts';
import { type Clock, systemClock } from './clock.ts';
import { aheadOf, type Due, nextDue, type Plan, whatIsDue } from './due.ts';
import { healthOf } from './health.ts';
import { type Lease, LIFETIME_MS, openLease } from './lease.ts';
import type { Log } from './log.ts';
import { objectsOf, openMemory } from './memory.ts';
import { metricsText } from './metrics.ts';
import { type Agent, aboutFailure, perform } from './perform.ts';
import { schedule } from './schedule.ts';
import { listen } from './server.ts';
import { newStatus } from './status.ts';

export type AgentOptions = {
  signal: AbortSignal;
  log: Log;
  clock?: Clock;
  /** How long a lease outlives a holder that was killed, in milliseconds; the same for all agents of a database. */
  leaseLifetime?: number;
};

type Work = Agent & {
  store: Store;
  plan: Plan;
  lease: Lease;
  /** While another agent works, its lease is looked at so often. Milliseconds. */
  busy: number;
  backoffs: Record<'look' | Due['what'], Backoff>;
  /** What was due when another agent held the lease. */
  left: Set<Due['what']>;
};

/**
 * Serves until the signal is aborted; what runs then is ended cleanly. A store or a database that is away never ends it.
 * @throws Failure listen-failed, program-missing
 */
export async function serve(settings: ServiceSettings, options: AgentOptions): Promise<void> {
  const { signal, log, clock = systemClock, leaseLifetime = LIFETIME_MS } = options;
  const { database } = settings.postgres;
  const { service } = settings;
  // A machine without PostgreSQL's programs will not get them by waiting.
  const programs = await postgresPrograms();
  const status = newStatus(database, clock.now());
  await using server = await listen(service.listen, {
    health: () => healthOf(status, clock.now(), performance.now()),
    metrics: () => metricsText(status),
  });
  const store = openStore(settings.store);
  const objects = objectsOf(database);
  const work: Work = {
    ...{ settings, clock, log, status, signal, store },
    memory: openMemory(store, objects.memory),
    lease: openLease(store, objects.lease, leaseLifetime),
    busy: leaseLifetime / 6,
    plan: {
      backup: schedule(service.backupSchedule, service.timeZone),
      drill: service.drillSchedule === undefined ? undefined : schedule(service.drillSchedule, service.timeZone),
      drillAfterBackup: service.drillAfterBackup,
    },
    backoffs: { look: backoff(), backup: backoff(), drill: backoff() },
    left: new Set(),
  };
  log('info', 'started', {
    version: packageJson.version,
    programs: programs.version,
    database,
    store: store.address,
    backups: service.backupSchedule,
    drills: service.drillSchedule ?? 'never',
    zone: service.timeZone,
    listen: server.address,
  });
  try {
    while (!signal.aborted) await clock.wait(await turn(work), signal);
  } catch (error) {
    // Whatever was thrown while the service stops is its stopping.
    if (!signal.aborted) throw error;
  }
  log('info', 'stopped');
}

/** One turn of the loop. @returns when the next one should be */
async function turn(work: Work): Promise<Date> {
  const { clock, status, backoffs, plan, left } = work;
  status.turnedAt = performance.now();
  let due: Due[];
  try {
    due = await look(work);
  } catch (error) {
    return away(work, error);
  }
  back(work);
  for (const what of left) if (!due.some((one) => one.what === what)) skipped(work, what);
  const ready = due.find((one) => backoffs[one.what].notBefore(clock.now()) === undefined);
  if (ready !== undefined) {
    try {
      return await attempt(work, ready);
    } catch (error) {
      return away(work, error);
    }
  }
  const now = clock.now();
  const next = nextDue(plan, now);
  const times = [next.backup, next.drill, backoffs.backup.notBefore(now), backoffs.drill.notBefore(now)];
  return earliest(times) ?? new Date(now.getTime() + 86_400_000);
}

/** Reads the bucket, and says what is due. @throws Failure store-unreachable, store-auth, bucket-missing */
async function look(work: Work): Promise<Due[]> {
  const { settings, store, status, memory, clock, plan, signal, log } = work;
  const known = await memory.read(signal);
  const all = await listBackups(store, settings.postgres.database, { signal });
  const now = clock.now();
  const ahead = aheadOf(all, now).filter((name) => !known.ahead.includes(name));
  if (ahead.length > 0) {
    log('warn', 'backups-ahead-of-the-clock', { backups: ahead.join(' '), text: 'they count for nothing that is due' });
    await memory.change((value) => ({ ...value, ahead: [...value.ahead, ...ahead] }), signal);
  }
  const backups = all.filter((backup) => !memory.current.ahead.includes(backup.name));
  const [newest] = backups;
  if (newest?.name !== status.backups?.[0]?.name) status.databaseBytes = await databaseBytes(work, newest);
  const due = whatIsDue(plan, backups, now);
  const missing = due.find((one) => one.what === 'backup');
  status.backups = backups;
  status.memory = memory.current;
  status.next = plan.backup.next(now);
  status.missingSince = missing && (missing.why === 'first' ? status.startedAt : missing.since);
  return due;
}

async function databaseBytes({ store, signal }: Work, newest: Parameters<typeof fetchManifest>[1] | undefined) {
  try {
    return newest && (await fetchManifest(store, newest, signal))?.content.database.bytes;
  } catch (error) {
    // It is a figure for the dashboard; the drill says what is wrong with a manifest.
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

/** Takes the lease, looks again, and performs what is still due. @returns when to turn next */
async function attempt(work: Work, wanted: Due): Promise<Date> {
  const { clock, lease, signal, left, log, backoffs, status } = work;
  await using held = await lease.acquire(signal);
  if (held === undefined) {
    if (!left.has(wanted.what)) log('info', 'waiting', { for: wanted.what, reason: 'another agent holds the lease' });
    left.add(wanted.what);
    return new Date(clock.now().getTime() + work.busy);
  }
  const due = (await look(work)).find((one) => one.what === wanted.what);
  if (due === undefined) {
    skipped(work, wanted.what);
    return clock.now();
  }
  left.delete(due.what);
  if (await perform(work, due, held.lost)) backoffs[due.what].succeeded();
  else log('info', 'retry', { what: due.what, at: backoffs[due.what].failed(clock.now()).toISOString() });
  // What came of it is seen before anybody else may look.
  status.memory = work.memory.current;
  return clock.now();
}

function skipped({ status, left, log }: Work, what: Due['what']): void {
  left.delete(what);
  if (what === 'backup') status.runs.backup.skipped++;
  log('info', `${what}-skipped`, { reason: 'another agent did it' });
}

/** The bucket cannot be read, or not be written: said once, and again whenever the reason changes. */
function away({ status, clock, backoffs, log, signal }: Work, error: unknown): Date {
  if (signal.aborted) throw signal.reason;
  const now = clock.now();
  const { code, ...about } = aboutFailure(error);
  const retry = backoffs.look.failed(now);
  log('error', error instanceof Failure ? 'store-away' : 'fault', { code, ...about, retry: retry.toISOString() });
  status.storeFault = { code, since: status.storeFault?.since ?? now };
  return retry;
}

function back({ status, clock, backoffs, log }: Work): void {
  if (status.storeFault === undefined) return;
  log('info', 'store-back', { after: Math.round((clock.now().getTime() - status.storeFault.since.getTime()) / 1000) });
  status.storeFault = undefined;
  backoffs.look.succeeded();
}

function earliest(times: readonly (Date | undefined)[]): Date | undefined {
  return times.filter((time) => time !== undefined).sort((a, b) => a.getTime() - b.getTime())[0];
}
