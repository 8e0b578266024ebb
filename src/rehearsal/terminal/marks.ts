/**
 * Reads the marks of reader.bashrc out of what a terminal showed: when a paste ended, with which status, and on which
 * of its lines a command failed.
 */

const PROMPT = /\x1b\]133;D;(\d+)(?:;(\d+))?\x07/;
// Shells of others may leave out the line.
const MARK = /\x1b\]133;(?:([CD]);(\d+)(?:;(\d+))?|(L);(\d+)|(2))\x07/g;
/** Readline prints this when it accepts a paste: what is before it is the echo, what follows is output. */
const ACCEPTED = '\x1b[?2004l\r';

export type Prompt = { status: number; line: number };

/** The prompt that closes `text`, when there is one after the paste was accepted. */
export function promptIn(text: string): Prompt | undefined {
  const accepted = text.indexOf(ACCEPTED);
  const match = accepted === -1 ? null : PROMPT.exec(text.slice(accepted));
  return match === null ? undefined : { status: Number(match[1]), line: Number(match[2] ?? 0) };
}

/** Whether bash asks for more lines: an unclosed quote, parenthesis or here-document. */
export function wantsMore(text: string): boolean {
  const accepted = text.indexOf(ACCEPTED);
  return accepted !== -1 && text.indexOf('\x1b]133;2\x07', accepted) !== -1;
}

/** What the commands printed, terminal sequences included, our marks and the prompt not. */
export function outputIn(text: string): string {
  const accepted = text.indexOf(ACCEPTED);
  if (accepted === -1) return '';
  const from = accepted + ACCEPTED.length;
  const prompt = text.slice(from).search(PROMPT);
  return text
    .slice(from, prompt === -1 ? undefined : from + prompt)
    .replace(MARK, '')
    .replace(/\x1b\[\?2004h$/, '');
}

export type Verdict = {
  /** The status of the first command that failed, else 0. */
  status: number;
  /** The line of the pasted text, from 1, on which the failed command stands. */
  line?: number;
};

/** History expansion that found nothing: bash skips that line, prompts again and leaves the status as it was. */
export function unknownEvent(text: string, pasted: string): Verdict | undefined {
  const event = /^bash: (.+): event not found\r?$/m.exec(outputIn(text))?.[1];
  if (event === undefined) return undefined;
  const at = pasted.split('\n').findIndex((line) => line.includes(event));
  return at === -1 ? { status: 1 } : { status: 1, line: at + 1 };
}

/**
 * The first failure among the commands of a paste. bash goes on with the next pasted line after one that failed, so the
 * last status alone hides it.
 * @param base the line number that bash stood at before the paste
 */
export function verdictOf(text: string, base: number): Verdict {
  const marks = [...text.slice(Math.max(0, text.indexOf(ACCEPTED))).matchAll(MARK)];
  const lines = marks.some(([, , , kind]) => kind === 'L');
  let line: number | undefined;
  let commands = 0;
  for (const match of marks) {
    if (match[4] === 'L') {
      const at = Number(match[5]) - base;
      if (at > 0) line = at;
    } else if (match[1] === 'C' || match[1] === 'D') {
      const status = Number(match[2]);
      // The first C carries the status of what ran before this paste.
      const ofThisPaste = match[1] === 'D' || commands > 0;
      if (match[1] === 'C') commands += 1;
      // Without marks of lines it is known that a command ran when it was read, and not on which line it stands.
      const ran = lines ? line !== undefined : match[1] === 'C' || commands > 0;
      if (ofThisPaste && ran && status !== 0) return line === undefined ? { status } : { status, line };
      if (match[1] === 'D') return { status: 0 };
    }
  }
  return { status: 0 };
}
