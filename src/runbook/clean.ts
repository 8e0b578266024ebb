/**
 * What a person saw, from what a terminal received: sequences are removed, and a line that was redrawn counts as its
 * last state. It follows carriage returns, backspaces, erasing and moving up and down (progress of several lines);
 * everything else that starts with ESC has no effect on the text.
 */

/** CSI; OSC, DCS, APC, PM, SOS up to BEL or ESC \; character sets; single escapes; and each of them cut off at the end. */
const SEQUENCE =
  /\x1b(?:\[([0-?]*)[ -/]*([@-~])|[\]PX^_][^\x07\x1b]*(?:\x1b(?!\\)[^\x07\x1b]*)*(?:\x07|\x1b\\|$)|\[[0-?]*[ -/]*$|[ -/]+[0-~]|[0-OQ-WYZ\\`-~]|[ -/]*$)/y;

/** The lines on the screen, without trailing blanks and without empty lines at the end. */
export function clean(raw: string): string[] {
  const lines: string[][] = [[]];
  let row = 0;
  let column = 0;
  const line = () => {
    while (lines.length <= row) lines.push([]);
    return lines[row] ?? [];
  };
  const put = (character: string) => {
    const cells = line();
    while (cells.length < column) cells.push(' ');
    cells[column] = character;
    column += 1;
  };
  const control = (parameters: string, final: string) => {
    const count = Math.max(1, Number.parseInt(parameters, 10) || 1);
    const mode = Number.parseInt(parameters, 10) || 0;
    if (final === 'A') row = Math.max(0, row - count);
    else if (final === 'B') row = Math.min(lines.length - 1, row + count);
    else if (final === 'C') column += count;
    else if (final === 'D') column = Math.max(0, column - count);
    else if (final === 'E') [row, column] = [Math.min(lines.length - 1, row + count), 0];
    else if (final === 'F') [row, column] = [Math.max(0, row - count), 0];
    else if (final === 'G') column = count - 1;
    else if (final === 'K') erase(line(), column, mode);
    else if (final === 'J' && mode === 0) {
      erase(line(), column, 0);
      lines.length = row + 1;
    }
  };
  for (let at = 0; at < raw.length; ) {
    const character = raw[at] ?? '';
    if (character === '\x1b') {
      SEQUENCE.lastIndex = at;
      const match = SEQUENCE.exec(raw);
      if (match?.[2] !== undefined) control(match[1] ?? '', match[2]);
      at += Math.max(1, match?.[0].length ?? 1);
      continue;
    }
    if (character === '\n') [row, column] = [row + 1, 0];
    else if (character === '\r') column = 0;
    else if (character === '\b') column = Math.max(0, column - 1);
    else if (character === '\t' || character >= ' ') put(character);
    if (character === '\n') line();
    at += 1;
  }
  const seen = lines.map((cells) => cells.join('').replace(/\s+$/, ''));
  while (seen.at(-1) === '') seen.pop();
  return seen;
}

function erase(cells: string[], column: number, mode: number): void {
  if (mode === 0) cells.length = Math.min(cells.length, column);
  else for (let at = 0; at < cells.length && (mode === 2 || at <= column); at += 1) cells[at] = ' ';
}
