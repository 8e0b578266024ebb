/**
 * Restores a backup in the place of a database, and never has less than one whole database: it is restored beside, proven equal to the
 * backup, and put in the place by renaming. The replaced one is kept, and dropped only on request, and only after that proof.
 */
import { Failure } from '../failure.ts';
import { silent } from '../progress.ts';
import type { Settings } from '../settings.ts';
import { type RestoreDatabaseOptions, type RestoredDatabase, restoreDatabase } from './create.ts';
import { administer, databaseExists, dropDatabase } from './database.ts';
import { checkFree, checkName } from './database-name.ts';
import { rename } from './swap.ts';

export type RestoreInPlaceOptions = Omit<RestoreDatabaseOptions, 'into'> & {
  /** The database to replace; that of the settings without it. It may be absent. */
  database?: string | undefined;
  /** Where the backup is restored first; `<database>_restored` without it. */
  beside?: string | undefined;
  /** The name of the replaced one; `<database>_old` without it. */
  keep?: string | undefined;
  /** Drops the replaced one in the end. It is kept all the same where the backup has no manifest to prove the new one with. */
  dropReplaced?: boolean | undefined;
};

export type RestoredInPlace = RestoredDatabase & {
  /** The name under which the replaced database is kept; undefined when it was dropped, or there was none. */
  kept: string | undefined;
  sessionsEnded: number;
};

/**
 * @throws Failure as of restoreDatabase and swap; replaced-left when all is done but the replaced one could not be dropped. The database
 *   is as before after any other failure.
 */
export async function restoreInPlace(
  settings: Settings,
  options: RestoreInPlaceOptions = {},
): Promise<RestoredInPlace> {
  const database = options.database ?? settings.postgres.database;
  const { beside = `${database}_restored`, keep = `${database}_old`, report = silent, signal } = options;
  for (const name of [database, beside, keep]) checkName(name);
  await using admin = await administer(settings.postgres, signal);
  await checkFree(admin, keep);
  const { backup, makeRoles } = options;
  const restored = await restoreDatabase(settings, { backup, makeRoles, into: beside, report, signal });
  const made = { ...restored, database };
  const present = await databaseExists(settings, database);
  const renames = [...(present ? [[database, keep] as const] : []), [beside, database] as const];
  report({ kind: 'stage', title: `Putting ${beside} in the place of ${database}` });
  let sessionsEnded: number;
  try {
    sessionsEnded = await rename(settings, renames, signal);
  } catch (error) {
    // Either both names have changed, or none: then this one is of no use to anybody.
    await using client = await administer(settings.postgres);
    if (!(await dropDatabase(client, beside))) throw new Failure('restore-left', { name: beside }, { cause: error });
    throw error;
  }
  if (!present) return { ...made, kept: undefined, sessionsEnded };
  if (options.dropReplaced !== true || restored.verdict !== 'equal') return { ...made, kept: keep, sessionsEnded };
  report({ kind: 'stage', title: `Dropping ${keep}, which was replaced` });
  if (!(await dropDatabase(admin, keep))) throw new Failure('replaced-left', { name: keep, database });
  return { ...made, kept: undefined, sessionsEnded };
}
