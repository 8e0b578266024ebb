/**
 * Where a lab's readers and scenarios work: this machine, or a container. What one run works in lies in three folders of
 * a folder `work` on this machine: `toolbox` (the working folder), `home` and `tmp`; where the toolbox is a container they are copied
 * into it before the reader begins.
 */
import type { Containers } from './container.ts';
import type { Reader } from './local/readers.ts';

export type Toolbox = {
  /** The names that the folders of `work` have for the reader. Absolute. */
  folders(work: string): { folder: string; home: string; tmp: string };
  /** Copies a reader's home folder, as the lab gives it to him, to a folder of this machine that is not there yet. */
  copyHome(reader: Reader, to: string): Promise<void>;
  /**
   * Gives the reader his places. What lies in `work` is in the toolbox from then on.
   * @param options.room bytes that the working folder has room for; without it, what the machine has
   * @throws Failure scenario-impossible where the room cannot be limited
   */
  open(
    work: string,
    options: { environment: Record<string, string>; room?: number | undefined; signal?: AbortSignal | undefined },
  ): Promise<AsyncDisposable & { containers?: Containers }>;
  /**
   * Runs the lab's own pg_restore as the administrator.
   * @param options.files files of this machine that `args` name
   * @throws Failure program-failed
   */
  pgRestore(
    args: string[],
    options: { files: string[]; signal?: AbortSignal | undefined },
  ): Promise<{ stdout: string }>;
  /**
   * Takes a backup with the lab's own programs, where those of this machine may be too old for its server.
   * @returns its name
   */
  takeBackup?(database: string, signal?: AbortSignal): Promise<string>;
};
