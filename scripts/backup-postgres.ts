#!/usr/bin/env zx
/**
 * Takes a backup of the database in POSTGRES_DB into the bucket in MINIO_BUCKET, with the settings of the environment
 * (docs/reference/settings.md). Run daily by the backup service; by hand: npx zx scripts/backup-postgres.ts
 *
 *   exit 0 complete · 2 wrong settings · 3 it could not be taken, or retention failed · 130, 143 interrupted, nothing left
 */
import { takeBackup } from '../src/backup/take.ts';
import { work } from '../src/cli/command.ts';
import { describeTaken, statusOf } from '../src/cli/taken.ts';
import { readSettings } from '../src/settings.ts';

process.exitCode = await work(async ({ report, print, signal }) => {
  // All faults of the settings at once, before anything is touched.
  const settings = readSettings();
  // One snapshot: pg_dump → checksum, upload and read-back at once; roles and manifest; the archive appears last; retention.
  const taken = await takeBackup(settings, { report, signal });
  print(describeTaken(taken));
  return statusOf(taken);
});
