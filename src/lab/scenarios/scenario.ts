/**
 * What a scenario is: a function that puts a lab in a state. It starts from the pristine world and may change anything
 * on the server and in the store; what it holds in this process (sessions, mounts) goes on the stage's stack. Scenarios
 * know no schema: tables, views and sequences are taken from the catalog, so that they work with anybody's data.
 */
import type { Client } from '../../postgres/connection.ts';
import type { Settings } from '../../settings.ts';
import type { Store } from '../../store/store.ts';
import type { Lab } from '../lab.ts';
import type { Reader } from '../local/readers.ts';

/** A backup as files of this machine, with everything that lies beside it in the store. */
export type KeptBackup = {
  /** The archive's object name. */
  name: string;
  /** Holds every object below the name it has in the store. */
  folder: string;
  /** Object names: the archive, its checksum, its manifest, its globals. */
  objects: string[];
};

export type Stage = {
  lab: Lab;
  /** The lab's, with the world's database. */
  settings: Settings;
  database: string;
  store: Store;
  /** The good backup. */
  backup: KeptBackup;
  /** A superuser's session in the database `postgres`, for the time of the preparation. */
  server: Client;
  /** A superuser's session in another database; the caller ends it. */
  connect(database: string): Promise<Client>;
  /** Takes a backup of a database and keeps it as files; nothing of it stays in the store. */
  takeBackup(database: string): Promise<KeptBackup>;
  /** Makes something costly once per world and keeps it: another database's backup, for example. */
  once<T>(key: string, make: () => Promise<T>): Promise<T>;
  /** A folder of this machine, empty: what lies in it afterwards lies in the reader's working folder when he begins. */
  folder: string;
  /** The name of the reader's role when he is no superuser. */
  plainOwner: string;
  /** Released in reverse order when the scenario ends: sessions, mounts, services that were stopped. */
  stack: AsyncDisposableStack;
  /** Says what was made, for the report: "dropped the view public.film_list". */
  note(text: string): void;
  signal: AbortSignal | undefined;
};

/** What differs from the usual for the reader and for the proof. */
export type Change = {
  /** The backup that the reader is given and that the end is compared with, when it is not the good one. */
  backup?: KeptBackup;
  /** The backup's name as the reader is given it, where the bytes that prove the end are another backup's. */
  backupName?: string;
  reader?: Reader;
  /** Bytes that the working folder has room for. */
  room?: number;
  /** Changes the reader's environment and the files of the home folder (a copy made for this scenario). */
  alterReader?: (reader: { environment: Record<string, string>; home: string }) => Promise<Record<string, string>>;
};

export type Scenario = {
  /** The state, as format.md says it. */
  summary: string;
  /** Where the state exists in several forms; the first is the default. */
  variants?: readonly string[];
  prepare(stage: Stage, variant: string | undefined): Promise<Change>;
};
