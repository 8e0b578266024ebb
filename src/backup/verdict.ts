/** What a drill left beside the backup, `<backup>.drill.<UTC>.json`, as far as the list of backups reads it. */
import { z } from 'zod';

/** proven: equal to its manifest · restorable: restored, content unproven · disproved: a difference was found. */
export const VERDICTS = ['proven', 'restorable', 'disproved'] as const;
export type VerdictWord = (typeof VERDICTS)[number];

export const drillRecord = z.looseObject({
  schema: z.literal(1),
  verdict: z.enum(VERDICTS),
  /** When the drill ended, ISO 8601 in UTC. */
  endedAt: z.iso.datetime(),
  seconds: z.number().nonnegative(),
});
export type DrillRecord = z.infer<typeof drillRecord>;

/** Undefined when it is no record of a drill, or of a form that is not known yet. */
export function parseDrillRecord(text: string): DrillRecord | undefined {
  try {
    return drillRecord.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
