/** An archive's table of contents, as `pg_restore --list` prints it. */
import { join } from 'node:path';
import { postgresPrograms } from '../postgres/programs.ts';
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
  /** The database that was dumped. */
  database: string;
  entries: TocEntry[];
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

/** Undefined when pg_restore does not accept the file; `message` then holds its words. */
export async function readContents(
  file: string,
  signal?: AbortSignal,
): Promise<{ contents: Contents | undefined; message: string }> {
  const { bin } = await postgresPrograms();
  const ran = await run(join(bin, 'pg_restore'), ['--list', file], {
    timeout: 120_000,
    env: { ...process.env, LC_ALL: 'C' },
    ...(signal === undefined ? {} : { signal }),
  });
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
  return { database: /^; +dbname: (.*)$/m.exec(list)?.[1]?.trim() ?? '', entries };
}
