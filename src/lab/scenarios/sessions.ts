/** Scenario `busy`: the sessions that stand in the way of dropping and renaming. */
import { type Client, connect } from '../../postgres/connection.ts';
import { connectAdmin } from './admin.ts';
import { impossible } from './impossible.ts';
import type { Scenario, Stage } from './scenario.ts';

export const busy: Scenario = {
  summary:
    'sessions of the application’s role: one idle in a transaction, one that reconnects the moment it is ended, one in a long query; and a monitoring session of a superuser',
  async prepare(stage) {
    const application = await applicationLogin(stage);
    const { stack, note } = stage;
    const idle = await open(stage, application, 'idle in a transaction');
    await idle.query('BEGIN; SELECT count(*) FROM pg_class');
    const long = await open(stage, application, 'a long query');
    // It ends with its session: that is what it is for.
    stack.defer(() => endSession(stage, long));
    long.query('SET statement_timeout = 0; SELECT pg_sleep(86400)').catch(() => {});
    stack.use(await reconnecting(stage, application));
    const monitor = await open(stage, stage.settings.postgres, 'monitoring');
    await monitor.query('SELECT count(*) FROM pg_stat_activity');
    note(
      `${application.user} holds three sessions of ${stage.database}, and ${stage.settings.postgres.user} one for monitoring`,
    );
    return {};
  },
};

/** The server does not notice that the client of a running query is gone: the session is ended there. */
async function endSession({ settings }: Stage, client: Client): Promise<void> {
  // The number is the driver's own and missing from its types.
  const { processID } = client as unknown as { processID: number };
  await using server = await connectAdmin(settings.postgres, 'postgres');
  await server.query('SELECT pg_terminate_backend($1, 5000)', [processID]);
}

type Login = Stage['settings']['postgres'];

async function applicationLogin({ lab, settings, server }: Stage): Promise<Login> {
  const { user, password } = lab.application;
  const role = await server.query('SELECT FROM pg_roles WHERE rolname = $1 AND rolcanlogin', [user]);
  if (role.rowCount === 0) throw impossible('busy', `this lab has no login for the application's role ${user}`);
  return { ...settings.postgres, user, password };
}

async function open({ stack, database }: Stage, login: Login, name: string): Promise<Client> {
  const client = stack.use(await connect(login, { database }));
  await client.query(`SET application_name = '${name}'`);
  return client;
}

/** As a pool does: a session that is lost is made again at once, until the scenario ends. */
async function reconnecting({ database }: Stage, login: Login): Promise<AsyncDisposable> {
  let current: Client | undefined;
  let over = false;
  let pause: (() => void) | undefined;
  const attempt = async (): Promise<boolean> => {
    try {
      const client = await connect(login, { database });
      if (over) return await client[Symbol.asyncDispose]().then(() => true);
      current = client;
      client.once('end', () => void again());
      await client.query("SET application_name = 'reconnecting'");
      return true;
    } catch {
      return false; // no such database, or closed for the moment: the next attempt may find it
    }
  };
  const again = async () => {
    while (!over && !(await attempt()))
      await new Promise<void>((resolve) => {
        pause = resolve;
        setTimeout(resolve, 25);
      });
  };
  await again();
  return {
    async [Symbol.asyncDispose]() {
      over = true;
      pause?.();
      await current?.[Symbol.asyncDispose]();
    },
  };
}
