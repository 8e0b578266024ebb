/**
 * The passwords of the stack, made before anything else starts: one file each in a volume that only this stack mounts.
 * A value of the environment is taken as it is; without one a random one is made, once, and kept. Each file is readable
 * by the group of the services that need it. Docs: docs/decisions/0008-the-stack-makes-its-secrets.md
 */
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { work } from '../../src/cli/command.ts';
import { Failure } from '../../src/failure.ts';

const FOLDER = process.env.SECRETS_FOLDER ?? '/stack/secrets';
const GROUPS = { database: 2001, store: 2002, application: 2003, monitor: 2004 } as const;
const SECRETS = [
  { name: 'POSTGRES_PASSWORD', file: 'postgres_password', group: GROUPS.database, length: 32 },
  // MinIO takes 3 to 20 characters as a user's name.
  { name: 'MINIO_ACCESS_KEY', file: 'minio_access_key', group: GROUPS.store, length: 20 },
  { name: 'MINIO_SECRET_KEY', file: 'minio_secret_key', group: GROUPS.store, length: 32 },
  { name: 'APPLICATION_PASSWORD', file: 'application_password', group: GROUPS.application, length: 32 },
  { name: 'MONITOR_PASSWORD', file: 'monitor_password', group: GROUPS.monitor, length: 32 },
] as const;

process.exitCode = await work(async ({ print }) => {
  for (const secret of SECRETS) {
    const path = join(FOLDER, secret.file);
    const given = process.env[secret.name] ?? '';
    if (existsSync(path)) {
      if (given !== '' && readFileSync(path, 'utf8') !== given)
        throw new Failure('stack-secret-differs', { name: secret.name });
      continue;
    }
    write(path, given === '' ? random(secret.length) : given, secret.group);
    print(`${secret.name}: ${given === '' ? 'made at random' : 'taken from the environment'}\n`);
  }
  return 0;
});

/** Whole or not at all: no service may read half of it after a crash. @throws Failure stack-secret-unwritable */
function write(path: string, value: string, group: number): void {
  try {
    rmSync(`${path}.new`, { force: true });
    writeFileSync(`${path}.new`, value, { mode: 0o440 });
    chownSync(`${path}.new`, -1, group);
    renameSync(`${path}.new`, path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Failure('stack-secret-unwritable', { file: basename(path), reason }, { cause });
  }
}

/** Letters and digits, so that it needs no escaping anywhere. */
function random(length: number): string {
  return randomBytes(length * 2)
    .toString('base64')
    .replaceAll(/[^A-Za-z0-9]/g, '')
    .slice(0, length);
}
