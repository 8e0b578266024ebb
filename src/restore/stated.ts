/**
 * Owners and privileges as an archive states them: a drill restores without them, because they need roles that only the
 * original server has. What pg_restore would run is read, and compared with the manifest.
 */
import type { Content, Thing } from '../postgres/content.ts';
import type { OpenedArchive } from '../postgres/opened.ts';
import type { TocEntry } from './contents.ts';
import { type Difference, figure } from './proof.ts';
import { sqlOf } from './restore.ts';

export type Stated = {
  /** `relation public.users` → owner. */
  owners: Map<string, string>;
  /** `relation public.users` → role → privileges, e.g. `SELECT`, `INSERT*`, `ALL`. */
  grants: Map<string, Map<string, Set<string>>>;
  /** What PUBLIC's usual rights were taken from. */
  revoked: Set<string>;
};

/** Reads the statements; none of them is run. */
export async function readStated(
  { file, bytes }: Pick<OpenedArchive, 'file' | 'bytes'>,
  entries: readonly TocEntry[],
  signal: AbortSignal,
): Promise<Stated> {
  const wanted = entries.filter(({ kind }) => !/DATA$|^(BLOBS|SEQUENCE SET|ACL|DEFAULT ACL|COMMENT)$/.test(kind));
  const [owners, grants] = await Promise.all([
    sqlOf(file, wanted, { bytes, signal, owners: true }),
    sqlOf(
      file,
      entries.filter(({ kind }) => kind === 'ACL'),
      { bytes, signal },
    ),
  ]);
  return { owners: statedOwners(owners), ...statedGrants(grants) };
}

/** Of the statements that were left out when SQL was restored. */
export function statedIn({ owners, grants }: { owners: string; grants: string }): Stated {
  return { owners: statedOwners(owners), ...statedGrants(grants) };
}

const ROLE = String.raw`"(?:[^"]|"")+"|[^"\s;]+`;

/** Pure: `ALTER TABLE public.users OWNER TO freshtrack;` */
export function statedOwners(sql: string): Stated['owners'] {
  const form = new RegExp(String.raw`^ALTER ([A-Z ]+) (\S.*) OWNER TO (${ROLE});$`, 'gm');
  const owners = new Map<string, string>();
  for (const [, type = '', name = '', role = ''] of sql.matchAll(form))
    owners.set(`${classOf(type)} ${name}`, plain(role));
  return owners;
}

/** Pure: `GRANT SELECT(email) ON TABLE public.users TO app WITH GRANT OPTION;` and `REVOKE ALL … FROM PUBLIC;` */
export function statedGrants(sql: string): Pick<Stated, 'grants' | 'revoked'> {
  const form = new RegExp(String.raw`^GRANT (.+?) ON ([A-Z ]+) (\S.*) TO (${ROLE})( WITH GRANT OPTION)?;$`, 'gm');
  const grants: Stated['grants'] = new Map();
  for (const [, what = '', type = '', name = '', role = '', option] of sql.matchAll(form)) {
    for (const [, privilege = '', column] of what.matchAll(/([A-Z]+)(?:\(((?:"(?:[^"]|"")+"|[^)"])+)\))?/g)) {
      const key = column === undefined ? `${classOf(type)} ${name}` : `column ${name}.${column}`;
      const roles = grants.get(key) ?? new Map<string, Set<string>>();
      roles.set(plain(role), (roles.get(plain(role)) ?? new Set()).add(option ? `${privilege}*` : privilege));
      grants.set(key, roles);
    }
  }
  const revokes = sql.matchAll(/^REVOKE .+? ON ([A-Z ]+) (\S.*) FROM PUBLIC;$/gm);
  return { grants, revoked: new Set([...revokes].map(([, type = '', name = '']) => `${classOf(type)} ${name}`)) };
}

/** Pure. What the archive does not state is no difference: pg_dump leaves out what follows from something else. */
export function compareStated(
  expected: Content,
  { owners, grants, revoked }: Stated,
): { differences: Difference[]; compared: string[]; notProven: string[] } {
  const owned = expected.objects.owner.things.flatMap((thing) => {
    const stated = owners.get(keyOf(thing));
    return stated === undefined ? [] : [{ thing, stated }];
  });
  const wrong = owned
    .filter(({ thing, stated }) => stated !== thing.state)
    .map(({ thing, stated }): Difference => {
      const text = `owner of ${thing.name}: ${thing.state}, the archive states ${stated}`;
      return { kind: 'owner', name: thing.name, text };
    });
  const privileges = [...expected.objects.privilege.things, ...expected.objects['language privilege'].things];
  const lost = privileges.flatMap((thing) => lostPrivileges(thing, ownersOf(expected, thing), grants, revoked));
  return {
    differences: [...wrong, ...lost, ...addedPrivileges(expected, privileges, grants)],
    compared: [
      `${figure(owned.length)} owners and privileges on ${figure(privileges.length)} objects, as the archive states them (not restored)`,
    ],
    notProven: expected.objects['default privilege'].count > 0 ? ['default privileges: they were not restored'] : [],
  };
}

/** What pg_dump calls ALL; later versions add to it. */
const EVERY: Record<string, string[]> = {
  table: ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'],
  sequence: ['USAGE', 'SELECT', 'UPDATE'],
  column: ['SELECT', 'INSERT', 'UPDATE', 'REFERENCES'],
  schema: ['USAGE', 'CREATE'],
  'large object': ['SELECT', 'UPDATE'],
  function: ['EXECUTE'],
  type: ['USAGE'],
  language: ['USAGE'],
  'foreign server': ['USAGE'],
};

