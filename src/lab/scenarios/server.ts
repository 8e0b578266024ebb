/** Scenarios that change what belongs to the whole server: templates, roles, settings. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../failure.ts';
import { quoteIdentifier } from '../../postgres/connection.ts';
import type { ScenarioName } from '../../runbook/model.ts';
import { connectAdmin } from './admin.ts';
import { applyProperties, createEmpty, dropDatabase, literal } from './database.ts';
import { pgRestore } from './half.ts';
import { impossible } from './impossible.ts';
import { publish } from './kept.ts';
import { productionOf } from './production.ts';
import type { Scenario, Stage } from './scenario.ts';

export const pollutedTemplate: Scenario = {
  summary: 'template1 holds a table, a function and other default privileges',
  async prepare(stage) {
    // Named as one of production's, so that a restore into a copy of template1 meets it.
    const table = await firstTable(stage, 'polluted-template');
    await using client = await stage.connect('template1');
    await client.query(`
      CREATE TABLE public.${table} (id integer, left_behind text);
      CREATE FUNCTION public.left_behind() RETURNS integer LANGUAGE sql AS 'SELECT 1';
      ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;
      ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC`);
    stage.note(`template1 holds the table ${table}, the function left_behind and other default privileges`);
    return {};
  },
};

export const missingRoles: Scenario = {
  summary: 'roles that the backup’s privileges name do not exist',
  async prepare(stage) {
    const { server, database, note } = stage;
    const role = `${database}_auditor`.slice(0, 63);
    const name = quoteIdentifier(role);
    const backup = await stage.once('missing-roles', async () => {
      await server.query(`CREATE ROLE ${name}`);
      await using client = await stage.connect(database);
      await client.query(
        `GRANT SELECT ON public.${await firstTable(stage, 'missing-roles')} TO ${name}; GRANT USAGE ON SCHEMA public TO ${name}`,
      );
      const taken = await stage.takeBackup(database);
      await client.query(`DROP OWNED BY ${name}`);
      await server.query(`DROP ROLE ${name}`);
      return taken;
    });
    await publish(stage.store, backup);
    note(`${backup.name} grants to the role ${role}, which does not exist`);
    return { backup };
  },
};

export const plainOwner: Scenario = {
  summary: 'the reader is no superuser: owner of the database, CREATEDB, member of pg_signal_backend',
  async prepare(stage) {
    const { server, database, plainOwner: owner } = stage;
    const production = await productionOf(stage);
    if (production.owner === owner) return { reader: 'plain-owner' };
    // Everything is made again as his; what only a superuser may own cannot be.
    await dropDatabase(server, database);
    await createEmpty(server, database, { ...production, owner });
    const archive = join(stage.backup.folder, stage.backup.name);
    const list = join(stage.folder, '.owned.list');
    const { stdout } = await pgRestore(stage, ['--list', archive], archive);
    await writeFile(
      list,
      stdout
        .split('\n')
        .filter((line) => !/ (DEFAULT ACL|EVENT TRIGGER|COMMENT - EXTENSION) /.test(line))
        .join('\n'),
    );
    try {
      const identity = ['--no-owner', `--role=${owner}`, '--exit-on-error'];
      await pgRestore(stage, [...identity, `--use-list=${list}`, `--dbname=${database}`, archive], archive, list);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      throw impossible('plain-owner', `"${database}" holds what only a superuser may own: ${error.message}`, error);
    } finally {
      await rm(list, { force: true });
    }
    const grants = production.grants?.map((grant) => {
      const his = (role: string) => (role === production.owner ? owner : role);
      return { ...grant, grantor: his(grant.grantor), grantee: his(grant.grantee) };
    });
    await applyProperties(server, database, { ...production, owner, grants: grants ?? null });
    const backup = await stage.once('plain-owner', () => stage.takeBackup(database));
    await publish(stage.store, backup);
    stage.note(`${database} and everything in it belongs to ${owner}, as in ${backup.name}`);
    return { backup, reader: 'plain-owner' };
  },
};

export const readOnly: Scenario = {
  summary: 'default_transaction_read_only=on',
  async prepare(stage) {
    await stage.server.query('ALTER SYSTEM SET default_transaction_read_only = on');
    await stage.server.query('SELECT pg_reload_conf()');
    await untilReadOnly(stage);
    stage.note('the server was set to default_transaction_read_only=on');
    return {};
  },
};

/** A reload is asynchronous: new sessions tell when it has arrived. */
async function untilReadOnly(stage: Stage): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    await using client = await connectAdmin(stage.settings.postgres, 'postgres', stage.signal);
    const found = await client.query<{ reset_val: string }>(
      `SELECT reset_val FROM pg_settings WHERE name = ${literal('default_transaction_read_only')}`,
    );
    if (found.rows[0]?.reset_val === 'on') return;
  }
  throw impossible('read-only', 'the server did not take up the setting');
}

/** The name of a table of production, quoted. @throws Failure scenario-impossible where there is none */
async function firstTable(stage: Stage, scenario: ScenarioName): Promise<string> {
  await using client = await stage.connect(stage.database);
  const found = await client.query<{ name: string }>(`
    SELECT quote_ident(c.relname) AS name FROM pg_class c
     WHERE c.relnamespace = to_regnamespace('public') AND c.relkind = 'r' AND NOT c.relispartition
     ORDER BY c.relname LIMIT 1`);
  const name = found.rows[0]?.name;
  if (name === undefined) throw impossible(scenario, `"${stage.database}" has no table in the schema public`);
  return name;
}
