/** What a drill found, kept beside the backup as `<backup>.drill.<UTC>.json`: the dated evidence. */
import { z } from 'zod';

const verdict = z.object({
  schema: z.literal(1),
  backup: z.string(),
  /**
   * `proven`: equal to its manifest. `restorable`: restored whole, content unproven. `disproved`: it must not be relied on.
   */
  verdict: z.enum(['proven', 'restorable', 'disproved']),
  /** Why it was disproved; each a sentence without its full stop. Empty otherwise. */
  reasons: z.array(z.string()),
  /** Every difference from the manifest; `reasons` holds the first ten of each kind. */
  differences: z.array(z.object({ kind: z.string(), name: z.string(), text: z.string() })),
  /** What was compared and how, and what could not be. */
  compared: z.array(z.string()),
  notProven: z.array(z.string()),
  /** When the drill began, ISO 8601 in UTC. */
  startedAt: z.iso.datetime(),
  seconds: z.object({
    download: z.number(),
    restore: z.number(),
    proof: z.number(),
    total: z.number(),
  }),
  bytes: z.int().nonnegative(),
  sha256: z.string(),
  /** The throwaway database, which is gone by now. */
  testDatabase: z.string(),
  tables: z.int().nonnegative(),
  rows: z.int().nonnegative(),
  keyTables: z.array(z.object({ table: z.string(), rows: z.int().nonnegative() })),
  versions: z.object({ server: z.string(), pgRestore: z.string(), pgDump: z.string() }),
});
export type Verdict = z.infer<typeof verdict>;

/** `x.sql.gz` → `x.sql.gz.drill.2026-11-23T02-35-20Z.json`. */
export function verdictNameOf(backup: string, at: Date): string {
  return `${backup}.drill.${at.toISOString().slice(0, 19).replaceAll(':', '-')}Z.json`;
}

/** The backup that an object's name is a verdict of; undefined for anything else. */
export function backupOfVerdict(name: string): string | undefined {
  return /^(.+)\.drill\.\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.json$/.exec(name)?.[1];
}

/** Undefined when the text is no verdict of a form that is known. */
export function parseVerdict(text: string): Verdict | undefined {
  try {
    return verdict.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
