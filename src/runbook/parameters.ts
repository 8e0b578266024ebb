/**
 * The kinds of parameters, one schema for browser, terminal and harness: this file imports nothing of Node.
 *
 * A value of any kind can stand in a shell word without quotes: no blank, quote, glob, `$` or operator is allowed, and
 * none starts with `-` or `~`. That is what makes a filled page and a page with exported variables do the same.
 */
import * as z from 'zod/mini';
import type { ParameterKind } from './model.ts';

/** PostgreSQL cuts longer names with only a notice: `<63 bytes>_restored` would name the original. */
export const LONGEST_NAME_BYTES = 63;
/** What a database parameter may have, so that `_restored` still fits. */
export const LONGEST_DATABASE = 54;

const IDENTIFIER = /^[a-z_][a-z0-9_]{0,53}$/;
const BACKUP = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const TIMESTAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?Z$/;

const identifier = (what: string) =>
  z.regex(IDENTIFIER, `${what} is 1 to ${LONGEST_DATABASE} of a-z, 0-9 and _, and starts with no digit`);

export const KINDS = {
  database: z.string().check(
    identifier('a database'),
    z.refine((value) => value !== 'postgres' && !value.startsWith('template'), 'this database is PostgreSQL’s own'),
  ),
  backup: z.string().check(
    z.regex(BACKUP, 'a backup is a name of letters, digits, ".", "_" and "-", without a folder'),
    z.refine((value) => !value.includes('..'), 'a backup’s name holds no ".."'),
  ),
  table: z.string().check(
    z.refine((value) => {
      const parts = value.split('.');
      return parts.length <= 2 && parts.every((part) => IDENTIFIER.test(part));
    }, 'a table is a name or schema.name, each of a-z, 0-9 and _'),
  ),
  timestamp: z
    .string()
    .check(
      z.regex(TIMESTAMP, 'a time is written as 2026-11-20T02:00:00Z'),
      z.refine(isRealTime, 'there is no such time'),
    ),
} as const satisfies Record<ParameterKind, z.ZodMiniType<string>>;

/** What is wrong with a value, as a sentence's end; undefined when it is right. */
export function checkValue(kind: ParameterKind, value: string): string | undefined {
  if (value === '') return 'a value is needed';
  const read = KINDS[kind].safeParse(value);
  return read.success ? undefined : read.error.issues[0]?.message;
}

/** PostgreSQL counts bytes, not letters. */
export function nameFits(name: string): boolean {
  return new TextEncoder().encode(name).length <= LONGEST_NAME_BYTES;
}

function isRealTime(value: string): boolean {
  const time = new Date(value);
  return !Number.isNaN(time.getTime()) && time.toISOString().slice(0, 19) === value.slice(0, 19);
}
