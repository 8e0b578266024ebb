/** What a world keeps for itself so that it can make everything again as it was. */

import { type DatabaseProperties, listDatabases } from '../../lab/scenarios/database.ts';
import type { Client } from '../../postgres/connection.ts';
import type { Content } from '../../postgres/content.ts';
import type { Role } from './roles.ts';

export type KeptDatabase = {
  properties: DatabaseProperties;
  /** The name of the copy that it is made from again. */
  template: string;
  /** Changes with any object of it; not with rows. */
  mark: string;
  /** Holds tables of its own: then rows may change, and it is made again each time. */
  holdsTables: boolean;
};

export type Kept = {
  /** Beginning of the names of the copies. */
  prefix: string;
  /** For copies of what is in the store, and for what scenarios make once. */
  folder: string;
  databases: KeptDatabase[];
  roles: Role[];
  /** ALTER SYSTEM: name → value. */
  server: Map<string, string>;
  /** Each object's instant of change as the store said it last: whether it must be put again. */
  objects: Map<string, { size: number; modified: number }>;
  /** The application ran when the world was made, and runs in each scenario. */
  application: boolean;
  /** What scenarios made once, by key. */
  once: Map<string, Promise<unknown>>;
  /** The time in the name of the newest backup, in milliseconds: no two may have the same second. */
  lastTaken: number;
  /** Production's content at the beginning of the scenario that is prepared now. */
  original: Content | undefined;
};

/** All databases but template0 and the world's own copies. */
export async function visibleDatabases(server: Client, kept: Pick<Kept, 'prefix'>): Promise<DatabaseProperties[]> {
  const databases = await listDatabases(server);
  return databases.filter(({ name }) => name !== 'template0' && !name.startsWith(kept.prefix));
}

const MARK = `
SELECT md5(concat_ws('/',
         (SELECT string_agg(concat_ws(' ', oid, relfilenode, xmin, relname), ',' ORDER BY oid) FROM pg_class WHERE oid >= 16384),
         (SELECT string_agg(concat_ws(' ', oid, xmin), ',' ORDER BY oid) FROM pg_proc WHERE oid >= 16384),
         (SELECT string_agg(concat_ws(' ', oid, xmin), ',' ORDER BY oid) FROM pg_type WHERE oid >= 16384),
         (SELECT string_agg(concat_ws(' ', oid, nspname, nspowner, nspacl), ',' ORDER BY oid) FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp'),
         (SELECT string_agg(concat_ws(' ', oid, xmin), ',' ORDER BY oid) FROM pg_default_acl),
         (SELECT string_agg(concat_ws(' ', oid, extname, extversion), ',' ORDER BY oid) FROM pg_extension),
         (SELECT string_agg(oid::text, ',' ORDER BY oid) FROM pg_largeobject_metadata))) AS all,
       md5(coalesce((SELECT string_agg(concat_ws(' ', oid, relfilenode), ',' ORDER BY oid)
                       FROM pg_class WHERE oid >= 16384 AND relkind IN ('r', 'm', 'p', 'S')), '')) AS made,
       EXISTS (SELECT FROM pg_class WHERE oid >= 16384 AND relkind IN ('r', 'm', 'p')) AS tables`;

/** `all` changes with any object, `made` when a table or sequence was made again. */
export async function markOf(client: Client): Promise<{ all: string; made: string; tables: boolean }> {
  const { rows } = await client.query<{ all: string; made: string; tables: boolean }>(MARK);
  return rows[0] ?? { all: '', made: '', tables: false };
}
