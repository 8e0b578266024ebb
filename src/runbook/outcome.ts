/** The small grammars inside the frontmatter: how a scenario ends, and durations. */
import { error, unknown } from './fault.ts';
import { STEP_ID } from './labels.ts';
import type { Fault, Outcome, Position } from './model.ts';

export const OUTCOME_FORMS = 'done, stops at <step>, or fails at <step>, recover with <runbook>#<step>';

/** `done`, `stops at <step>`, `fails at <step>, recover with <runbook>#<step>`; undefined for anything else. */
export function parseOutcome(text: string): Outcome | undefined {
  const words = text.trim().replace(/\s+/g, ' ');
  if (words === 'done') return { kind: 'done' };
  const stops = /^stops at (\S+)$/.exec(words)?.[1];
  if (stops !== undefined && STEP_ID.test(stops)) return { kind: 'stops', at: stops };
  const fails = /^fails at ([^\s,]+), recover with ([a-z0-9][a-z0-9-]*)#(\S+)$/.exec(words);
  const [, at, runbook, step] = fails ?? [];
  if (at === undefined || runbook === undefined || step === undefined) return undefined;
  if (!STEP_ID.test(at) || !STEP_ID.test(step)) return undefined;
  return { kind: 'fails', at, recoverWith: { runbook, step } };
}

/** The step that an outcome names must be on the page. */
export function checkOutcome(outcome: Outcome, steps: readonly string[], position: Position): Fault[] {
  if (outcome.kind === 'done' || steps.includes(outcome.at)) return [];
  return [error('scenario-step', position, unknown('step', outcome.at, steps))];
}

/** `45s`, `30m`, `1h`, `1h30m` in seconds; undefined for anything else, and for no time at all. */
export function parseDuration(text: string): number | undefined {
  const match = /^(?:(\d+)h)?\s*(?:(\d+)m)?\s*(?:(\d+)s)?$/.exec(text.trim());
  if (match === null) return undefined;
  const [hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0));
  return hours * 3600 + minutes * 60 + seconds || undefined;
}
