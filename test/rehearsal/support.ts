/** Pages and folders for tests of the lanes that need neither server nor store. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LaneOptions } from '../../src/rehearsal/lanes/lane.ts';
import type { Page } from '../../src/runbook/model.ts';
import { parsePage } from '../../src/runbook/parse.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const FIXTURES = join(ROOT, 'test/fixtures/rehearsal');

/** `name.mdx` or a folder's `index.mdx`. */
export function fixture(name: string): { page: Page; pageFile: string } {
  const pageFile = join(FIXTURES, name);
  return { page: parsePage(readFileSync(pageFile, 'utf8'), relative(ROOT, pageFile)), pageFile };
}

export type Bench = { options(name: string): LaneOptions; folder: string } & Disposable;

/** A working folder and the environment of a plain shell; the folder goes when the test ends. */
export function bench(): Bench {
  const folder = mkdtempSync(join(tmpdir(), 'drillbook-lane-'));
  return {
    folder,
    options: (name) => ({
      ...fixture(name),
      values: { DATABASE: 'freshtrack', BACKUP: 'freshtrack_2026-11-20_02-00-00.sql.gz' },
      environment: { PATH: '/usr/bin:/bin', HOME: folder, LANG: 'C.UTF-8' },
      folders: { toolbox: folder, host: folder },
      lab: 'local',
    }),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
