/**
 * Writing real output back into a page. Only the lines of output blocks that no longer match change; within them, lines
 * and elisions that still hold stay as they were written.
 */
import { fillText, hasElision, isManyLines, linePattern, type Values } from './elision.ts';
import type { ExpectedOutput, LabName, Page } from './model.ts';
import { compareOutput, linesOf, visible } from './output.ts';

export type RealOutput = {
  /** The step's. */
  id: string;
  /** Only the variant of this lab; undefined: whichever there is. */
  lab?: LabName;
  /** Raw: terminal sequences are removed here. */
  output: string;
};

/**
 * @param text of the page, as `page` was parsed from it
 * @param values the parameters' values in that run, which are written back as `$NAME`
 * @returns the page's text; the very same when every output matches
 */
export function promote(text: string, page: Page, outputs: readonly RealOutput[], values: Values = {}): string {
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const lines = text.split(/\r?\n/);
  const changed = new Map<number, { expected: ExpectedOutput; lines: string[] }>();
  for (const { id, lab, output } of outputs) {
    const step = page.steps.find(
      (one) => one.id === id && (lab === undefined || one.lab === undefined || one.lab === lab),
    );
    if (step?.output === undefined || compareOutput(step.output.text, output, values).same) continue;
    changed.set(step.output.line, {
      expected: step.output,
      lines: promoteLines(step.output.text, output, page, values),
    });
  }
  // From the last one to the first, so that the places of the others stay true.
  for (const [fence, { expected, lines: promoted }] of [...changed].sort(([a], [b]) => b - a)) {
    const count = expected.text === '' ? 0 : expected.text.split('\n').length;
    const container = containerOf(lines[fence - 1] ?? '');
    lines.splice(fence, count, ...promoted.map((line) => (container + line).replace(/\s+$/, '')));
  }
  return lines.join(eol);
}

/** What stands before the fence on its line, as it must stand before each line inside: a list's marker is blank there. */
function containerOf(fenceLine: string): string {
  const before = /^(.*?)(?:`{3,}|~{3,})/.exec(fenceLine)?.[1] ?? '';
  return before.replace(/[^\s>]/g, ' ');
}

/** The new lines of one output: the cheapest way to turn what was expected into what came. */
export function promoteLines(expected: string, actual: string, page: Page, values: Values): string[] {
  const wanted = linesOf(expected);
  const came = visible(actual);
  const kept = align(wanted, came, values).flatMap(({ from, to }): string[] => {
    const before = from === undefined ? undefined : wanted[from];
    const now = to === undefined ? undefined : came[to];
    if (before !== undefined && isManyLines(before)) return to === undefined ? [before] : [];
    if (now === undefined) return [];
    return [before === undefined ? unfill(now, expected, page, values) : renew(before, now, expected, page, values)];
  });
  const meaningful = kept.some((line) => !isManyLines(line));
  return meaningful || came.length === 0 ? kept : came.map((line) => unfill(line, expected, page, values));
}

/** What each way costs; a `…` that swallows a line is nearly free, but losing an asserted line is not. */
const COST = { swallowed: 0.01, inserted: 1, replaced: 1, removed: 1.5 } as const;

type Pair = { from?: number; to?: number };

function align(wanted: string[], came: string[], values: Values): Pair[] {
  const patterns = wanted.map((line) => (isManyLines(line) ? undefined : linePattern(line, values)));
  const cost: number[][] = Array.from({ length: wanted.length + 1 }, () => new Array<number>(came.length + 1).fill(0));
  const at = (from: number, to: number) => cost[from]?.[to] ?? Number.POSITIVE_INFINITY;
  const swap = (from: number, to: number) => (patterns[from]?.test(came[to] ?? '') ? 0 : COST.replaced);
  for (let from = wanted.length; from >= 0; from -= 1)
    for (let to = came.length; to >= 0; to -= 1) {
      if (from === wanted.length && to === came.length) continue;
      const row = cost[from];
      if (row === undefined) continue;
      if (from < wanted.length && patterns[from] === undefined)
        row[to] = Math.min(at(from + 1, to), at(from, to + 1) + COST.swallowed);
      else
        row[to] = Math.min(
          from < wanted.length ? at(from + 1, to) + COST.removed : Number.POSITIVE_INFINITY,
          to < came.length ? at(from, to + 1) + COST.inserted : Number.POSITIVE_INFINITY,
          from < wanted.length && to < came.length ? at(from + 1, to + 1) + swap(from, to) : Number.POSITIVE_INFINITY,
        );
    }
  const pairs: Pair[] = [];
  let from = 0;
  let to = 0;
  while (from < wanted.length || to < came.length) {
    const here = at(from, to);
    if (from < wanted.length && patterns[from] === undefined) {
      if (here === at(from + 1, to)) pairs.push({ from: from++ });
      else to += 1; // swallowed: the elision is written once, when it is left
    } else if (from < wanted.length && to < came.length && here === at(from + 1, to + 1) + swap(from, to))
      pairs.push({ from: from++, to: to++ });
    else if (to < came.length && here === at(from, to + 1) + COST.inserted) pairs.push({ to: to++ });
    else from += 1;
  }
  return pairs;
}

/** A line that changed: word by word, what still holds stays as it was written. */
function renew(before: string, now: string, expected: string, page: Page, values: Values): string {
  if (linePattern(before, values).test(now)) return before;
  const words = (line: string) => line.split(/(\s+)/);
  const old = words(before);
  const fresh = words(now);
  if (!hasElision(before) || old.length !== fresh.length) return unfill(now, expected, page, values);
  return old
    .map((word, index) => {
      const came = fresh[index] ?? '';
      return index % 2 === 1 || !linePattern(word, values).test(came) ? unfill(came, expected, page, values) : word;
    })
    .join('');
}

/** Values become `$NAME` again: a backup's always, others where the output named them before. */
function unfill(line: string, expected: string, page: Page, values: Values): string {
  let text = line;
  const known = page.parameters
    .map(({ name, kind }) => ({ name, kind, value: values[name] ?? '' }))
    .filter(
      ({ name, kind, value }) =>
        value !== '' && (kind === 'backup' || fillText(expected, { [name]: '\0' }).includes('\0')),
    )
    .sort((a, b) => b.value.length - a.value.length);
  for (const { name, value } of known) {
    const whole = new RegExp(`(?<![A-Za-z0-9_])${value.replace(/[^\w]/g, '\\$&')}(?![A-Za-z0-9])`, 'g');
    text = text.replace(whole, (_match, offset: number, all: string) =>
      /\w/.test(all.charAt(offset + value.length)) ? `\${${name}}` : `$${name}`,
    );
  }
  return text;
}
