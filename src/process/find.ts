/** Looking for programs in PATH and in this project's own cache folder. */
import { accessSync, constants, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

export type Env = Record<string, string | undefined>;

/** Where this project keeps programs it had to unpack or build: `${XDG_CACHE_HOME:-~/.cache}/drillbook`. */
export function cacheFolder(env: Env): string {
  return join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'drillbook');
}

/** Every program of this name in PATH, in its order. */
export function inPath(name: string, env: Env): string[] {
  return pathFolders(env)
    .map((folder) => join(folder, name))
    .filter(isProgram);
}

/** The folders of PATH, in its order. */
export function pathFolders(env: Env): string[] {
  return (env.PATH ?? '').split(delimiter).filter(Boolean);
}

/** Whether this is a file that we may execute. */
export function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