/**
 * What the archive grants and the backup did not. Only on what the manifest knows an owner of: privileges on members of extensions are in
 * archives, but in no manifest.
 */
function addedPrivileges(expected: Content, privileges: readonly Thing[], grants: Stated['grants']): Difference[] {
  const known = new Map(privileges.map((thing) => [keyOf(thing), thing]));
  const owned = new Map(expected.objects.owner.things.map((thing) => [keyOf(thing), thing]));
  return [...grants].flatMap(([key, roles]) => {
    const ofColumn = key.startsWith('column ');
    const owner = owned.get(ofColumn ? tableOf(key) : key);
    const thing = known.get(key) ?? (owner && { ...owner, name: ofColumn ? key : owner.name, state: '' });
    if (thing === undefined || key.startsWith('language ')) return [];
    const owners = ownersOf(expected, thing);
    const said = saidOf(thing);
    return [...roles].flatMap(([role, stated]): Difference[] => {
      // Without a word in the manifest everybody has the usual ones.
      if (owners.includes(role) || (role === 'PUBLIC' && said.length === 0 && isUsuallyPublic(thing))) return [];
      const has = new Set(said.find((one) => one.role === role)?.privileges);
      const added = [...stated].filter((privilege) => !meantBy(privilege, thing).every((one) => holds(has, one)));
      if (added.length === 0) return [];
      const text = `privileges on ${thing.name}: the archive grants ${added.join(', ')} to ${role}, the backup did not`;
      return [{ kind: 'privilege', name: thing.name, text }];
    });
  });
}

/** `ALL*` → `SELECT*`, `INSERT*`, … */
function meantBy(privilege: string, { name }: Thing): string[] {
  const [, all, option = ''] = /^(ALL)(\*?)$/.exec(privilege) ?? [];
  if (all === undefined) return [privilege];
  const kind = Object.keys(EVERY).find((one) => name.startsWith(`${one} `)) ?? 'table';
  return (EVERY[kind] ?? []).map((one) => one + option);
}

function holds(has: ReadonlySet<string>, privilege: string): boolean {
  return has.has(privilege) || has.has(`${privilege}*`);
}

function lostPrivileges(
  thing: Thing,
  owners: string[],
  grants: Stated['grants'],
  revoked: Stated['revoked'],
): Difference[] {
  const key = keyOf(thing);
  const wanted = saidOf(thing);
  const difference = (text: string): Difference => ({ kind: 'privilege', name: thing.name, text });
  const missing = wanted
    .filter(({ role }) => !owners.includes(role) && role !== 'PUBLIC')
    .flatMap(({ role, privileges }) => {
      const stated = grants.get(key)?.get(role) ?? new Set<string>();
      const lacking = privileges.filter(
        (privilege) => !stated.has(privilege) && !stated.has(privilege.endsWith('*') ? 'ALL*' : 'ALL'),
      );
      if (lacking.length === 0) return [];
      return [difference(`privileges on ${thing.name}: the archive does not grant ${lacking.join(', ')} to ${role}`)];
    });
  const usual = isUsuallyPublic(thing) && !wanted.some(({ role }) => role === 'PUBLIC');
  if (usual && !revoked.has(key))
    missing.push(difference(`privileges on ${thing.name}: the archive leaves them to PUBLIC`));
  return missing;
}

/** Of a manifest's words: `app: INSERT, SELECT*; reader: SELECT` */
function saidOf({ state = '' }: Thing): { role: string; privileges: string[] }[] {
  const parts = state.split('; ').filter((part) => part !== 'none' && part !== '');
  return parts.map((part) => {
    const at = part.lastIndexOf(': ');
    return { role: plain(part.slice(0, at)), privileges: part.slice(at + 2).split(', ') };
  });
}

function isUsuallyPublic({ name }: Thing): boolean {
  return /^(function|type|language) /.test(name);
}

/** Owners need no grants. Those of large objects are only known together. */
function ownersOf(expected: Content, { name }: Thing): string[] {
  const owned = name.startsWith('column ') ? tableOf(name).replace(/^relation /, 'table ') : name;
  const matches = owned.startsWith('large object ')
    ? (owner: Thing) => owner.name.startsWith('large objects of ')
    : (owner: Thing) => owner.name === owned;
  return expected.objects.owner.things
    .filter(matches)
    .map(({ name: owner, state = '' }) => (/^large objects of /.test(owner) ? plain(owner.slice(17)) : state));
}

/** `column public.users.id` → `relation public.users` */
function tableOf(column: string): string {
  return column.replace(/^column (.*)\.(?:"(?:[^"]|"")+"|[^".]+)$/, 'relation $1');
}

function keyOf({ name }: Thing): string {
  const [, type = '', rest = ''] =
    /^(materialised view|large objects? of|large object|foreign server|\S+) (.*)$/.exec(name) ?? [];
  return `${classOf(type.toUpperCase())} ${rest}`;
}

/** Kinds that share their names: `ALTER TABLE` and `GRANT … ON TABLE` are said of views and sequences too. */
function classOf(type: string): string {
  if (/^(TABLE|VIEW|MATERIALI[SZ]ED VIEW|SEQUENCE|FOREIGN TABLE)$/.test(type)) return 'relation';
  if (/^(FUNCTION|PROCEDURE|AGGREGATE)$/.test(type)) return 'function';
  if (/^(TYPE|DOMAIN)$/.test(type)) return 'type';
  return type === 'SERVER' ? 'foreign server' : type.toLowerCase();
}

function plain(identifier: string): string {
  return identifier.startsWith('"') ? identifier.slice(1, -1).replaceAll('""', '"') : identifier;
}
