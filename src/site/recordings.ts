/** The terminal recordings that lie beside runbooks, as files that a reader may fetch and play. */
import { copyFileSync, globSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Its name beside `transcript.json`. */
export const RECORDING = 'recording.cast';

/** @param dist the folder that the site was built into */
export function copyRecordings(root: string, dist: string): void {
  for (const path of globSync(`runbooks/*/${RECORDING}`, { cwd: root })) {
    mkdirSync(dirname(join(dist, path)), { recursive: true });
    copyFileSync(join(root, path), join(dist, path));
  }
}
