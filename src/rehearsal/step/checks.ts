/** Checks that step scripts name in `before`. Each observes for itself; none reads what a block printed. */
import { lastLines } from '../../process.ts';
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
  async reason({ place, parameters: { BACKUP = '' }, signal }) {
    const size = await place.size(BACKUP);
    if (size === undefined) return `${BACKUP} is not in this folder; download it first`;
    if (size === 0) return `${BACKUP} is empty`;
    const read = await place.run('pg_restore', ['--file=/dev/null', BACKUP], { timeout: READ_MS, signal });
    return read.status === 0 ? undefined : `${BACKUP}: ${lastLines(read.stderr)}`;
  },
};

/** The downloaded backup equals the checksum that was stored with it, and that checksum names it. */
export const archiveMatchesChecksum: Check = {
  title: 'the archive equals its checksum',
  async reason({ place, parameters: { BACKUP: name = '' }, signal }) {
    const sums = `${name}.sha256`;
    if ((await place.size(sums)) === undefined) return `${sums} is not in this folder; download it first`;
    const line = (await place.text(sums)).split('\n').find((text) => text.endsWith(`  ${name}`));
    if (line === undefined) return `${sums} is the checksum of another file`;
    const checked = await place.run('sha256sum', ['--check', '--status'], { input: `${line}\n`, signal });
    return checked.status === 0 ? undefined : `${name} differs from its checksum`;
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

async function exists(context: StepContext, name: string): Promise<boolean> {
  await using client = await context.connect();
  const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
  return rowCount === 1;
}
