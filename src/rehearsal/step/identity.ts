/**
 * A database's name says nothing about which database it is: somebody else may have made another under it meanwhile. Each
 * step leaves the oids that it saw in a file of the working folder, and the next one compares: what changed while no step
 * of the page was running was changed by somebody else. Why so: docs/decisions/0006.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { Failure } from '../../failure.ts';
import type { Page, Step } from '../../runbook/model.ts';
import type { StepContext } from './definition.ts';

/** In the folder that the script was started in. */
const FILE = '.drillbook/databases.json';
/** What is older belongs to another incident, in milliseconds. */
const AGE_MS = 86_400_000;

const noted = z.object({
  page: z.string(),
  parameters: z.record(z.string(), z.string()),
  /** `host:port` */
  server: z.string(),
  /** The last step that noted them, and when. */
  step: z.string(),
  at: z.iso.datetime(),
  /** Name → oid of every database. */
  databases: z.record(z.string(), z.number()),
});
type Noted = z.infer<typeof noted>;

export type Identities = {
  /** Why one of these is not the database that an earlier step of the page saw; undefined: all are. */
  refusal(names: string[]): string | undefined;
  /** The same about the time since this step began: a person may have thought for long before typing a name. */
  refusalMeanwhile(names: string[]): Promise<string | undefined>;
  /** Before the block runs: if it is cut short, nobody can say any more who changed what. */
  forget(): void;
  /** After the block: what it made and renamed is known now. */
  note(): Promise<void>;
};

/**
 * Undefined for a step on the host, which works on no database, and where no server is known or answers: the step's own
 * guards say so where that matters.
 */
export async function identitiesOf(
  { page, step }: { page: Page; step: Step },
  context: StepContext,
): Promise<Identities | undefined> {
  const begun = step.where === 'host' ? undefined : await databasesNow(context);
  if (begun === undefined) return undefined;
  const { host, port } = context.settings().postgres;
  const about = { page: page.name, parameters: context.parameters, server: `${host}:${port}` };
  // Who begins at the top again begins anew.
  const last = page.steps.find(({ where }) => where === 'toolbox')?.id === step.id ? undefined : readNoted(about);
  const others = strangers(last?.databases ?? {}, begun);
  return {
    refusal(names) {
      const name = names.find((one) => Object.hasOwn(others, one));
      if (name === undefined || last === undefined) return undefined;
      const now = begun[name] === undefined ? 'is gone' : `is another one now (oid ${begun[name]})`;
      return `database ${name}, which step "${last.step}" left with oid ${others[name]}, ${now}: somebody else is at work; if that was you, remove ${FILE}`;
    },
    async refusalMeanwhile(names) {
      const now = await databasesNow(context);
      const name = names.find((one) => begun[one] !== now?.[one]);
      return name === undefined
        ? undefined
        : `database ${name} is not the one that was shown: it was replaced meanwhile`;
    },
    forget: () => rmSync(FILE, { force: true }),
    async note() {
      const ended = await databasesNow(context);
      if (ended === undefined) return;
      // What somebody else replaced stays noted as it was, so that the step that destroys it still notices.
      const databases = { ...ended, ...others };
      const text: Noted = { ...about, step: step.id, at: new Date().toISOString(), databases };
      write(`${JSON.stringify(text, null, 2)}\n`);
    },
  };
}

/** PURE. What was noted and is not so any more, as it was noted. */
export function strangers(before: Record<string, number>, now: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(before).filter(([name, oid]) => now[name] !== oid));
}

async function databasesNow(context: StepContext): Promise<Record<string, number> | undefined> {
  try {
    await using client = await context.connect();
    const { rows } = await client.query<{ name: string; oid: number }>('SELECT datname AS name, oid FROM pg_database');
    return Object.fromEntries(rows.map(({ name, oid }) => [name, oid]));
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

/** Of the same page with the same parameters on the same server, and of this incident. */
function readNoted(about: Pick<Noted, 'page' | 'parameters' | 'server'>): Noted | undefined {
  let text: string;
  try {
    text = readFileSync(FILE, 'utf8');
  } catch {
    return undefined; // none was left, or not for us to read
  }
  const read = noted.safeParse(parsed(text));
  if (!read.success) return undefined;
  const { page, parameters, server, at } = read.data;
  const same =
    JSON.stringify([page, sorted(parameters), server]) ===
    JSON.stringify([about.page, sorted(about.parameters), about.server]);
  return same && Date.now() - Date.parse(at) < AGE_MS ? read.data : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function sorted(parameters: Record<string, string>): [string, string][] {
  return Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** A full disk or a folder that is not ours is no reason to fail a step that went well. */
function write(text: string): void {
  try {
    mkdirSync(dirname(FILE), { recursive: true });
    writeFileSync(FILE, text, { mode: 0o600 });
  } catch {
    rmSync(FILE, { force: true });
  }
}
