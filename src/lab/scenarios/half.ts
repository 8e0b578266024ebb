/** A database as a restore that broke off leaves it: the schema and part of the rows, no index and no constraint. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createEmpty, type DatabaseProperties } from './database.ts';
import type { Stage } from './scenario.ts';

/** Makes `name` (which is not there) from the good backup: half of the tables, and half the rows of the largest of them. */
export async function restoreHalf(stage: Stage, name: string, like: DatabaseProperties): Promise<void> {
  const { server, folder } = stage;
  const archive = join(stage.backup.folder, stage.backup.name);
  await createEmpty(server, name, like);
  await pgRestore(stage, ['--section=pre-data', `--dbname=${name}`, archive], archive);
  const { stdout } = await pgRestore(stage, ['--list', archive], archive);
  const data = stdout.split('\n').filter((line) => /^\d+; \d+ \d+ TABLE DATA /.test(line));
  const list = join(folder, '.half.list');
  try {
    await writeFile(list, data.slice(0, Math.ceil(data.length / 2)).join('\n'));
    await pgRestore(stage, ['--section=data', `--use-list=${list}`, `--dbname=${name}`, archive], archive, list);
  } finally {
    await rm(list, { force: true });
  }
  await using client = await stage.connect(name);
  const largest = await client.query<{ name: string }>(`
    SELECT format('%I.%I', n.nspname, c.relname) AS name
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     ORDER BY pg_relation_size(c.oid) DESC, 1 LIMIT 1`);
  for (const { name: table } of largest.rows)
    await client.query(`
      DELETE FROM ONLY ${table} WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM ONLY ${table} ORDER BY ctid LIMIT (SELECT (count(*) + 1) / 2 FROM ONLY ${table})))`);
}

/** Runs pg_restore as the superuser; a status other than 0 is thrown as `program-failed`. */
export function pgRestore({ lab, signal }: Stage, args: string[], ...files: string[]): Promise<{ stdout: string }> {
  return lab.toolbox.pgRestore(args, { files, signal });
}

/** The name of an earlier try; undefined where it would no longer be a name with the ending added. */
export function derived(database: string, ending: string): string | undefined {
  const name = `${database}${ending}`;
  return Buffer.byteLength(name) > 63 ? undefined : name;
}
