/**
 * `transcript.json`: the last recorded rehearsal of a runbook, committed beside its page. The site reads it and never
 * executes anything. Its hash says what was rehearsed: blocks, outputs, the frontmatter under `runbook`, and scripts.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type Page, SCENARIOS } from './model.ts';

const labName = z.enum(['local', 'compose']);
const seconds = z.number().nonnegative();

export const transcriptSchema = z.strictObject({
  schema: z.literal(1),
  runbook: z.string().min(1),
  /** SHA-256 of what was rehearsed, in hexadecimal. */
  hash: z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256'),
  /** UTC; of several labs, the oldest. */
  recordedAt: z.iso.datetime(),
  labs: z
    .array(
      z.strictObject({
        lab: labName,
        versions: z.strictObject({ postgres: z.string(), minio: z.string(), mc: z.string() }),
        /** When and how long in this lab; without them, as the transcript says for all. */
        recordedAt: z.iso.datetime().optional(),
        seconds: seconds.optional(),
      }),
    )
    .min(1),
  /** Of the measured run in `intact`, start to end, in the first of the labs. */
  seconds,
  /** What the page promised, in seconds: its `rto`. */
  promised: seconds.optional(),
  results: z.array(
    z.strictObject({
      scenario: z.enum(SCENARIOS),
      lane: z.enum(['reader', 'script']),
      lab: labName,
      verdict: z.enum(['passed', 'failed']),
      /** What happened, in words: `done`, `stopped at download`. */
      ended: z.string(),
      seconds,
    }),
  ),
  steps: z.array(
    z.strictObject({
      id: z.string(),
      lab: labName.optional(),
      seconds,
      /** The databases that its script declares to destroy, as templates: `database ${DATABASE}_restored`. */
      destroys: z.array(z.string()),
      output: z.string(),
    }),
  ),
});

export type Transcript = z.infer<typeof transcriptSchema>;

/** Undefined and the reason when the text is no transcript of this schema. */
export function parseTranscript(
  text: string,
): { transcript: Transcript; reason?: undefined } | { transcript?: undefined; reason: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    return { reason: `is no JSON: ${cause instanceof Error ? cause.message : String(cause)}` };
  }
  const read = transcriptSchema.safeParse(value);
  if (read.success) return { transcript: read.data };
  return { reason: read.error.issues.map((issue) => `${issue.path.join('.') || 'it'}: ${issue.message}`).join('; ') };
}

/**
 * What a rehearsal of this page depends on, as SHA-256 in hexadecimal. Prose, headings and places in the file do not
 * count.
 * @param scripts step id → the text of its script
 */
export function rehearsedHash(page: Page, scripts: Record<string, string>): string {
  const content = {
    parameters: page.parameters,
    parametersBlock: page.parametersBlock?.command,
    scenarios: page.scenarios.map(({ name, outcome }) => [name, outcome]),
    excludes: page.excludes.map(({ scenario, reason }) => [scenario, reason]),
    proves: page.proves,
    leaves: page.leaves,
    rto: page.rto,
    repeatable: page.repeatable,
    equivalent: page.equivalent,
    facts: page.facts,
    labs: page.labs,
    steps: page.steps.map((step) => ({
      id: step.id,
      command: step.command,
      where: step.where,
      lab: step.lab,
      errors: step.errors,
      output: step.output && { text: step.output.text, onStop: step.output.onStop },
    })),
    scripts: Object.entries(scripts)
      .map(([id, text]) => [id, text.replaceAll('\r\n', '\n')])
      .sort(([a = ''], [b = '']) => (a < b ? -1 : 1)),
  };
  return createHash('sha256').update(canonical(content)).digest('hex');
}

/** JSON with sorted keys, so that the hash does not depend on the order in which an object was put together. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
