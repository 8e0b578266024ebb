/** A line of expected output as a pattern: `…`, `…>0`, `…s` and `…date` stand for what differs each time. */

export type Values = Record<string, string>;

const DURATION = String.raw`(?:\d+(?:[.,]\d+)?\s*(?:hours?|h|minutes?|min|m|seconds?|ms|s)(?![A-Za-z]))(?:\s+\d+(?:[.,]\d+)?\s*(?:hours?|h|minutes?|min|m|seconds?|ms|s)(?![A-Za-z]))*|\d+:\d{2}(?::\d{2})?(?:[.,]\d+)?`;
const DAY = String.raw`\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])`;
const CLOCK = String.raw`[T _](?:[01]\d|2[0-3])[:-][0-5]\d(?:[:-][0-6]\d(?:[.,]\d+)?)?(?: ?(?:Z|UTC|GMT|[A-Z]{3,4}|[+-]\d{2}(?::?\d{2})?))?`;
const DATE = `${DAY}(?:${CLOCK})?`;
/** A number above zero; thousands may be separated. */
const POSITIVE = String.raw`(?!0*(?:[.,]0+)*(?![.,]?\d))\d+(?:[.,]\d+)*`;

/** The typed ones before the plain one; `…s` only where no word goes on after it. */
const ELISION = /…>0|…date(?![A-Za-z])|…s(?![A-Za-z])|…/g;

/** `…` alone on a line: any number of lines, also none. */
export function isManyLines(line: string): boolean {
  return line.trim() === '…';
}

export function hasElision(line: string): boolean {
  return line.includes('…');
}

/** The pattern that a whole line must match, its parameters filled in and its trailing blanks taken off. */
export function linePattern(line: string, values: Values): RegExp {
  const text = fillText(line, values).replace(/\s+$/, '');
  let pattern = '';
  let from = 0;
  for (const match of text.matchAll(ELISION)) {
    pattern += escapePattern(text.slice(from, match.index)) + elisionPattern(match[0]);
    from = match.index + match[0].length;
  }
  return new RegExp(`^${pattern}${escapePattern(text.slice(from))}$`, 'u');
}

/** `$NAME` and `${NAME}` of known values in text that no shell reads: outputs, `leaves`, `proves`. */
export function fillText(text: string, values: Values): string {
  return text.replace(
    /\$(?:\{(\w+)\}|([A-Za-z_]\w*))/g,
    (whole, braced: string | undefined, bare: string | undefined) => {
      const name = braced ?? bare ?? '';
      return Object.hasOwn(values, name) ? (values[name] ?? whole) : whole;
    },
  );
}

function elisionPattern(elision: string): string {
  if (elision === '…>0') return `(?:${POSITIVE})`;
  if (elision === '…s') return `(?:${DURATION})`;
  return elision === '…date' ? `(?:${DATE})` : '.*';
}

/** RegExp.escape is too new for some browsers. */
function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
}
