/**
 * Commands that destroy or rename: DROP, TRUNCATE, DELETE and renames in any SQL, dropdb and dropuser, `--clean`, `mc rm`
 * and its kin, `rm -r`, volumes of containers. Found in the tree, also inside here-documents, `-c` strings and behind
 * wrappers such as `docker compose exec`. What a program does on its own (a script, `psql -f`) is not seen here: a
 * rehearsal compares what really disappeared.
 */
import { type Command, forEachChild, parse, type SyntaxNode } from 'unbash';
import type { Position } from './model.ts';
import { destructiveSql, psqlOf, sqlOf } from './sql.ts';
import { baseName, hasFlag, type Invocation, invocation, invocations, plainArgs, textOf, wordsOf } from './words.ts';

export type Destructive = {
  /** `DROP DATABASE`, `RENAME DATABASE`, `DELETE`, `TRUNCATE`, `dropdb`, `pg_restore --clean`, `mc rm`, `rm -r`, … */
  what: string;
  /** As it is written in the command. */
  text: string;
  /** Within the command; both count from 1. */
  position: Position;
  /** Within the command, in UTF-16 code units. */
  offset: number;
};

/** Everything in a bash command that destroys or renames, in its order. */
export function destructive(command: string): Destructive[] {
  const found: Destructive[] = [];
  const visit = (node: SyntaxNode) => {
    if (node.type === 'Command')
      for (const { what, text, start } of destructiveParts(node, command))
        found.push({ what, text, offset: start, position: positionOf(command, start) });
    // `echo "DROP …" | psql`: what is printed is run.
    if (node.type === 'Pipeline' && node.commands.some((one) => one.type === 'Command' && psqlOf(one)))
      for (const one of node.commands)
        if (one.type === 'Command')
          for (const { what, text, start } of printedSql(one, command))
            found.push({ what, text, offset: start, position: positionOf(command, start) });
    forEachChild(node, visit);
  };
  visit(parse(command));
  const seen = new Set<string>();
  return found
    .sort((a, b) => a.offset - b.offset)
    .filter(({ what, offset }) => !seen.has(`${what} ${offset}`) && seen.add(`${what} ${offset}`));
}

/** Line and column of an offset, from 1. */
export function positionOf(text: string, offset: number): Position {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
}

export type Part = { what: string; text: string; start: number };

const PROGRAMS: ReadonlySet<string> = new Set(
  'dropdb dropuser pg_restore pg_dump mc mcli rm find shred drillbook volume compose docker-compose'.split(' '),
);
const SHELLS: ReadonlySet<string> = new Set('bash sh zsh dash ksh eval ssh su'.split(' '));
/** They print SQL, and run none; what they are piped into is asked of the pipeline. */
const PRINTERS = new Set('echo printf cat grep sed awk head tail less'.split(' '));

/** What this one command destroys, without the commands inside its words. */
export function destructiveParts(node: Command, source: string): Part[] {
  const parts: Part[] = [];
  for (const run of invocations(node, PROGRAMS)) {
    const what = destructiveProgram(run);
    if (what !== undefined)
      parts.push({ what, text: source.slice(run.name.pos, node.end).split('\n')[0] ?? '', start: run.name.pos });
  }
  for (const { start, end } of sqlOf(node)) parts.push(...shift(destructiveSql(source.slice(start, end)), start));
  parts.push(...inner(node, source));
  return parts;
}

/** Is this SQL that a printer would hand to the next program of a pipeline? */
export function printedSql(node: Command, source: string): Part[] {
  if (!PRINTERS.has(baseName(node.name?.value ?? ''))) return [];
  return shift(destructiveSql(source.slice(node.pos, node.end)), node.pos);
}

function shift(parts: Part[], by: number): Part[] {
  return parts.map((part) => ({ ...part, start: part.start + by }));
}

/** `bash -c "…"`, `eval "…"`, `ssh host "…"`: a word is a command of its own. */
function inner(node: Command, source: string): Part[] {
  const run = invocation(node, SHELLS);
  if (run === undefined) return [];
  return run.args.flatMap((word) => {
    const text = textOf(word);
    if (!/\s/.test(text)) return [];
    // The word's text and its place in the source agree but for its opening quote and escapes: near enough to point at.
    const start = word.pos + Math.max(0, source.slice(word.pos, word.end).indexOf(text));
    return destructive(text).map((part) => ({ what: part.what, text: part.text, start: start + part.offset }));
  });
}

function destructiveProgram({ program, args }: Invocation): string | undefined {
  const [verb, noun] = plainArgs(args).map(textOf);
  switch (program) {
    case 'dropdb':
    case 'dropuser':
      return program;
    case 'pg_restore':
      return hasFlag(args, ['--clean'], 'c') ? 'pg_restore --clean' : undefined;
    case 'pg_dump':
      return undefined;
    case 'mc':
    case 'mcli': {
      const words = args.map(textOf);
      const found = words.find(
        (word, at) => !word.startsWith('-') && !['-C', '--config-dir'].includes(words[at - 1] ?? ''),
      );
      if (found === 'mirror') return hasFlag(args, ['--remove', '--overwrite']) ? 'mc mirror --remove' : undefined;
      return found !== undefined && ['rm', 'rb', 'mv'].includes(found) ? `mc ${found}` : undefined;
    }
    case 'rm':
      return hasFlag(args, ['--recursive'], 'rR') ? 'rm -r' : undefined;
    case 'find':
      return args.some((word) => textOf(word) === '-delete') ? 'find -delete' : undefined;
    case 'shred':
      return 'shred';
    case 'drillbook':
      return verb === 'prune' && !hasFlag(args, ['--dry-run']) ? 'drillbook prune' : undefined;
    case 'volume':
      return verb === 'rm' || verb === 'prune' ? `docker volume ${verb}` : undefined;
    case 'compose':
    case 'docker-compose':
      return (verb === 'down' || noun === 'down') && hasFlag(args, ['--volumes'], 'v')
        ? 'compose down --volumes'
        : undefined;
    default:
      return undefined;
  }
}

/** The words of a command as one line, for messages. */
export function shortText(node: Command): string {
  const text = wordsOf(node)
    .map((word) => word.text)
    .join(' ')
    .replace(/\s+/g, ' ');
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}
