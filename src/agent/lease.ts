/**
 * The lease: of all agents of a database one at a time takes a backup or drills. It is an object that is only ever written on the
 * condition that it still is what was read (If-None-Match, If-Match), so of several who try one succeeds.
 *
 * No two clocks are compared. The holder writes a new beat every quarter of the lease's lifetime; another agent takes over when it has
 * itself seen the same beat for a whole lifetime. A holder that cannot write for three quarters of it gives up its work, so it has
 * stopped before anyone can take over. It is released by writing so, never by removing it.
 */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { Failure } from '../failure.ts';
import type { Store } from '../store/store.ts';

/** The lifetime of the service's lease, in milliseconds. */
export const LIFETIME_MS = 60_000;
/** Releasing takes no longer; a lease that could not be released ends by itself. Milliseconds. */
const RELEASE_MS = 5_000;

const record = z.object({ holder: z.string(), beat: z.int(), released: z.boolean() });

export type Held = AsyncDisposable & {
  /** Aborted, with a Failure lease-lost, when the lease may become another's. */
  readonly lost: AbortSignal;
};

export type Lease = {
  /**
   * Undefined while another agent holds it; ask again.
   * @throws Failure store-unreachable, store-auth, bucket-missing
   */
  acquire(signal: AbortSignal): Promise<Held | undefined>;
};

/** @param lifetime how long it outlives a holder that was killed, in milliseconds; the same for all agents */
export function openLease(store: Store, object: string, lifetime: number): Lease {
  const holder = randomUUID();
  let beat = 0;
  let seen = { tag: '', since: 0 };
  const text = (released: boolean) => JSON.stringify({ holder, beat: ++beat, released });

  /** Has this very beat been there for a lifetime, by our own measure? */
  const abandoned = (tag: string) => {
    if (seen.tag !== tag) seen = { tag, since: performance.now() };
    return performance.now() - seen.since >= lifetime;
  };

  return {
    async acquire(signal) {
      const found = await store.getTagged(object, { signal });
      if (found !== undefined && !isReleased(found.text) && !abandoned(found.tag)) return undefined;
      const mine = text(false);
      if (found === undefined) await store.claim(object, mine, { signal });
      else await store.replace(object, mine, found.tag, { signal });
      // Read back: an answer that was lost on the way, and repeated, says "no" to who has it.
      const now = await store.getTagged(object, { signal });
      return now?.text === mine ? hold(store, object, { tag: now.tag, text, lifetime }) : undefined;
    },
  };
}

type Holding = { tag: string; text: (released: boolean) => string; lifetime: number };

function hold(store: Store, object: string, { tag, text, lifetime }: Holding): Held {
  const lost = new AbortController();
  let confirmed = performance.now();
  let renewing: Promise<void> | undefined;

  const renew = async () => {
    const began = performance.now();
    const mine = text(false);
    try {
      await store.replace(object, mine, tag, { signal: lost.signal });
      const now = await store.getTagged(object, { signal: lost.signal });
      if (now?.text !== mine) return lost.abort(new Failure('lease-lost', { reason: 'another agent has it' }));
      [tag, confirmed] = [now.tag, began];
    } catch (error) {
      // A store that is away may come back in time; the timer below decides.
      if (!(error instanceof Failure)) throw error;
    }
  };
  const timer = setInterval(() => {
    if (performance.now() - confirmed > (lifetime * 3) / 4)
      lost.abort(new Failure('lease-lost', { reason: 'the object store did not answer for too long' }));
    else
      renewing ??= renew()
        .catch((error: unknown) => lost.abort(error))
        .finally(() => {
          renewing = undefined;
        });
  }, lifetime / 4);

  return {
    lost: lost.signal,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await renewing;
      if (lost.signal.aborted) return;
      const signal = AbortSignal.timeout(RELEASE_MS);
      await store.replace(object, text(true), tag, { signal }).catch(() => {});
    },
  };
}

/** What cannot be read is taken for held: it ends as one whose holder is dead. */
function isReleased(text: string): boolean {
  try {
    return record.safeParse(JSON.parse(text)).data?.released === true;
  } catch {
    return false;
  }
}
