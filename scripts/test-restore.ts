#!/usr/bin/env zx
/**
 * The restore test: `npx zx scripts/test-restore.ts [backup_file]`, with the settings of the environment
 * (docs/reference/settings.md). Without an argument the newest backup is tested.
 *
 *   exit 0 restorable · 1 disproved · 2 wrong settings · 3 it could not be decided · 130, 143 interrupted, nothing left
 */
import { work } from '../src/cli/command.ts';
import { drill } from '../src/restore/drill.ts';
import { exitOf, verdictText } from '../src/restore/text.ts';
import { readSettings } from '../src/settings.ts';

const [backup] = process.argv.slice(2).filter((argument) => !argument.endsWith('test-restore.ts'));

process.exitCode = await work(async ({ report, print, signal }) => {
  // Every missing setting is named before anything is touched.
  const settings = readSettings();
  // Find the backup, download it, compare it with its checksum, restore it into a throwaway database, prove it equal to its
  // manifest, keep the verdict beside it, and remove the file and the database, however it ends.
  const verdict = await drill(settings, { backup, report, signal });
  print(verdictText(verdict));
  return exitOf(verdict);
});
