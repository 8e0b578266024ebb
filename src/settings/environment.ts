/** Reads the environment with a schema. Every secret may also come from a file: `<NAME>_FILE`. */
import { readFileSync, statSync } from 'node:fs';
import type { z } from 'zod';
import { Failure } from '../failure.ts';

const SECRETS = ['POSTGRES_PASSWORD', 'MINIO_ACCESS_KEY', 'MINIO_SECRET_KEY'] as const;
const REQUIRED = [
  'POSTGRES_HOST',
  'POSTGRES_USER',
  'POSTGRES_PASSWORD',
  'MINIO_ENDPOINT',
  'MINIO_ACCESS_KEY',
  'MINIO_SECRET_KEY',
] as const;

export type Environment = Record<string, string | undefined>;

/**
 * What the schema makes of the environment; every fault is told at once. An empty value counts as missing.
 * @throws Failure settings-missing (names all that are missing), settings-invalid (says all that is wrong)
 */
export function readEnvironment<T extends z.ZodType>(schema: T, env: Environment): z.infer<T> {
  const { values, faults } = withFiles(env);
  const missing = REQUIRED.filter(
    (name) => values[name] === undefined && !faults.some((fault) => fault.startsWith(name)),
  );
  if (missing.length > 0) throw new Failure('settings-missing', { names: missing.join(', ') });
  const read = schema.safeParse(values);
  const unread = (name: PropertyKey | undefined) => faults.some((fault) => fault.startsWith(`${String(name)}_FILE`));
  if (!read.success)
    for (const { path, message } of read.error.issues)
      if (!unread(path[0])) faults.push(`${path.join('.')} ${message}`);
  if (faults.length > 0 || !read.success) throw new Failure('settings-invalid', { faults: faults.join('; ') });
  return read.data;
}

/** Drops empty values and reads `<NAME>_FILE` for secrets; a trailing newline of the file is not part of the value. */
function withFiles(env: Environment): { values: Record<string, string>; faults: string[] } {
  const values: Record<string, string> = {};
  const faults: string[] = [];
  for (const [name, value] of Object.entries(env)) if (value !== undefined && value !== '') values[name] = value;
  for (const name of SECRETS) {
    const file = values[`${name}_FILE`];
    if (file === undefined || values[name] !== undefined) continue;
    try {
      // A pipe or a device might never end.
      if (!statSync(file).isFile()) throw new Error(`${file} is no regular file`);
      values[name] = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    } catch (cause) {
      faults.push(`${name}_FILE cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
  }
  return { values, faults };
}
