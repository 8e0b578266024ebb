/**
 * The whole backup in a throwaway database, proven, from where single tables are taken: there the server itself says what belongs to
 * a table, and renames it where it shall stand beside.
 */
import { Failure } from '../../failure.ts';
import { type Client, connect, quoteIdentifier } from '../../postgres/connection.ts';
import type { Content } from '../../postgres/content.ts';
import type { Report } from '../../progress.ts';
import type { Settings } from '../../settings.ts';
import { type Brought, bringBackup } from '../brought.ts';
import { administer, commentOnDatabase, createDatabase, databaseOid, dropDatabase } from '../database.ts';
import { holdTestDatabase } from '../leftovers.ts';
import { commentOf, ourselves } from '../mark.ts';
import { mayCreate } from '../preflight.ts';
import { firstOfEachKind } from '../proof.ts';
import { compareDatabaseWithManifest } from '../read.ts';
import { missingRoles } from '../roles.ts';
import { restoreInStages } from '../stages.ts';
import { testDatabaseName } from '../test-database.ts';

export type Staged = AsyncDisposable & {
  database: string;
  client: Client;
  backup: string;
  verdict: 'equal' | 'unproven';
};

type Options = { backup: string | undefined; report: Report; signal: AbortSignal };

/**
 * @param check is given what the backup holds before anything is made
 * @throws Failure roles-missing, createdb-missing, backup-unfit, restore-failed, restore-differs and those of the store, the archive and the server
 */
export async function stage(
  settings: Settings,
  { backup: wanted, report, signal }: Options,
  check: (brought: Brought) => void,
): Promise<Staged> {
  await using stack = new AsyncDisposableStack();
  // Not ended by the signal: it removes the database.
  const admin = stack.use(await administer(settings.postgres));
  const server = await mayCreate(admin);
  await using brought = await bringBackup(settings, wanted, { server: server.server, report, signal });
  const { backup, manifest, archive, contents } = brought;
  check(brought);
  const missing = await missingRoles(admin, brought, signal);
  if (missing.length > 0) throw new Failure('roles-missing', { backup: backup.name, roles: missing.join(', ') });

  const database = testDatabaseName(settings.postgres.database);
  stack.defer(async () => {
    await using remover = await administer(settings.postgres);
    report({ kind: 'stage', title: `Removing ${database}` });
    if (!(await dropDatabase(remover, database))) throw new Failure('test-database-left', { database });
  });
  signal.throwIfAborted();
  report({ kind: 'stage', title: `Restoring the whole backup into ${database}` });
  await holdTestDatabase(admin, database);
  await createDatabase(admin, database, manifest?.content.database);
  const oid = (await databaseOid(admin, database)) ?? '';
  await commentOnDatabase(admin, database, commentOf(backup.name, database, oid, await ourselves()));
  const roles = manifest?.content.roles;
  const target = { settings: settings.postgres, database, admin };
  const { fault } = await restoreInStages(target, archive, { ...server, contents, roles, whole: true, signal });
  if (fault !== undefined) throw new Failure('backup-unfit', { backup: backup.name, reason: fault });
  if (manifest !== undefined) await prove(settings, database, manifest, { report, signal });
  // The staged database is made for one purpose and renamed in: it must be closed before it is dropped.
  const client = stack.use(await connect(settings.postgres, { database, signal }));
  const held = stack.move();
  const verdict = manifest === undefined ? 'unproven' : 'equal';
  return { database, client, backup: backup.name, verdict, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

async function prove(
  settings: Settings,
  database: string,
  manifest: NonNullable<Brought['manifest']>,
  options: { report: Report; signal: AbortSignal },
): Promise<void> {
  options.report({ kind: 'stage', title: 'Comparing it with the manifest' });
  const all = await compareDatabaseWithManifest(settings, database, manifest, options);
  const differences = all.filter(({ kind }) => kind !== 'database' && kind !== 'database setting');
  if (differences.length > 0)
    throw new Failure('restore-differs', { database, difference: firstOfEachKind(differences, 3).join('; ') });
}

/** Tables of the staged database get the place and the names that they shall have beside the present ones. */
export async function moveBeside(
  client: Client,
  tables: readonly { schema: string; name: string; quoted: string; unit: string }[],
  beside: { schema: string } | { suffix: string },
): Promise<void> {
  const plain = tables.map(({ quoted }) => quoted);
  // A partition that was chosen without its whole becomes a table of its own.
  for (const { quoted, unit } of tables) if (quoted === unit) await detach(client, quoted);
  if ('schema' in beside) {
    const schema = quoteIdentifier(beside.schema);
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
    for (const { name, kind } of await statisticsOf(client, plain))
      await client.query(`ALTER ${kind} ${name} SET SCHEMA ${schema}`);
    for (const table of plain) await client.query(`ALTER TABLE ${table} SET SCHEMA ${schema}`);
    return;
  }
  const named = (name: string) => {
    const whole = name + beside.suffix;
    if (Buffer.byteLength(whole) > 63)
      throw new Failure('argument-wrong', {
        argument: 'beside',
        reason: `"${whole}" has more than 63 bytes`,
        usage: 'another suffix',
      });
    return quoteIdentifier(whole);
  };
  const things = [...(await statisticsOf(client, plain)), ...(await belongings(client, plain))];
  for (const { kind, name, bare } of things) await client.query(`ALTER ${kind} ${name} RENAME TO ${named(bare)}`);
  for (const { quoted, name } of tables) await client.query(`ALTER TABLE ${quoted} RENAME TO ${named(name)}`);
}

async function detach(client: Client, table: string): Promise<void> {
  const { rows } = await client.query<{ parent: string }>(
    `SELECT format('%I.%I', n.nspname, p.relname) AS parent
     FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid AND c.relispartition
     JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace n ON n.oid = p.relnamespace
     WHERE i.inhrelid = to_regclass($1)`,
    [table],
  );
  for (const { parent } of rows) await client.query(`ALTER TABLE ${parent} DETACH PARTITION ${table}`);
}

type Named = { kind: string; name: string; bare: string };

async function statisticsOf(client: Client, tables: readonly string[]): Promise<Named[]> {
  const { rows } = await client.query<Named>(
    `SELECT 'STATISTICS' AS kind, format('%I.%I', n.nspname, s.stxname) AS name, s.stxname::text AS bare
     FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace
     WHERE s.stxrelid = ANY (SELECT to_regclass(t)::oid FROM unnest($1::text[]) AS t)`,
    [tables],
  );
  return rows;
}

async function belongings(client: Client, tables: readonly string[]): Promise<Named[]> {
  const { rows } = await client.query<Named>(
    `WITH t AS (SELECT to_regclass(name)::oid AS oid FROM unnest($1::text[]) AS name)
     SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'INDEX' END AS kind,
       format('%I.%I', n.nspname, c.relname) AS name, c.relname::text AS bare
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE c.oid IN (SELECT i.indexrelid FROM pg_index i JOIN t ON t.oid = i.indrelid)
       OR c.relkind = 'S' AND c.oid IN (
         SELECT d.objid FROM pg_depend d JOIN t ON t.oid = d.refobjid
         WHERE d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i'))`,
    [tables],
  );
  return rows;
}

/** A content that holds nothing but some objects. */
export function onlyObjects(content: Omit<Content, 'tables'>, objects: Content['objects']): Content {
  return { ...content, tables: [], sequences: [], largeObjects: { count: 0, hash: '0' }, extensions: [], objects };
}
