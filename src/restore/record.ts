/** The verdict in the store, beside the backup: the dated evidence. */
import { drillName } from '../backup/name.ts';
import type { Store } from '../store/store.ts';
import type { Verdict } from './verdict.ts';

/** So many names, one per second, are tried: drills that began in one second must not write over each other's evidence. */
const TRIES = 60;

/** @throws Failure of the store */
export async function keepVerdict(store: Store, verdict: Verdict, signal: AbortSignal): Promise<void> {
  const text = `${JSON.stringify(verdict, null, 1)}\n`;
  const outcome = { verdict: verdict.verdict, milliseconds: verdict.seconds * 1000 };
  const began = new Date(verdict.startedAt).getTime();
  for (let second = 0; second < TRIES; second++) {
    const name = drillName(verdict.backup, new Date(began + second * 1000), outcome);
    if (await store.claim(name, text, { signal })) return;
  }
  // A store that says of every name that it is taken; evidence is worth more than the name.
  await store.putText(drillName(verdict.backup, new Date(began), outcome), text, { signal });
}
