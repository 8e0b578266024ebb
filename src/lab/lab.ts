/**
 * A lab: a disposable stack (PostgreSQL, object store, the sample application) in which steps run. Nothing outside a
 * lab is ever touched by a rehearsal; what a lab made is marked as its own and removed with it.
 */
import type { LabName } from '../runbook/model.ts';
import type { Settings } from '../settings.ts';
import type { Reader } from './local/readers.ts';
import type { Toolbox } from './toolbox.ts';

/** A part of the lab that scenarios and readers stop and start. */
export type Service = {
  start(): Promise<void>;
  stop(): Promise<void>;
  running(): Promise<boolean>;
  /** The file its output goes to. */
  log: string;
  /** Brings that file up to date, where the service does not write it itself. */
  collect?(): Promise<void>;
};

export type Lab = {
  kind: LabName;
  /** Holds everything the lab made: data folders, logs, credentials, working folders. */
  folder: string;
  versions: { postgres: string; minio: string; mc: string };
  /** What only this lab's things are called: texts that are published do not say it. */
  names: string[];
  /** As the administrator: a superuser, as the official image makes POSTGRES_USER. */
  settings: Settings;
  /**
   * The whole environment of a reader's terminal: PATH with psql, pg_restore, mc and drillbook; HOME, PGPASSFILE, PGSERVICEFILE
   * and MC_CONFIG_DIR of its own below `folder`; the settings (POSTGRES_*, MINIO_*), PGHOST, PGPORT, PGUSER, BUCKET (bucket
   * and prefix), KEY_TABLES, MIN_TABLES. `plain-owner` is no superuser: owner of the database, CREATEDB, pg_signal_backend.
   */
  environment(reader: Reader): Record<string, string>;
  /** Where readers and scenarios work. */
  toolbox: Toolbox;
  /** What starts a reader's shell on a terminal of this machine, for a person who practises. */
  shell(reader: Reader): { program: string; args: string[]; env: Record<string, string> };
  /** The login of the sample application's role. */
  application: { user: string; password: string };
  /** Whether the server that `settings` lead to is really the one that this lab made. */
  ownsServer(): Promise<boolean>;
  services: { postgres: Service; minio: Service; backend: Service };
  /** The sample application's address, e.g. http://127.0.0.1:38111 */
  backendUrl: string;
  /** Stops every process of the lab by its id and removes `folder`. Safe to call twice. */
  down(): Promise<void>;
};
