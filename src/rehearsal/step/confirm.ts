/** Before something is destroyed: it is shown with what tells it from others, and its name is typed. */
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { Failure } from '../../failure.ts';
import { describeTarget, type StepContext, type Target } from './definition.ts';

/**
 * Asks on a terminal to type each name; elsewhere each must have been given with `--confirm=<name>`.
 * @throws Failure step-unconfirmed
 */
export async function confirm(targets: Target[], given: string[], context: StepContext): Promise<void> {
  for (const target of targets) process.stderr.write(`This destroys ${await shown(target, context)}\n`);
  for (const target of targets) {
    if (given.includes(target.name)) continue;
    if (!process.stdin.isTTY || !process.stderr.isTTY)
      throw new Failure('step-unconfirmed', { target: describeTarget(target), name: target.name });
    const lines = createInterface({ input: process.stdin, output: process.stderr });
    const typed = await lines.question(`Type ${target.name} to go on: `, { signal: context.signal }).finally(() => {
      lines.close();
    });
    if (typed.trim() !== target.name)
      throw new Failure('step-unconfirmed', { target: describeTarget(target), name: target.name });
  }
}

async function shown(target: Target, context: StepContext): Promise<string> {
  if (target.kind === 'file') {
    const size = await context.place.size(target.name);
    return `file ${join(process.cwd(), target.name)} (${size === undefined ? 'not there now' : `${size} bytes`})`;
  }
  const { host, port } = context.settings().postgres;
  const place = `database ${target.name} on ${host}:${port}`;
  await using client = await context.connect();
  const { rows } = await client.query<{ oid: number; size: string | null; sessions: string }>(
    `SELECT d.oid,
            CASE WHEN has_database_privilege(d.oid, 'CONNECT') THEN pg_size_pretty(pg_database_size(d.oid)) END AS size,
            (SELECT count(*) FROM pg_stat_activity a WHERE a.datid = d.oid) AS sessions
       FROM pg_database d
      WHERE d.datname = $1`,
    [target.name],
  );
  const [row] = rows;
  if (row === undefined) return `${place} (not there now)`;
  return `${place} (oid ${row.oid}, ${row.size ?? 'size unknown'}, ${row.sessions} open sessions)`;
}
