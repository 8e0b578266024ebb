/**
 * What a real terminal answers when a program asks it something. mc, for one, asks for the background colour and the
 * cursor's place before it does anything, and waits five seconds when nothing answers.
 */
const QUERIES: [pattern: RegExp, answer: string][] = [
  [/^\x1b\]1([01]);\?(?:\x07|\x1b\\)/, '\x1b]1$1;rgb:0000/0000/0000\x1b\\'],
  [/^\x1b\[6n/, '\x1b[1;1R'],
  [/^\x1b\[5n/, '\x1b[0n'],
  [/^\x1b\[0?c/, '\x1b[?62;22c'],
  [/^\x1b\[>0?c/, '\x1b[>1;10;0c'],
  [/^\x1b\[18t/, '\x1b[8;40;120t'],
];
/** The longest query, in characters: one that is cut by a chunk's end is at most this long. */
const LONGEST = 10;

/** Reads what is printed chunk by chunk and returns the answers that a terminal would type. */
export function queryAnswerer(): (chunk: string) => string {
  let rest = '';
  return (chunk) => {
    const text = rest + chunk;
    let answers = '';
    let at = text.indexOf('\x1b');
    let read = 0;
    for (; at !== -1; at = text.indexOf('\x1b', at + 1)) {
      const here = text.slice(at, at + LONGEST);
      const query = QUERIES.find(([pattern]) => pattern.test(here));
      if (query === undefined) continue;
      const [match] = query[0].exec(here) ?? [''];
      answers += match.replace(query[0], query[1]);
      read = at + match.length;
    }
    // Keeps what may be the beginning of a query, never what was answered already.
    rest = text.slice(Math.max(read, text.length - LONGEST + 1));
    return answers;
  };
}
