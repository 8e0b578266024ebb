/**
 * Restores an archive, in stages where one run of pg_restore would fail on a good backup, or change it:
 * - foreign keys and triggers. Side by side (`--jobs`), pg_restore makes those of a partitioned table before its partitions have
 *   their rows, for a partitioned table has no data of its own to wait for: then each row fires them;
 * - policies that name roles which this server lacks;
 * - row security that would keep a user who is no superuser from checking foreign keys.
 */
import type { ClientBase } from 'pg';
import { Failure } from '../failure.ts';
import { connect } from '../postgres/connection.ts';
import type { OpenedArchive } from '../postgres/opened.ts';
import type { Settings } from '../settings.ts';
import type { Contents, TocEntry } from './contents.ts';
import { isOfPolicy, lackingRoles, makePolicies, type StatedPolicy, statedPolicies } from './policies.ts';
import { type RestoreOptions, restoreArchive, restoreScript, sqlOf } from './restore.ts';
import { type Filtered, scriptFilter } from './script.ts';

/** Event triggers too: they would answer to the making of the others. */
const LATE: ReadonlySet<string> = new Set(['FK CONSTRAINT', 'TRIGGER', 'EVENT TRIGGER']);

type Target = { settings: Settings['postgres']; database: string; admin: ClientBase };
type Options = Omit<RestoreOptions, 'entries'> & {
  contents: Contents;
  /** The roles that the backup needs, where a manifest tells. */
  roles: readonly string[] | undefined;
};

export type InStages = {
  /** As of restoreArchive. */
  fault: string | undefined;
  /** Those that were made without their roles. */
  policies: StatedPolicy[];
  /** Of SQL: the owners and privileges that it states, which were not restored. */
  filtered?: Filtered;
};

export async function restoreInStages(target: Target, archive: OpenedArchive, options: Options): Promise<InStages> {
  const { settings, database, admin } = target;
  if (archive.head.format === 'plain') {
    const filter = scriptFilter(await rolesOf(admin), options.superuser === true, { whole: options.whole ?? false });
    const fault = await restoreScript(settings, database, archive, filter, options);
    return { fault, policies: filter.filtered.policies, filtered: filter.filtered };
  }
  const { contents, roles, ...common } = options;
  const all = contents.entries;
  const security = common.superuser === true ? [] : all.filter(({ kind }) => kind === 'ROW SECURITY');
  const policies = common.whole === true ? [] : await homelessPolicies(admin, archive, all, { ...common, roles });
  const late = archive.head.format === 'custom' ? all.filter(isOfTrigger) : [];
  const apart = new Set<TocEntry>([...late, ...security, ...(policies.length > 0 ? all.filter(isOfPolicy) : [])]);
  const restore = (entries?: TocEntry[]) => restoreArchive(settings, database, archive, { ...common, entries });

  const fault = await restore(apart.size === 0 ? undefined : all.filter((entry) => !apart.has(entry)));
  if (fault !== undefined) return { fault, policies };
  if (policies.length > 0) await makeWithoutRoles(settings, database, policies, common.signal);
  const lateFault = late.length > 0 ? await restore(late) : undefined;
  if (lateFault !== undefined) return { fault: lateFault, policies };
  return { fault: security.length > 0 ? await restore(security) : undefined, policies };
}

/** Entries that make foreign keys and triggers, and comments on them; a comment on another constraint may come late too. */
function isOfTrigger(entry: TocEntry): boolean {
  const { kind, rest } = entry;
  return LATE.has(kind) || (kind === 'COMMENT' && / (CONSTRAINT|TRIGGER) /.test(rest) && !isOfPolicy(entry));
}

/** All policies, when one of them names a role that is not here; else none. */
async function homelessPolicies(
  admin: ClientBase,
  { file, bytes }: OpenedArchive,
  all: readonly TocEntry[],
  options: Pick<Options, 'roles' | 'signal'>,
): Promise<StatedPolicy[]> {
  const entries = all.filter(isOfPolicy);
  if (entries.length === 0) return [];
  const present = await rolesOf(admin);
  if (options.roles?.every((role) => present.has(role)) === true) return [];
  const policies = statedPolicies(await sqlOf(file, entries, { bytes, signal: options.signal }));
  return lackingRoles(policies, present).length > 0 ? policies : [];
}

async function rolesOf(admin: ClientBase): Promise<Set<string>> {
  const { rows } = await admin.query<{ name: string }>('SELECT rolname::text AS name FROM pg_roles');
  return new Set(rows.map(({ name }) => name));
}

async function makeWithoutRoles(
  settings: Settings['postgres'],
  database: string,
  policies: StatedPolicy[],
  signal: AbortSignal | undefined,
): Promise<void> {
  await using client = await connect(settings, { database, signal });
  try {
    await makePolicies(client, policies);
  } catch (cause) {
    signal?.throwIfAborted();
    throw new Failure('restore-failed', { message: cause instanceof Error ? cause.message : String(cause) }, { cause });
  }
}
