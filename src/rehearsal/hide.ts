/** Takes secrets out of what a lane saw, before anything is judged, reported or recorded. */
import type { Performed } from './performed.ts';

const SECRETS = ['POSTGRES_PASSWORD', 'PGPASSWORD', 'MINIO_ACCESS_KEY', 'MINIO_SECRET_KEY'];
/** A shorter one would take letters out of ordinary words. */
const SHORTEST = 6;

/** @param environment the reader's: what it holds as a secret must not be seen */
export function hider(environment: Record<string, string | undefined>): (text: string) => string {
  const secrets = SECRETS.map((name) => environment[name] ?? '')
    .filter((secret) => secret.length >= SHORTEST)
    .sort((a, b) => b.length - a.length);
  return (text) => secrets.reduce((rest, secret) => rest.replaceAll(secret, '********'), text);
}

/** What came of a step without secrets: its output, what its guard said, and what a program asked. */
export function hidden(performed: Performed, hide: (text: string) => string): Performed {
  const { output, guard, problem } = performed;
  return {
    ...performed,
    output: hide(output),
    ...(guard === undefined ? {} : { guard: hide(guard) }),
    ...(problem?.kind === 'waits' ? { problem: { ...problem, asks: hide(problem.asks) } } : {}),
  };
}
