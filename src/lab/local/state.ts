/**
 * What a lab's folder says of the lab: `lab.json`. It is written before anything is started and is the mark by which a
 * lab's remains are known as ours, whoever started it and however that process ended.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { Identity } from '../../process/identity.ts';

const port = z.number().int().min(1).max(65_535);
const secret = z.string().min(1);

const State = z.object({
  mark: z.literal('drillbook lab'),
  schema: z.literal(1),
  kind: z.literal('local'),
  /** UTC, ISO 8601. */
  createdAt: z.string(),
  /** The process the lab ends with; null: it stays until "lab down". */
  owner: Identity.nullable(),
  ports: z.object({ postgres: port, minio: port, backend: port }),
  secrets: z.object({ administrator: secret, plainOwner: secret, application: secret, access: secret, secret }),
  programs: z.object({ postgres: z.string(), minio: z.string(), mc: z.string() }),
  versions: z.object({ postgres: z.string(), minio: z.string(), mc: z.string() }),
  /** Settings beside the lab's own, such as POSTGRES_DB and KEY_TABLES. */
  env: z.record(z.string(), z.string()),
});
export type State = z.infer<typeof State>;

export function readState(folder: string): State | undefined {
  try {
    return State.parse(JSON.parse(readFileSync(join(folder, 'lab.json'), 'utf8')));
  } catch {
    return undefined; // no folder, no lab in it, or another version's
  }
}

/** Replaces `lab.json` in one step; only its owner may read it, for it holds passwords. */
export function writeState(folder: string, state: State): void {
  const file = join(folder, 'lab.json');
  writeFileSync(`${file}.new`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** Letters and digits only, so that it needs no quoting in a shell, a URL or a pgpass file. */
export function newSecret(): string {
  return randomBytes(24).toString('base64url').replaceAll(/[-_]/g, 'x');
}
