/** Root's cache is closed to the user the server runs as; then the lab gets a copy of the programs. */
import { cpSync, statSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { serverUser } from '../../postgres/server-user.ts';

/**
 * The folder from which the server's user can run the programs.
 * @param cache the folder below which programs are unpacked as `postgresql/<source>/…`
 */
export function reachablePrograms(folder: string, bin: string, cache: string): string {
  if (serverUser() === undefined || isOpen(bin)) return bin;
  const inside = relative(join(cache, 'postgresql'), bin);
  if (inside.startsWith('..')) return bin; // not ours to copy; the server's own message tells of it
  const [source = '', ...rest] = inside.split(sep);
  const copy = join(folder, 'programs', source);
  cpSync(join(cache, 'postgresql', source), copy, { recursive: true, verbatimSymlinks: true });
  return join(copy, ...rest);
}

/** Whether everybody may enter it and every folder above it. */
export function isOpen(path: string): boolean {
  const open = (statSync(path).mode & 0o001) !== 0;
  return open && (dirname(path) === path || isOpen(dirname(path)));
}
