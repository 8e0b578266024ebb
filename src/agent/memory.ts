/**
 * What the agents of a database remember in the bucket, `.drillbook/agent/<database>.json`, so that a new container knows what
 * happened before. What is due is decided from the backups themselves; losing this object loses history, nothing else.
 */
import { z } from 'zod';
import { VERDICTS } from '../backup/verdict.ts';
import { Failure } from '../failure.ts';
import type { Store } from '../store/store.ts';

/** So many failed runs are remembered, the newest last. */
const FAILURES = 20;
/** So many changes wait for a store that is away. */
const WAITING = 100;
/** So often a change is tried again when another agent wrote in between. */
const TRIES = 5;

const failedRun = z.object({
  what: z.enum(['backup', 'drill', 'retention']),
  /** ISO 8601 in UTC, as all times here. */
  at: z.iso.datetime(),
  code: z.string(),
  message: z.string(),
});

const memory = z.object({
  schema: z.literal(1),
  /** The last backup an agent took. */
  backup: z.object({ name: z.string(), endedAt: z.iso.datetime(), seconds: z.number(), bytes: z.number() }).optional(),
  /** The last drill an agent made; `undecided` when it could not come to a verdict. */
  drill: z
    .object({ backup: z.string(), endedAt: z.iso.datetime(), verdict: z.enum([...VERDICTS, 'undecided']) })
    .optional(),
  failures: z.array(failedRun).default([]),
  /** Backups that a clock which was wrong named, and that therefore count for nothing that is due. */
  ahead: z.array(z.string()).default([]),
});
export type Memory = z.infer<typeof memory>;
export type FailedRun = z.infer<typeof failedRun>;
type Change = (memory: Memory) => Memory;

export const NOTHING: Memory = { schema: 1, failures: [], ahead: [] };

/** The objects of the agents of a database; a name may hold "/" and worse. */
export function objectsOf(database: string): { memory: string; lease: string } {
  const base = `.drillbook/agent/${encodeURIComponent(database)}`;
  return { memory: `${base}.json`, lease: `${base}.lease.json` };
}

export type Remembering = {
  /** As last read or written. */
  readonly current: Memory;
  /** @throws Failure store-unreachable, store-auth, bucket-missing */
  read(signal: AbortSignal): Promise<Memory>;
  /** Applies a change at once here, and in the bucket as soon as the store allows: it never fails for the store's sake. */
  change(change: Change, signal: AbortSignal): Promise<void>;
};

export function openMemory(store: Store, object: string): Remembering {
  let current = NOTHING;
  let waiting: Change[] = [];

  /** Reads, applies what waits, and writes on the condition that nobody wrote in between. */
  const synchronise = async (signal: AbortSignal) => {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const found = await store.getTagged(object, { signal });
      const changes = waiting.length;
      const read = parse(found?.text);
      current = waiting.reduce((value, change) => change(value), read);
      if (changes === 0) return;
      const text = `${JSON.stringify(current, null, 1)}\n`;
      const written =
        found === undefined
          ? await store.claim(object, text, { signal })
          : await store.replace(object, text, found.tag, { signal });
      if (!written) continue;
      waiting = waiting.slice(changes);
      return;
    }
  };

  return {
    get current() {
      return current;
    },
    async read(signal) {
      await synchronise(signal);
      return current;
    },
    async change(change, signal) {
      current = change(current);
      waiting = [...waiting, change].slice(-WAITING);
      try {
        await synchronise(signal);
      } catch (error) {
        if (!(error instanceof Failure) && !signal.aborted) throw error;
      }
    },
  };
}

export function withFailure(failure: FailedRun): Change {
  return (value) => ({ ...value, failures: [...value.failures, failure].slice(-FAILURES) });
}

/** An object that is damaged, or of a later form, is history that is lost, and no reason to take no backups. */
function parse(text: string | undefined): Memory {
  try {
    return memory.safeParse(JSON.parse(text ?? '')).data ?? NOTHING;
  } catch {
    return NOTHING;
  }
}
