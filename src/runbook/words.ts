/** Small questions about unbash's tree: what a command is called, and what its words say. */
import type { Command, HereDoc, Word } from 'unbash';

/** A word without its quotes; expansions stay as they are written. */
export function textOf(word: Word): string {
  return word.value;
}

/** The command and its arguments, without assignments before it and without redirections. */
export function wordsOf(command: Command): Word[] {
  const words = command.name === undefined ? [] : [command.name];
  for (const part of command.suffix) {
    if (part.type === 'Word') words.push(part);
    // `dd if=a of=b` and `export A=b`: unbash tells them apart by the command's name; both are plain words here.
    if (part.type === 'Assignment')
      words.push({ type: 'Word', text: part.text, value: part.text, pos: part.pos, end: part.end, parts: undefined });
  }
  return words;
}

/** `/usr/bin/psql` is psql. */
export function baseName(text: string): string {
  return text.slice(text.lastIndexOf('/') + 1);
}

export function hereDocuments(command: Command): HereDoc[] {
  return command.redirects.filter((redirect) => redirect.type === 'HereDoc');
}

/** Programs that run the command that follows among their arguments. */
const WRAPPERS = new Set(
  'sudo doas env time timeout nice ionice nohup command exec builtin xargs runuser su docker docker-compose podman kubectl ssh setsid stdbuf npx watch flock'.split(
    ' ',
  ),
);

export type Invocation = { program: string; name: Word; args: Word[] };

/**
 * The programs that a command runs, looked for behind wrappers too: `docker compose exec -T postgres psql -c …` runs
 * docker, compose and psql.
 * @param programs the names that are looked for
 */
export function invocations(command: Command, programs: ReadonlySet<string>): Invocation[] {
  const words = wordsOf(command);
  const found: Invocation[] = [];
  const wrapped = words[0] !== undefined && WRAPPERS.has(baseName(textOf(words[0])));
  for (const [index, word] of (wrapped ? words : words.slice(0, 1)).entries()) {
    const program = baseName(textOf(word));
    if (programs.has(program)) found.push({ program, name: word, args: words.slice(index + 1) });
  }
  return found;
}

/** The innermost of them. */
export function invocation(command: Command, programs: ReadonlySet<string>): Invocation | undefined {
  return invocations(command, programs).at(-1);
}

/** Is one of `--long`, `--long=…`, or a short letter within `-abc` among the arguments? */
export function hasFlag(args: readonly Word[], long: readonly string[], short = ''): Word | undefined {
  return args.find((word) => {
    const text = textOf(word);
    if (text.startsWith('--')) return long.includes(text.replace(/=.*$/s, ''));
    return /^-[A-Za-z]+$/.test(text) && [...short].some((letter) => text.includes(letter));
  });
}

/** The arguments that are no options: `mc --quiet rm x` → rm, x. Options' separate values count as arguments. */
export function plainArgs(args: readonly Word[]): Word[] {
  return args.filter((word) => !textOf(word).startsWith('-'));
}
