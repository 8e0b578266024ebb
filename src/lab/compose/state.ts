/** What the folder of a Compose lab says of it: `lab.json`, written before anything is started, as a local lab's. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { Identity } from '../../process/identity.ts';

const port = z.number().int().min(1).max(65_535);
const secret = z.string().min(1);
const variables = z.record(z.string(), z.string());

const State = z.object({
  mark: z.literal('drillbook lab'),
  schema: z.literal(1),
  kind: z.literal('compose'),
  /** On everything that the lab made, as the label `drillbook.lab`. */
  id: z.string().regex(/^[0-9a-f]{8}$/),
  /** UTC, ISO 8601. */
  createdAt: z.string(),
  /** The process the lab ends with; null: it stays until "lab down". */
  owner: Identity.nullable(),
  ports: z.object({ postgres: port, minio: port, backend: port, metrics: port }),
  secrets: z.object({ administrator: secret, plainOwner: secret, application: secret, access: secret, secret }),
  /** Images, as docker-compose.yml names their variables. */
  images: variables,
  /** The environment of docker on this machine: where it and its engine are. */
  client: variables,
  /** The engine is one of ours: it goes with its last lab. */
  own: z.boolean(),
  /** Settings beside the lab's own, such as POSTGRES_DB and KEY_TABLES. */
  env: variables,
  rows: z.number().int(),
  versions: z.object({ postgres: z.string(), minio: z.string(), mc: z.string() }),
  /** The environment of a shell in the toolbox, without secrets; empty until the stack is up. */
  toolbox: variables,
});
export type State = z.infer<typeof State>;

export function readState(folder: string): State | undefined {
  try {
    return State.parse(JSON.parse(readFileSync(join(folder, 'lab.json'), 'utf8')));
  } catch {
    return undefined; // no folder, no lab in it, or one of another kind
  }
}

/** Replaces `lab.json` in one step; only its owner may read it, for it holds passwords. */
export function writeState(folder: string, state: State): void {
  const file = join(folder, 'lab.json');
  writeFileSync(`${file}.new`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** The Compose project: what `docker compose ls` shows. */
export const projectOf = ({ id }: Pick<State, 'id'>) => `drillbook-lab-${id}`;

export type ServiceName = 'postgres' | 'minio' | 'backend' | 'backup';

/** As docker-compose.yml and the lab's own variables for it name the containers. */
export function containerOf(state: Pick<State, 'id'>, service: ServiceName): string {
  const project = projectOf(state);
  return service === 'minio' || service === 'backend' ? `${project}-${service}-1` : `${project}-${service}`;
}
