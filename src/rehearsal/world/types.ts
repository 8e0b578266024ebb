/** What the parts of a rehearsal hand to each other about the world they act on. */
import type { Manifest } from '../../backup/manifest.ts';
import type { Containers } from '../../lab/container.ts';
import type { Lab } from '../../lab/lab.ts';
import type { Reader } from '../../lab/local/readers.ts';
import type { KeptBackup } from '../../lab/scenarios/scenario.ts';
import type { Content } from '../../postgres/content.ts';
import type { ScenarioName } from '../../runbook/model.ts';
import type { Settings } from '../../settings.ts';
import type { Kept } from './kept.ts';

/** One lab, one database and one good backup of it, with everything needed to make them again as they were. */
export type World = {
  readonly lab: Lab;
  /** The lab's, with the world's database. */
  readonly settings: Settings;
  readonly database: string;
  /** The good backup: its object name and its files. */
  readonly backup: KeptBackup;
  readonly manifest: Manifest;
  /** How the world was when it was made, and is after each reset. */
  readonly pristine: Observation;
  /** The world's own means to make everything again; for src/rehearsal/world/ alone. */
  readonly kept: Kept;
  /** Removes the templates and files of the world; the lab and its database stay as they were made. */
  [Symbol.asyncDispose](): Promise<void>;
};

/** A world in a scenario's state, and what the reader is given. `await using` ends what the scenario holds. */
export type Prepared = {
  readonly scenario: ScenarioName;
  readonly variant: string | undefined;
  readonly reader: Reader;
  /** The object name to fill in for a parameter of kind `backup`. */
  readonly backup: string;
  /** For a parameter of kind `database`. */
  readonly database: string;
  /** What the backup holds, for the proof; also where the store has no manifest. */
  readonly manifest: Manifest;
  /** The whole environment of the reader's terminals. */
  readonly environment: Record<string, string>;
  /** The working folder of the toolbox's terminal and of step scripts, and that of the host's terminal. */
  readonly folder: string;
  readonly hostFolder: string;
  /** Where the toolbox is a container; `environment` and `folder` are then as they are in there. */
  readonly containers?: Containers;
  /** The reader starts again from the top after each step in turn (`interrupted`). */
  readonly startsAgain: boolean;
  /** What was made, in sentences: for reports. */
  readonly notes: readonly string[];
  /** How everything was when the reader began. */
  readonly before: Observation;
  /** Ends sessions, starts services again, removes the working folders. Safe to call twice. The next preparation resets the rest. */
  release(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

export type ObservedDatabase = {
  name: string;
  oid: number;
  /**
   * Outside the comparison with a manifest: changes when the database or any of its tables was made again, so that
   * "nothing was done at all" is visible.
   */
  mark: string;
  allowsConnections: boolean;
  /** -1: no limit. */
  connectionLimit: number;
  comment: string | null;
  /** Of `content` without the database's name; equal digests mean equal content, owners, privileges and settings. */
  digest: string;
  /** Undefined for a database that cannot be read (one that was being dropped when the server stopped). */
  content: Content | undefined;
};

export type ObservedObject = { name: string; size: number; modified: string };

export type Observation = {
  /** In the order of their names; without template0 and without the world's own templates. */
  databases: ObservedDatabase[];
  /** Each role with its attributes, memberships and settings, one line each. */
  roles: string[];
  /** Settings made with ALTER SYSTEM, one line each. */
  server: string[];
  /** Everything below the bucket's prefix; undefined while the store does not answer. */
  objects: ObservedObject[] | undefined;
};
