/** An archive's table of contents, as `pg_restore --list` prints it. */
import { join } from 'node:path';
import { Failure } from '../failure.ts';
import type { OpenedArchive } from '../postgres/opened.ts';
import { type PostgresPrograms, postgresPrograms } from '../postgres/programs.ts';
import { checkStructure, readWhole, unreadable } from '../postgres/verify.ts';
import { lastLines, run } from '../process.ts';

export type TocEntry = {
  /** The number of the entry in the archive, which `--use-list` takes. */
  id: number;
  /** `TABLE`, `TABLE DATA`, `FK CONSTRAINT`, … */
  kind: string;
  /** Schema, name and owner as the list prints them, unquoted: they cannot always be told apart. */
  rest: string;
};
export type Contents = {
  /** The database that was dumped, where the archive says it. */
  database: string | undefined;
  entries: TocEntry[];
  /** Rows of each table by its name as SQL writes it, where the archive was read to its end. */
  rows?: ReadonlyMap<string, number>;
};

/** Kinds of more than one word that matter here, the longer ones first; of any other the first word is taken. */
const LONG_KINDS = [
  'MATERIALIZED VIEW DATA',
  'MATERIALIZED VIEW',
  'CHECK CONSTRAINT',
  'FK CONSTRAINT',
  'FOREIGN TABLE',
  'DEFAULT ACL',
  'EVENT TRIGGER',
  'ROW SECURITY',
  'SEQUENCE OWNED BY',
  'SEQUENCE SET',
  'TABLE ATTACH',
  'TABLE DATA',
];

/**
 * What an archive says it holds. SQL is always read to its end, for nothing else tells; others when `complete`.
 * @throws Failure archive-damaged, archive-unsafe, archive-newer, archive-compression
 */
export async function readArchive(
  archive: OpenedArchive,
  programs: PostgresPrograms,
  { complete, signal }: { complete: boolean; signal: AbortSignal },
): Promise<Contents> {
  await checkStructure(archive);
  if (archive.head.format === 'plain') {
    const { database, entries, rows } = await readWhole(archive, programs, signal);
    return { database, entries: entries.map((entry) => ({ id: 0, ...entry })), rows };
  }
  const { contents, message } = await readContents(archive.file, signal);
  if (contents === undefined) throw new Failure('archive-damaged', { archive: archive.name, message });
  if (!complete) return contents;
  return { ...contents, rows: (await readWhole(archive, programs, signal)).rows };
}

/**
 * With `create`, what makes the database itself is among the entries. Undefined when pg_restore does not accept the file; `message` then holds its words.
 * @throws Failure archive-newer, archive-compression when this pg_restore was not made for it
 */
export async function readContents(
  file: string,
  signal?: AbortSignal,
  { create = false } = {},
): Promise<{ contents: Contents | undefined; message: string }> {
  const programs = await postgresPrograms();
  const ran = await run(join(programs.bin, 'pg_restore'), ['--list', ...(create ? ['--create'] : []), file], {
    timeout: 120_000,
    env: { ...process.env, LC_ALL: 'C' },
    ...(signal === undefined ? {} : { signal }),
  });
  // Of a compression that it lacks it only warns here, and fails when the data come.
  const lacking = unreadable(ran.stderr, programs);
  if (lacking !== undefined) throw lacking;
  if (ran.status !== 0) return { contents: undefined, message: lastLines(ran.stderr) };
  return { contents: parseContents(ran.stdout), message: '' };
}

/** Pure. */
export function parseContents(list: string): Contents {
  const entries = list.split('\n').flatMap((line): TocEntry[] => {
    const [, id, words] = /^(\d+); \d+ \d+ (.+)$/.exec(line) ?? [];
    if (id === undefined || words === undefined) return [];
    const kind = LONG_KINDS.find((long) => words.startsWith(`${long} `)) ?? words.split(' ', 1)[0] ?? '';
    return [{ id: Number(id), kind, rest: words.slice(kind.length + 1) }];
  });
  return { database: /^; +dbname: (.*)$/m.exec(list)?.[1]?.trim(), entries };
}
