/** The application is stopped: nothing of it is connected to the database that a step is about to take away. */
import type { Check, StepContext } from './definition.ts';

/** Beginnings of the names that administrators' programs and monitors give their sessions. */
const TOOLS = [
  'psql',
  'pg_dump',
  'pg_restore',
  'drillbook',
  'pgAdmin',
  'DBeaver',
  'DataGrip',
  'postgres_exporter',
  'pgwatch',
  'pganalyze',
  'datadog',
  'check_postgres',
  'telegraf',
];

/**
 * Background processes have no user; who may not see a session fully is not told its kind, so that does not count.
 * $2: beginnings of names; $3: they are the application's, and not those to leave out.
 */
const SESSIONS = `
SELECT coalesce(nullif(a.application_name, ''), 'a program without a name') AS application,
       a.usename::text AS user,
       count(*) AS sessions
  FROM pg_stat_activity a
 WHERE a.datname = $1
   AND a.usename IS NOT NULL
   AND coalesce(a.backend_type, 'client backend') = 'client backend'
   AND a.pid <> pg_backend_pid()
   AND EXISTS (SELECT FROM unnest($2::text[]) AS begin WHERE starts_with(lower(a.application_name), lower(begin))) = $3
   AND ($3 OR NOT EXISTS (SELECT FROM pg_auth_members m
                           WHERE m.member = a.usesysid AND m.roleid = to_regrole('pg_monitor')::oid))
 GROUP BY 1, 2
 ORDER BY 3 DESC, 1`;

/**
 * By the names in the setting APPLICATION_NAMES; without it, every session counts that is no administrator's program and no
 * monitor's.
 */
export function applicationIsStopped(name: (parameters: StepContext['parameters']) => string): Check {
  return {
    title: 'the application is stopped',
    async reason(context) {
      const names = context.settings().applications;
      const wanted = name(context.parameters);
      await using client = await context.connect();
      const { rows } = await client.query<{ application: string; user: string; sessions: string }>(SESSIONS, [
        wanted,
        names ?? TOOLS,
        names !== undefined,
      ]);
      if (rows.length === 0) return undefined;
      const who = rows.map(({ application, user, sessions }) => `${application} (${sessions} as ${user})`).join(', ');
      const unknown = names === undefined ? ', or say with APPLICATION_NAMES how your application names its own' : '';
      return `${wanted} still has sessions of ${who}; stop it first${unknown}`;
    },
  };
}
