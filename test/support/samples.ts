/** Databases to test with, and backups that do not hold what their manifest says. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { type Manifest, manifestNameOf, manifestText, parseManifest } from '../../src/backup/manifest.ts';
import { environmentOf } from '../../src/postgres/connection.ts';
import { postgresPrograms } from '../../src/postgres/programs.ts';
import { runOrFail } from '../../src/process.ts';
import type { Services } from './services.ts';

const here = import.meta.dirname;
/** Everything that breaks restores, small. */
export const NASTY = join(here, '../fixtures/sql/nasty.sql');
/** Somebody else's schema, where it lies beside the checkout. */
const PAGILA = join(here, '../../../shared/data/pagila.sql');
export const pagila = existsSync(PAGILA) ? PAGILA : undefined;

/** Makes a database from a file of SQL. */
export async function load(services: Services, database: string, file: string): Promise<string> {
  await services.database(database);
  const { bin } = await postgresPrograms();
  const env = environmentOf(services.settings.postgres, database);
  await runOrFail(join(bin, 'psql'), ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', file], { env, timeout: 120_000 });
  return database;
}

export async function bytesOf(services: Services, name: string): Promise<Buffer> {
  return buffer(await services.s3.getObject(services.settings.store.bucket, name));
}

export async function put(services: Services, name: string, content: Buffer | string): Promise<void> {
  await services.s3.putObject(services.settings.store.bucket, name, Buffer.from(content));
}

export async function manifestOf(services: Services, backup: string): Promise<Manifest> {
  return parseManifest((await bytesOf(services, manifestNameOf(backup))).toString());
}

/**
 * Stores other bytes or another manifest under a backup's name, with checksums that agree: so that only what was restored can
 * tell that something is wrong.
 */
export async function forge(
  services: Services,
  name: string,
  archive: Buffer,
  manifest: Manifest | undefined,
): Promise<void> {
  const sha256 = createHash('sha256').update(archive).digest('hex');
  await put(services, name, archive);
  await put(services, `${name}.sha256`, `${sha256}  ${name}\n`);
  if (manifest === undefined) return;
  const facts = { ...manifest.archive, name, bytes: archive.length, sha256 };
  await put(services, manifestNameOf(name), manifestText({ ...manifest, archive: facts }));
}

/** Removes everything that lies beside an archive. */
export async function bare(services: Services, name: string): Promise<void> {
  for (const suffix of ['.sha256', '.manifest.json', '.globals.sql'])
    await services.s3.removeObject(services.settings.store.bucket, name + suffix);
}
