/** One run: a backup with its retention, or a drill. What became of it goes into the log, the status and the bucket. */
import { refusal } from '../backup/retain.ts';
import { takeBackup } from '../backup/take.ts';
import { Failure } from '../failure.ts';
import type { Report } from '../progress.ts';
import { drill } from '../restore/drill.ts';
import type { ServiceSettings } from '../settings/service.ts';
import type { Clock } from './clock.ts';
import type { Due } from './due.ts';
import type { Fields, Log } from './log.ts';
import { type FailedRun, type Remembering, withFailure } from './memory.ts';
import type { Status } from './status.ts';

/** No run goes on for longer, so that one that hangs does not keep the next day's from its turn. Milliseconds. */
const LONGEST_MS = 20 * 3_600_000;

export type Agent = {
  settings: ServiceSettings;
  clock: Clock;
  log: Log;
  status: Status;
  memory: Remembering;
  /** SIGTERM and SIGINT. */
  signal: AbortSignal;
};

/**
 * Performs what is due. It ends cleanly when the service is stopped or its lease is lost: what was begun is undone by the functions
 * of the core.
 * @returns whether it was done; a failure is told, not thrown
 * @throws the reason of the service's signal
 */
export async function perform(agent: Agent, due: Due, lost: AbortSignal): Promise<boolean> {
  const { clock, log, status, signal } = agent;
  const hangs = new AbortController();
  const timer = setTimeout(() => hangs.abort(new Failure('run-too-long', { what: due.what })), LONGEST_MS);
  status.running = { what: due.what, since: clock.now() };
  log('info', `${due.what}-started`, aboutDue(due));
  try {
    await WORK[due.what](agent, due, AbortSignal.any([signal, lost, hangs.signal]));
    delete status.faults[due.what];
    return true;
  } catch (error) {
    if (signal.aborted) {
      log('info', `${due.what}-interrupted`, { reason: 'the service stops; what was begun has been removed' });
      throw signal.reason;
    }
    await failed(agent, due, error);
    return false;
  } finally {
    clearTimeout(timer);
    status.running = undefined;
  }
}

const WORK = { backup, drill: prove } as const;

async function backup(agent: Agent, _due: Due, signal: AbortSignal): Promise<void> {
  const { settings, clock, log, status, memory } = agent;
  const taken = await takeBackup(settings, { report: notesTo(log), signal, now: clock.now });
  status.runs.backup.taken++;
  const { name, bytes, seconds, tables, rows, retention } = taken;
  log('info', 'backup-taken', { backup: name, bytes, seconds, tables, rows });
  const endedAt = clock.now().toISOString();
  await memory.change((value) => ({ ...value, backup: { name, endedAt, seconds, bytes } }), agent.signal);
  const failure = retention instanceof Failure ? retention : refusal(retention);
  if (failure !== undefined) {
    log('error', 'retention-failed', aboutFailure(failure));
    await remember(agent, 'retention', failure);
  }
  if (retention instanceof Failure) return;
  const { removed, kept, strange, suspicion } = retention;
  if (removed.length > 0) log('info', 'retention', { removed: removed.map((old) => old.name).join(' '), kept });
  for (const left of strange) log('warn', 'retention-left-alone', left);
  if (suspicion !== undefined) log('warn', 'backup-suspiciously-small', suspicion);
}

async function prove(agent: Agent, due: Due, signal: AbortSignal): Promise<void> {
  const { settings, clock, log, status, memory } = agent;
  const chosen = due.what === 'drill' ? due.backup : undefined;
  const verdict = await drill(settings, { backup: chosen, report: notesTo(log), signal, now: clock.now });
  status.runs.drill[verdict.verdict]++;
  const { backup, seconds, tables, rows } = verdict;
  log(verdict.verdict === 'disproved' ? 'error' : 'info', 'drill-ended', {
    verdict: verdict.verdict,
    backup,
    seconds,
    tables,
    rows,
    reason: verdict.reasons[0],
  });
  const ended = { backup, endedAt: verdict.endedAt, verdict: verdict.verdict };
  await memory.change((value) => ({ ...value, drill: ended }), agent.signal);
}

async function failed(agent: Agent, due: Due, error: unknown): Promise<void> {
  const { clock, log, status, memory } = agent;
  const { code, ...fields } = aboutFailure(error);
  status.faults[due.what] = code;
  if (due.what === 'backup') status.runs.backup.failed++;
  else status.runs.drill.undecided++;
  log('error', `${due.what}-failed`, { code, ...fields });
  await remember(agent, due.what, error);
  if (due.what !== 'drill') return;
  const ended = { backup: due.backup, endedAt: clock.now().toISOString(), verdict: 'undecided' as const };
  await memory.change((value) => ({ ...value, drill: ended }), agent.signal);
}

async function remember({ clock, memory, signal }: Agent, what: FailedRun['what'], error: unknown): Promise<void> {
  const { code, message } = aboutFailure(error);
  await memory.change(withFailure({ what, at: clock.now().toISOString(), code, message }), signal);
}

/** What is no Failure is a fault of ours: it is told with its stack, and the service goes on. */
export function aboutFailure(error: unknown): Fields & { code: string; message: string } {
  if (error instanceof Failure) return { code: error.code, message: error.message, hint: error.hint };
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'bug', message, stack: error instanceof Error ? error.stack : undefined };
}

function aboutDue(due: Due): Fields {
  return { why: due.why, due: due.since.toISOString(), backup: due.what === 'drill' ? due.backup : undefined };
}

function notesTo(log: Log): Report {
  return (event) => {
    if (event.kind === 'note') log('info', 'note', { text: event.text });
  };
}
