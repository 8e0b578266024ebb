/** Where a step works, as its guards see it: a folder of this machine, or of the container that the reader works in. */
import { existsSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../failure.ts';
import { type Container, runIn } from '../../lab/container.ts';
import { postgresPrograms } from '../../postgres/programs.ts';
import { lastLines, type Ran, type RunOptions, run } from '../../process.ts';

type Running = Pick<RunOptions, 'input' | 'timeout' | 'signal'>;

export type Place = {
  /** In bytes; undefined: there is no file of this name in the working folder. */
  size(name: string): Promise<number | undefined>;
  text(name: string): Promise<string>;
  /** Bytes that the working folder's file system has left. */
  free(): Promise<number>;
  /** Runs a program in the working folder; PostgreSQL's own where it is one of them. */
  run(program: string, args: string[], options?: Running): Promise<Ran>;
};

const POSTGRES_PROGRAMS = ['pg_restore', 'psql', 'pg_dump'];

export function placeHere(folder: string): Place {
  return {
    async size(name) {
      const path = join(folder, name);
      return existsSync(path) ? statSync(path).size : undefined;
    },
    text: async (name) => readFileSync(join(folder, name), 'utf8'),
    async free() {
      const { bavail, bsize } = statfsSync(folder);
      return bavail * bsize;
    },
    async run(program, args, options = {}) {
      const path = POSTGRES_PROGRAMS.includes(program) ? join((await postgresPrograms()).bin, program) : program;
      return run(path, args, { ...options, cwd: folder });
    },
  };
}

/** Looks with programs of the container: the folder is nowhere else. */
export function placeIn(container: Container): Place {
  const ask = async (...argv: string[]) => {
    const ran = await runIn(container, argv, { timeout: 60_000 });
    if (ran.status === 0) return ran.stdout;
    throw new Failure('program-failed', {
      program: argv[0] ?? '',
      status: String(ran.status),
      message: lastLines(ran.stderr),
    });
  };
  return {
    async size(name) {
      const ran = await runIn(container, ['stat', '--dereference', '--format=%s', '--', name], { timeout: 60_000 });
      return ran.status === 0 ? Number(ran.stdout) : undefined;
    },
    text: (name) => ask('cat', '--', name),
    free: async () => Number((await ask('df', '--output=avail', '--block-size=1', '.')).trim().split('\n').at(-1)),
    run: (program, args, options = {}) => runIn(container, [program, ...args], options),
  };
}
