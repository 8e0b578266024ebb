/** Checks that step scripts name in `before`. Each observes for itself; none reads what a block printed. */
import { existsSync, readFileSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { postgresPrograms } from '../../postgres/programs.ts';
import { lastLines, run } from '../../process.ts';
import type { Check, StepContext } from './definition.ts';

/** How long reading an archive to its end may take, in milliseconds. */
const READ_MS = 3_600_000;

export const serverIsReachable: Check = {
  title: 'the server answers',
  async reason(context) {
    await using client = await context.connect();
    await client.query('SELECT 1');
    return undefined;
  },
};

/** The downloaded backup can be read to its end: listing its contents would not tell. */
export const archiveIsReadable: Check = {
  title: 'the archive can be read to its end',
  async reason(context) {
    const archive = archiveIn(context);
    if (!existsSync(archive)) return `${context.parameters.BACKUP} is not in this folder; download it first`;
    if (statSync(archive).size === 0) return `${context.parameters.BACKUP} is empty`;
    const { bin } = await postgresPrograms();
    const read = await run(join(bin, 'pg_restore'), ['--file=/dev/null', archive], {
      timeout: READ_MS,
      signal: context.signal,
    });
    return read.status === 0 ? undefined : `${context.parameters.BACKUP}: ${lastLines(read.stderr)}`;
  },
};

/** The downloaded backup equals the checksum that was stored with it, and that checksum names it. */
export const archiveMatchesChecksum: Check = {
  title: 'the archive equals its checksum',
  async reason(context) {
    const name = context.parameters.BACKUP ?? '';
    const sums = join(context.folder, `${name}.sha256`);
    if (!existsSync(sums)) return `${name}.sha256 is not in this folder; download it first`;
    const line = readFileSync(sums, 'utf8')
      .split('\n')
      .find((text) => text.endsWith(`  ${name}`));
    if (line === undefined) return `${name}.sha256 is the checksum of another file`;
    const checked = await run('sha256sum', ['--check', '--status'], {
      cwd: context.folder,
      input: `${line}\n`,
      signal: context.signal,
    });
    return checked.status === 0 ? undefined : `${name} differs from its checksum`;
  },
};

/** Only that the folder is not full: how large the backup is, the download itself finds out, and nothing is lost when it stops. */
export const enoughDiskSpace: Check = {
  title: 'the working folder has room',
  async reason({ folder }) {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize > 16 * 1024 * 1024 ? undefined : `only ${bavail * bsize} bytes are free in this folder`;
  },
};

/** No database has the name that this step is going to create. */
export function databaseIsAbsent(name: (parameters: StepContext['parameters']) => string): Check {
  return {
    title: 'the new database’s name is free',
    async reason(context) {
      const wanted = name(context.parameters);
      return (await exists(context, wanted)) ? `database ${wanted} exists already` : undefined;
    },
  };
}

/** The database that this step works on is there. */
export function databaseExists(name: (parameters: StepContext['parameters']) => string): Check {
  return {
    title: 'the database exists',
    async reason(context) {
      const wanted = name(context.parameters);
      return (await exists(context, wanted)) ? undefined : `there is no database ${wanted}`;
    },
  };
}

/** Sessions of the sample application, by the name it gives itself. Other applications are the reader's to stop. */
export function applicationIsStopped(name: (parameters: StepContext['parameters']) => string): Check {
  return {
    title: 'the application is stopped',
    async reason(context) {
      await using client = await context.connect();
      const wanted = name(context.parameters);
      const { rows } = await client.query<{ application: string; sessions: string }>(
        `SELECT application_name AS application, count(*) AS sessions
           FROM pg_stat_activity
          WHERE datname = $1 AND backend_type = 'client backend' AND application_name ~ '^(freshtrack|backend)'
          GROUP BY application_name`,
        [wanted],
      );
      const [row] = rows;
      return row && `${row.application} still has ${row.sessions} sessions in ${wanted}; stop it first`;
    },
  };
}

async function exists(context: StepContext, name: string): Promise<boolean> {
  await using client = await context.connect();
  const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
  return rowCount === 1;
}

function archiveIn({ folder, parameters }: StepContext): string {
  return join(folder, parameters.BACKUP ?? '');
}
