/**
 * Restores SQL into a throwaway database: what pg_restore leaves out of an archive there (owners, privileges, what is said of
 * the database itself) is left out of the SQL, statement by statement, on its way to psql. No command of psql passes: not
 * `\!`, which would run on this machine, nor `\connect`, which would lead out of the database.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { databaseArgument } from '../postgres/connection.ts';
import { majorOf, type PostgresPrograms } from '../postgres/programs.ts';
import { type Piece, scanScript } from '../postgres/script.ts';
import type { ScriptReader } from '../postgres/script-facts.ts';
import { stream } from '../process.ts';
import { lackingRoles, type StatedPolicy, statedPolicies } from './policies.ts';

const ROLE = String.raw`(?:"(?:[^"]|"")+"|[A-Za-z_\x80-\uffff][A-Za-z0-9_$\x80-\uffff]*)`;
const OWNER = new RegExp(String.raw`^ALTER [A-Z ]+ \S[\s\S]* OWNER TO ${ROLE};$`);
const PRIVILEGE = /^(GRANT|REVOKE) /;
const NEVER = [
  /^(CREATE|ALTER|DROP|COMMENT ON) (SUBSCRIPTION|DATABASE) /,
  /^(RE)?SET (SESSION AUTHORIZATION|ROLE|default_tablespace)\b/,
  // Servers before 17 do not know it, and pg_dump only ever switches it off.
  /^SET transaction_timeout = 0;$/,
];
const LEFT_OUT = [/^ALTER DEFAULT PRIVILEGES /, /^SECURITY LABEL /, ...NEVER];
/** What a database that stays leaves out: it keeps its owners and privileges, and what is said of the database is set by itself. */
const LEFT_OUT_OF_WHOLE = [/^(GRANT|REVOKE) .* ON DATABASE /, /^ALTER ROLE /, ...NEVER];
/** What `pg_dump --clean` writes first; in an empty database there is nothing to remove but the schema public. */
const CLEANING = /^(DROP (?!SCHEMA (IF EXISTS )?public;)|ALTER [\s\S]* (DROP|DETACH) |SELECT pg_catalog\.lo_unlink\()/;
const SECURITY = /^ALTER TABLE \S[\s\S]* ENABLE ROW LEVEL SECURITY;$/;

const NEWLINE = Buffer.from('\n');

export type Filtered = {
  policies: StatedPolicy[];
  /** The statements that were left out, for `readStated`'s parsers. */
  owners: string;
  grants: string;
};

export type ScriptFilter = {
  readonly filtered: Filtered;
  /** What of a piece goes to psql. */
  pass(piece: Piece): Buffer | undefined;
  /** What was held back to the end. */
  rest(): Buffer;
};

/**
 * @param present the roles that the server has; without them policies stay as they are
 * @param superuser nobody else may check foreign keys under row security
 * @param options.whole owners and privileges pass: every role that they name must exist
 */
export function scriptFilter(
  present: ReadonlySet<string> | undefined,
  superuser: boolean,
  { whole: all = false }: { whole?: boolean } = {},
): ScriptFilter {
  const leftOut = all ? LEFT_OUT_OF_WHOLE : LEFT_OUT;
  const filtered: Filtered = { policies: [], owners: '', grants: '' };
  const late: Buffer[] = [];
  let passing = true;
  let created = false;

  const whole = (text: string): string | undefined => {
    if (!all && OWNER.test(text)) filtered.owners += `${text}\n`;
    else if (!all && PRIVILEGE.test(text)) filtered.grants += `${text}\n`;
    else if (!superuser && SECURITY.test(text)) late.push(Buffer.from(`${text}\n`));
    else if (leftOut.some((form) => form.test(text)) || (!created && CLEANING.test(text))) return undefined;
    else {
      created ||= /^CREATE (?!SCHEMA public;)/.test(text);
      return withRoles(text);
    }
    return undefined;
  };
  const withRoles = (text: string): string => {
    if (all || present === undefined || !text.startsWith('CREATE POLICY ')) return text;
    const [policy] = statedPolicies(text);
    if (policy === undefined || lackingRoles([policy], present).length === 0) return text;
    filtered.policies.push(policy);
    return policy.statement;
  };

  return {
    filtered,
    pass(piece) {
      if (piece.kind === 'rows') return passing ? piece.text : undefined;
      if (piece.kind !== 'statement') return undefined;
      // What is left out or changed is short and comes whole.
      if (!piece.begins) return passing ? piece.text : undefined;
      passing = true;
      if (!piece.ends) return piece.text;
      const given = piece.text.toString('utf8');
      const text = whole(given);
      passing = text !== undefined;
      // Bytes that are in no UTF-8 stay as they are.
      return text === undefined ? undefined : Buffer.concat([text === given ? piece.text : Buffer.from(text), NEWLINE]);
    },
    rest: () => Buffer.concat(late),
  };
}

/** The first releases of psql that know `\restrict`, by major. */
const RESTRICTING: Readonly<Record<number, number>> = { 13: 22, 14: 19, 15: 14, 16: 10, 17: 6 };

/** Whether this psql can be told to refuse its own commands, as a second lock beside our own reading. */
export function knowsRestrict({ version }: PostgresPrograms): boolean {
  const since = RESTRICTING[majorOf(version)];
  if (since === undefined) return majorOf(version) >= 18;
  return Number.parseInt(version.split('.')[1] ?? '', 10) >= since;
}

/**
 * Feeds SQL to psql through a filter. Ends psql when the source fails or holds what it must not.
 * @throws Failure archive-damaged, archive-unsafe, program-timeout; the signal's reason
 */
export async function feedScript(
  source: AsyncIterable<Buffer>,
  through: { filter: ScriptFilter; reader: ScriptReader; complete: boolean },
  psql: {
    programs: PostgresPrograms;
    database: string;
    env: Record<string, string | undefined>;
    timeout: number;
    signal?: AbortSignal | undefined;
  },
): Promise<{ status: number; stderr: string }> {
  const { programs, database, env, timeout, signal } = psql;
  const args = ['--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1', '--output=/dev/null', '--file=-'];
  const running = await stream(join(programs.bin, 'psql'), [databaseArgument(database), ...args], {
    env,
    timeout,
    ...(signal === undefined ? {} : { signal }),
  });
  let over = false;
  const ended = running.ended.finally(() => {
    over = true;
  });
  ended.catch(() => {}); // awaited below
  const send = async (text: Buffer | undefined) => {
    if (text === undefined || text.length === 0 || running.stdin.write(text)) return;
    await Promise.race([once(running.stdin, 'drain').catch(() => ended), ended]);
  };
  try {
    running.stdout.resume();
    if (knowsRestrict(programs)) await send(Buffer.from(`\\restrict ${randomBytes(16).toString('hex')}\n`));
    const scan = scanScript(source);
    for await (const piece of scan.pieces) {
      through.reader.accept(piece);
      await send(through.filter.pass(piece));
      // psql stops at the first error.
      if (over) return await ended;
    }
    if (through.complete) through.reader.finish(scan.whole);
    await send(through.filter.rest());
    running.stdin.end();
    return await ended;
  } finally {
    await running.kill();
  }
}
