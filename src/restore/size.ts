import { figure } from './proof.ts';

/** For people: `12 kB`, `1,234.5 MB`. */
export function size(bytes: number): string {
  return bytes < 1e6 ? `${figure(Math.ceil(bytes / 1000))} kB` : `${figure(Math.ceil(bytes / 1e5) / 10)} MB`;
}
