/** What must be gone after a failure: looked up behind the back of the code that should have removed it. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { commandOf, processIds, statOf } from '../../src/process/list.ts';
import type { Services } from './services.ts';

/** The names of all objects in a bucket. */
export async function objectsIn(services: Services, bucket: string): Promise<string[]> {
  const names: string[] = [];
  for await (const object of services.s3.listObjectsV2(bucket, '', true)) names.push(object.name);
  return names.sort();
}

/** Files of unfinished uploads, read from MinIO's own disk: its list of uploads only answers for whole names. */
export async function uploadedParts(services: Services): Promise<string[]> {
  const folder = join(services.folder, 'minio/.minio.sys/multipart');
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** Sessions of anybody but the one who asks, in any database. */
export async function otherSessions(services: Services): Promise<string[]> {
  const rows = await services.sql(`
    SELECT application_name || ': ' || query AS session FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`);
  return rows.map((row) => String(row.session));
}

/** Command lines of the programs that this process started and that still run, servers of the test excluded. */
export function childPrograms(services: Services): string[] {
  const servers = new Set([services.postgres.pid, services.minio.pid]);
  return programs()
    .filter(({ pid, parent }) => parent === process.pid && !servers.has(pid))
    .map(({ command }) => command.join(' '));
}

export type Program = { pid: number; parent: number; command: string[] };

/** Every program on the machine, as every user of it can see them. */
export function programs(): Program[] {
  return processIds().flatMap((pid) => {
    const stat = statOf(pid);
    if (stat === undefined || stat.state === 'Z') return [];
    return [{ pid, parent: stat.parent, command: commandOf(pid) }];
  });
}
