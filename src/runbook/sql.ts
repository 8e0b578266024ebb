/** SQL inside commands: here-documents, here-strings, `-c` strings. */
import type { Command, Word } from 'unbash';
import { hereDocuments, type Invocation, invocation, textOf } from './words.ts';

const PSQL: ReadonlySet<string> = new Set(['psql']);

/** A stretch of the command that is SQL, as written there, quotes included. */
export type SqlText = {
  /** Offsets into the command. */
  start: number;
  end: number;
  from: 'here-document' | 'here-string' | '-c';
};

export function psqlOf(command: Command): Invocation | undefined {
  return invocation(command, PSQL);
}

/** All SQL that a command hands to psql. */
export function sqlOf(command: Command): SqlText[] {
  const psql = psqlOf(command);
  if (psql === undefined) return [];
  const texts: SqlText[] = [];
  for (const document of hereDocuments(command))
    texts.push({ start: document.body.pos, end: document.body.end, from: 'here-document' });
  for (const redirect of command.redirects)
    if (redirect.type === 'HereString' && redirect.target)
      texts.push({ start: redirect.target.pos, end: redirect.target.end, from: 'here-string' });
  for (const word of commandStrings(psql.args)) {
    // The dashes of `--command=` would be read as the beginning of an SQL comment.
    const flag = /^--command=/.exec(textOf(word))?.[0] ?? '';
    texts.push({ start: word.pos + flag.length, end: word.end, from: '-c' });
  }
  return texts;
}

/** The words of `-c SQL`, `-XAtc SQL`, `-cSQL`, `--command SQL`, `--command=SQL`. */
export function commandStrings(args: readonly Word[]): Word[] {
  return args.flatMap((word, index) => {
    const text = textOf(word);
    if (text.startsWith('--command=') || /^-[A-Za-bd-z]*c.+/s.test(text)) return [word];
    const next = args[index + 1];
    return (text === '--command' || /^-[A-Za-bd-z]*c$/.test(text)) && next ? [next] : [];
  });
}

/** SQL with its comments blanked out; every offset stays. Strings stay: a string with \gexec behind it is run. */
export function withoutComments(sql: string): string {
  return sql.replace(/--[^\n]*|\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '));
}

const DESTRUCTIVE: readonly { what: string; pattern: RegExp }[] = [
  { what: 'DROP', pattern: /\bDROP\s+(?:OWNED|[A-Z]+)\b[^;\n]*/gi },
  { what: 'TRUNCATE', pattern: /\bTRUNCATE\s+(?!ON\b)(?:TABLE\s+|ONLY\s+)*["$%\w:][^;\n]*/gi },
  { what: 'DELETE', pattern: /\bDELETE\s+FROM\b[^;\n]*/gi },
  { what: 'RENAME', pattern: /\bALTER\s+[A-Z]+\s[^;]*?\bRENAME\b[^;\n]*/gi },
];

export type SqlFinding = { what: string; text: string; start: number };

/** What a piece of SQL destroys or renames, in its order. */
export function destructiveSql(sql: string): SqlFinding[] {
  const text = withoutComments(sql);
  const found = DESTRUCTIVE.flatMap(({ what, pattern }) =>
    [...text.matchAll(pattern)].map((match) => ({
      what: kindOf(what, match[0]),
      text: match[0].trim(),
      start: match.index,
    })),
  );
  return found.sort((a, b) => a.start - b.start);
}

/** `DROP DATABASE`, `ALTER DATABASE … RENAME`: the statement and the kind of object. */
function kindOf(what: string, text: string): string {
  const kind = /^\w+\s+(\w+)/.exec(text)?.[1]?.toUpperCase() ?? '';
  if (what === 'DROP') return `DROP ${kind}`;
  return what === 'RENAME' ? `RENAME ${kind}` : what;
}
