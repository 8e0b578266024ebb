/**
 * What a drill found, kept beside the backup as `<backup>.drill.<UTC>.json`: the dated evidence. It extends what the list of
 * backups reads of it.
 */
import { z } from 'zod';
import { drillRecord } from '../backup/verdict.ts';

export const verdict = drillRecord.extend({
  backup: z.string(),
  /** Whether there was a manifest to compare with. Verdicts of before this was kept do not say. */
  manifest: z.enum(['read', 'absent', 'unreadable']).optional(),
  /** The server that it ran on: the one of the settings, or one of its own. Verdicts of before this was kept do not say. */
  place: z.enum(['given', 'own']).optional(),
  /** Why it was disproved, each a sentence without its full stop: the first ten of each kind. Empty otherwise. */
  reasons: z.array(z.string()),
  /** Every difference from the manifest. */
  differences: z.array(z.object({ kind: z.string(), name: z.string(), text: z.string() })),
  /** What was compared and how, and what could not be. */
  compared: z.array(z.string()),
  notProven: z.array(z.string()),
  /** ISO 8601 in UTC. */
  startedAt: z.iso.datetime(),
  /** Parts of `seconds`. */
  phases: z.object({ download: z.number(), restore: z.number(), proof: z.number() }),
  /** Of the archive. */
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
