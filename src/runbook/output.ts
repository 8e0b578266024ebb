/** What a step printed against what the page says it prints. */
import { clean } from './clean.ts';
import { isManyLines, linePattern, type Values } from './elision.ts';

/** NOTICE lines differ between scenarios ("… does not exist, skipping") and are not compared. */
const NOTICE = /^(?:psql:[^ ]*:? ?)?NOTICE: /;

export type Comparison =
  | { same: true }
  | {
      same: false;
      /** The expected line that found no counterpart, from 1; one more than there are lines when too much came. */
      line: number;
      expected: string;
      received: string;
      /** All of it, for reading: lines of both start with "  ", missing ones with "- ", surplus ones with "+ ". */
      difference: string;
    };

/** Compares the text of an output block with what really came (raw: terminal sequences are removed here). */
export function compareOutput(expected: string, actual: string, values: Values = {}): Comparison {
  const wanted = linesOf(expected);
  const came = visible(actual);
  const reached = furthest(wanted, came, values);
  if (reached === undefined) return { same: true };
  return {
    same: false,
    line: reached.wanted + 1,
    expected: wanted[reached.wanted] ?? 'nothing more',
    received: came[reached.came] ?? 'nothing more',
    difference: difference(wanted, came, values),
  };
}

/** The lines that are compared: what was on the screen, without NOTICE lines. */
export function visible(actual: string): string[] {
  const lines = clean(actual).filter((line) => !NOTICE.test(line));
  while (lines.at(-1) === '') lines.pop();
  return lines;
}

/** The lines of an output block. */
export function linesOf(expected: string): string[] {
  const lines = expected.split('\n').map((line) => line.replace(/\s+$/, ''));
  while (lines.at(-1) === '') lines.pop();
  return lines.filter((line) => !NOTICE.test(line));
}

/**
 * Follows all ways in which `…` can stretch at once. Undefined: one of them fits. Else how far the best one came: the
 * last expected line that was reached, and the received line that stood there first.
 */
function furthest(wanted: string[], came: string[], values: Values): { wanted: number; came: number } | undefined {
  let open = new Set([0]);
  for (const [index, line] of wanted.entries()) {
    const next = new Set<number>();
    if (isManyLines(line)) {
      for (let at = Math.min(...open); at <= came.length; at += 1) next.add(at);
    } else {
      const pattern = linePattern(line, values);
      for (const at of open) {
        if (at < came.length && pattern.test(came[at] ?? '')) next.add(at + 1);
        // Blank lines at the end of the screen are not compared: behind all that came, one may have stood.
        if (line === '' && at === came.length) next.add(at);
      }
    }
    if (next.size === 0) return { wanted: index, came: Math.min(...open) };
    open = next;
  }
  return open.has(came.length) ? undefined : { wanted: wanted.length, came: Math.max(...open) };
}

/** A line difference by longest common subsequence, where an expected line equals what its pattern matches. */
function difference(wanted: string[], came: string[], values: Values): string {
  const kept = came.slice(0, 200);
  const rows = wanted.length + 1;
  const columns = kept.length + 1;
  const common = Array.from({ length: rows }, () => new Array<number>(columns).fill(0));
  const patterns = wanted.map((line) => (isManyLines(line) ? undefined : linePattern(line, values)));
  const cell = (row: number, column: number) => common[row]?.[column] ?? 0;
  const equal = (row: number, column: number) => patterns[row]?.test(kept[column] ?? '') ?? false;
  for (let row = rows - 2; row >= 0; row -= 1)
    for (let column = columns - 2; column >= 0; column -= 1) {
      const best = equal(row, column)
        ? cell(row + 1, column + 1) + 1
        : Math.max(cell(row + 1, column), cell(row, column + 1));
      const cells = common[row];
      if (cells) cells[column] = best;
    }
  const text: string[] = [];
  let row = 0;
  let column = 0;
  let stretching = false;
  while (row < wanted.length || column < kept.length) {
    if (row < wanted.length && patterns[row] === undefined) {
      text.push('  …');
      stretching = true;
      row += 1;
    } else if (row < wanted.length && column < kept.length && equal(row, column)) {
      text.push(`  ${kept[column]}`);
      stretching = false;
      row += 1;
      column += 1;
    } else if (row < wanted.length && (column === kept.length || cell(row + 1, column) >= cell(row, column + 1))) {
      text.push(`- ${wanted[row]}`);
      row += 1;
    } else {
      if (!stretching) text.push(`+ ${kept[column]}`);
      column += 1;
    }
  }
  if (came.length > kept.length) text.push(`+ … ${came.length - kept.length} more lines`);
  return text.join('\n');
}
