/** The toolbox of a local lab: this machine. A reader's folders are where they were made, and programs run here. */
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../failure.ts';
import { environmentOf } from '../../postgres/connection.ts';
import { postgresPrograms } from '../../postgres/programs.ts';
import { runOrFail } from '../../process.ts';
import type { Settings } from '../../settings.ts';
import type { Toolbox } from '../toolbox.ts';
import { homeOf } from './readers.ts';

export function localToolbox(folder: string, settings: Settings): Toolbox {
  return {
    folders: (work) => ({ folder: join(work, 'toolbox'), home: join(work, 'home'), tmp: join(work, 'tmp') }),
    copyHome: (reader, to) => cp(homeOf(folder, reader), to, { recursive: true, verbatimSymlinks: true }),
    async open(work, { room }) {
      if (room === undefined) return { async [Symbol.asyncDispose]() {} };
      return limited(join(work, 'toolbox'), room);
    },
    async pgRestore(args, { signal }) {
      const { bin } = await postgresPrograms();
      const env = environmentOf(settings.postgres);
      return runOrFail(join(bin, 'pg_restore'), args, { env, ...(signal === undefined ? {} : { signal }) });
    },
  };
}

/** Mounts a file system of this many bytes over the folder. */
async function limited(folder: string, room: number) {
  const size = `size=${Math.floor(room / 1024)}k,mode=0700`;
  try {
    await runOrFail('mount', ['-t', 'tmpfs', '-o', size, 'drillbook', folder], { timeout: 30_000 });
  } catch (cause) {
    const reason = 'a small file system can only be mounted by root';
    throw new Failure('scenario-impossible', { scenario: 'disk-full', reason }, { cause });
  }
  return {
    // Lazily: a terminal that still stands in it must not keep it mounted for ever.
    async [Symbol.asyncDispose]() {
      await runOrFail('umount', ['--lazy', folder], { timeout: 30_000 });
    },
  };
}
