#!/usr/bin/env node
/**
 * The restore test: `zx scripts/test-restore.ts [backup_file]`, with the settings of the environment. Without an argument the
 * newest backup is tested. Exit 0 only if the backup was restored whole; docs/reference tells the others.
 */
import { explain, interruptible } from '../src/cli/command.ts';
import { drawProgress } from '../src/cli/progress.ts';
import { drill } from '../src/restore/drill.ts';
import { exitOf, verdictText } from '../src/restore/text.ts';
import { readSettings } from '../src/settings.ts';

const [backup] = process.argv.slice(2).filter((argument) => !argument.endsWith('test-restore.ts'));
const progress = drawProgress();

process.exitCode = await interruptible(async (signal) => {
  // 1. Every missing setting is named before anything is touched.
  const settings = readSettings();
  // 2. Find the backup, download it, compare it with its checksum, restore it into a throwaway database, prove it equal to its
  //    manifest, keep the verdict beside it, and remove the file and the database, however it ends.
  const verdict = await drill(settings, { backup, report: progress.report, signal });
  progress.end();
  // 3. Say what was found.
  process.stdout.write(verdictText(verdict));
  return exitOf(verdict);
})
  .catch((error: unknown) => {
    progress.end();
    return explain(error);
  })
  .finally(() => progress.end());
