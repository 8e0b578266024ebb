/** What a step's script says: what must hold before, what it destroys, what must be true after. */
import type { Client } from '../../postgres/connection.ts';
import type { Settings } from '../../settings.ts';
import type { Place } from './place.ts';

export type Parameters = Record<string, string>;

/** Something that a step destroys. In a transcript a name is a template: `${DATABASE}_restored`. */
export type Target = { kind: 'database' | 'file'; name: string };

export type StepContext = {
  parameters: Parameters;
  /** Where the step works: the reader's folder, here or in a container. */
  place: Place;
  /** Read when asked for: steps on the host need none. @throws Failure settings-missing, settings-invalid */
  settings(): Settings;
  /** A connection of its own, closed by `await using`. Without a name: to `postgres`. */
  connect(database?: string): Promise<Client>;
  signal: AbortSignal;
};

/** `reason` says why it does not hold; undefined: it holds. */
export type Check = { title: string; reason(context: StepContext): Promise<string | undefined> };

export type StepDefinition = {
  before?: Check[];
  /** Pure: it is also called with `${NAME}` for every value, to be shown as a template. */
  destroys?(parameters: Parameters): Target[];
  /** Observed independently of the block's own output. Returns why it is not true after all, or throws a Failure. */
  // biome-ignore lint/suspicious/noConfusingVoidType: an `after` without a return statement is the usual one
  after?(context: StepContext & { output: string }): Promise<string | undefined | void>;
};

/** A database that the step drops, overwrites or renames away. */
export function database(name: string): Target {
  return { kind: 'database', name };
}

/** A file in the working folder that the step overwrites or removes. */
export function file(name: string): Target {
  return { kind: 'file', name };
}

/** What a step destroys, with `${NAME}` for each parameter. */
export function templateTargets(definition: Pick<StepDefinition, 'destroys'>): Target[] {
  const names = new Proxy<Parameters>({}, { get: (_, name) => `\${${String(name)}}` });
  return definition.destroys?.(names) ?? [];
}

/** As `templateTargets`, in words: `database ${DATABASE}_restored`. */
export function destroysTemplate(definition: StepDefinition): string[] {
  return templateTargets(definition).map(describeTarget);
}

/** `database freshtrack_restored` */
export function describeTarget({ kind, name }: Target): string {
  return `${kind} ${name}`;
}
