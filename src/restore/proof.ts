/** Compares what a backup must contain with what was restored, and says each difference in words. Pure. */
import type { Manifest } from '../backup/manifest.ts';
import { type Content, KINDS, type Kind, type Thing } from '../postgres/content.ts';
import { keyOf, type Printed } from '../postgres/reprint.ts';

export type DifferenceKind =
  | Kind
  | 'rows'
  | 'sequence position'
  | 'large object'
  | 'extension'
  | 'database'
  | 'database setting';
export type Difference = {
  kind: DifferenceKind;
  /** What differs, e.g. `public.users`. */
  name: string;
  /** A sentence without its full stop, e.g. `table public.users: 4,103 rows, the backup holds 6,000`. */
  text: string;
};

export type CompareOptions = {
  /** The expected definitions as the server of `actual` prints them. */
  printed?: Printed;
  /** What is not compared, or compared in another way. */
  without?: ReadonlySet<Kind | 'database'>;
};

/** Every difference, tables first. The name of the database is never compared. */
export function compareContent(expected: Content, actual: Content, options: CompareOptions = {}): Difference[] {
  const { printed = new Map(), without = new Set() } = options;
  const kinds = KINDS.filter((kind) => !without.has(kind));
  const lost = missingRelations(expected, actual);
  return [
    ...compareRows(expected, actual),
    ...kinds.flatMap((kind) => compareKind(kind, expected, actual, printed, lost)),
    ...compareSequences(expected, actual),
    ...compareLargeObjects(expected, actual),
    ...compareExtensions(expected, actual),
    ...(without.has('database') ? [] : compareDatabases(expected.database, actual.database)),
  ];
}

/** The first `limit` differences of each kind; what was left out is said in a last line per kind. */
export function firstOfEachKind(differences: readonly Difference[], limit = 10): string[] {
  return [...Map.groupBy(differences, (difference) => difference.kind)].flatMap(([kind, some]) => [
    ...some.slice(0, limit).map((difference) => difference.text),
    ...(some.length > limit ? [`${figure(some.length - limit)} more differences of kind "${kind}"`] : []),
  ]);
}

/** What no manifest states, so that no comparison can see it. */
export const NEVER_COMPARED = [
  'operators, casts, collations, conversions, access methods, transforms and languages: only that they are there',
];

/** What this manifest in particular does not state, or what somebody could not see of it. */
export function unstated({ schema, content }: Pick<Manifest, 'schema' | 'content'>, actual?: Content): string[] {
  const hidden = (of: Content | undefined) => of?.objects['user mapping'].things.filter(isHidden).length ?? 0;
  const mappings = Math.max(hidden(content), hidden(actual));
  return [
    ...(schema === 1
      ? [
          'options of foreign servers and foreign tables, user mappings, text search configurations and dictionaries, privileges on languages, storage options of TOAST tables: this manifest is of schema 1, which does not state them',
        ]
      : []),
    ...(mappings > 0
      ? [`options of ${counted(mappings, 'user mapping')}: the user of the backup or of this drill may not see them`]
      : []),
  ];
}

/** `1 extension`, `2 extensions` */
export function counted(count: number, thing: string): string {
  return `${figure(count)} ${thing}${count === 1 ? '' : 's'}`;
}

export function figure(count: number): string {
  return new Intl.NumberFormat('en').format(count);
}

/**
 * Tables that both hold: rows and their hash. Rows of a partition may stand in another partition of the same table after
 * a restore (hash partitioning by a type whose hash depends on oids): where the sums of the whole agree, all is there.
 */
function compareRows(expected: Content, actual: Content): Difference[] {
  const present = new Map(actual.tables.map((table) => [nameOf(table), table]));
  const [wanted, found] = [sumsByRoot(expected), sumsByRoot(actual)];
  const differing = expected.tables.flatMap((table): Difference[] => {
    const name = nameOf(table);
    const other = present.get(name);
    if (other === undefined || (other.rows === table.rows && other.hash === table.hash)) return [];
    if (table.root !== undefined && wanted.get(table.root) === found.get(table.root)) return [];
    const text =
      other.rows === table.rows
        ? `table ${name}: ${figure(table.rows)} rows as in the backup, but their content differs`
        : `table ${name}: ${figure(other.rows)} rows, the backup holds ${figure(table.rows)}`;
    return [{ kind: 'rows', name, text }];
  });
  return [...differing, ...unstatedRows(expected, actual)];
}

/** A table whose rows nobody can vouch for. Of one that is not in the backup at all something else is said. */
function unstatedRows(expected: Content, actual: Content): Difference[] {
  const stated = new Set(expected.tables.map(nameOf));
  const wanted = new Set(expected.objects.table.things.map((thing) => thing.name));
  return actual.tables.flatMap((table) => {
    const name = nameOf(table);
    if (stated.has(name) || !wanted.has(name)) return [];
    const text = `table ${name}: ${figure(table.rows)} rows, but the manifest does not state them`;
    return [{ kind: 'rows', name, text }];
  });
}

function sumsByRoot(content: Content): Map<string, string> {
  const partitions = content.tables.filter((table) => table.root !== undefined);
  return new Map(
    [...Map.groupBy(partitions, (table) => table.root ?? '')].map(([root, tables]) => {
      const rows = tables.reduce((sum, table) => sum + table.rows, 0);
      const hash = tables.reduce((sum, table) => sum + BigInt(table.hash), 0n);
      return [root, `${rows} ${hash}`];
    }),
  );
}

function compareKind(
  kind: Kind,
  expected: Content,
  actual: Content,
  printed: Printed,
  lost: ReadonlySet<string>,
): Difference[] {
  const present = new Map(actual.objects[kind].things.map((thing) => [thing.name, thing]));
  const wanted = new Set(expected.objects[kind].things.map((thing) => thing.name));
  const changed = expected.objects[kind].things.flatMap((thing): Difference[] => {
    if (belongsTo(thing, lost) || neverDumped(kind, thing)) return [];
    const label = `${kind} ${thing.name}`;
    const other = present.get(thing.name);
    if (other === undefined) return [{ kind, name: thing.name, text: `${label} is missing` }];
    const texts: string[] = [];
    const definition = printed.get(keyOf(kind, thing.name)) ?? thing.definition;
    if (other.definition !== thing.definition && other.definition !== definition)
      texts.push(`${label} is defined differently: ${contrast(other.definition, definition)}`);
    if (other.state !== thing.state && !isHidden(other) && !isHidden(thing))
      texts.push(`${label}: ${contrast(other.state ?? 'none', thing.state ?? 'none')}`);
    return texts.map((text) => ({ kind, name: thing.name, text }));
  });
  const added = actual.objects[kind].things
    // A new database always has the schema public; a dump does not drop it.
    .filter((thing) => !wanted.has(thing.name) && !(kind === 'schema' && thing.name === 'public'))
    .map((thing): Difference => ({ kind, name: thing.name, text: `${kind} ${thing.name} is not in the backup` }));
  return [...changed, ...added];
}

/** A user mapping whose options whoever asked may not see. */
function isHidden(thing: Thing): boolean {
  return thing.state === 'options hidden';
}

/** pg_dump leaves out an index that a failed CREATE INDEX CONCURRENTLY left behind. */
function neverDumped(kind: Kind, thing: Thing): boolean {
  return kind === 'index' && thing.state?.startsWith('not valid') === true && !thing.definition.includes(' ON ONLY ');
}

/** Relations that are missing; what belongs to them is not said once more. */
function missingRelations(expected: Content, actual: Content): Set<string> {
  const kinds: Kind[] = ['table', 'view', 'materialised view'];
  const present = new Set(kinds.flatMap((kind) => actual.objects[kind].things.map((thing) => thing.name)));
  const wanted = kinds.flatMap((kind) => expected.objects[kind].things.map((thing) => thing.name));
  return new Set(wanted.filter((name) => !present.has(name)));
}

function belongsTo(thing: Thing, lost: ReadonlySet<string>): boolean {
  if (lost.size === 0) return false;
  if (thing.on !== undefined) return lost.has(thing.on);
  return [...lost].some((name) => thing.name.startsWith(`${name}.`) || thing.name.endsWith(` ${name}`));
}

/** The dump holds a position between the one before it and the one after it. */
function compareSequences(expected: Content, actual: Content): Difference[] {
  const present = new Map(actual.sequences.map((sequence) => [nameOf(sequence), sequence]));
  return expected.sequences.flatMap((sequence) => {
    const name = nameOf(sequence);
    const other = present.get(name);
    if (other === undefined) return []; // said as a missing sequence
    const [from, to, place] = [placeOf(sequence), placeOf(sequence.until ?? sequence), placeOf(other)];
    const [least, most] = from <= to ? [from, to] : [to, from];
    if (place >= least && place <= most) return [];
    const where = sequence.until === undefined ? '' : ` to ${sequence.until.last}`;
    const said = (s: { last: string; called: boolean }) => `${s.last}${s.called ? '' : ' (not used yet)'}`;
    const text = `sequence ${name} stands at ${said(other)}, in the backup at ${said(sequence)}${where}`;
    return [{ kind: 'sequence position', name, text }];
  });
}

/** Orders positions: at 5 and not used yet comes before at 5 and used. */
function placeOf(sequence: { last: string; called: boolean }): bigint {
  return BigInt(sequence.last) * 2n + (sequence.called ? 1n : 0n);
}

function compareLargeObjects(expected: Content, actual: Content): Difference[] {
  const [wanted, found] = [expected.largeObjects, actual.largeObjects];
  if (wanted.count === found.count && wanted.hash === found.hash) return [];
  const text =
    wanted.count === found.count
      ? `large objects: ${figure(found.count)} as in the backup, but their content differs`
      : `large objects: ${figure(found.count)}, the backup holds ${figure(wanted.count)}`;
  return [{ kind: 'large object', name: 'large objects', text }];
}

/**
 * Versions are not a difference: a dump leaves them to the server that it is restored on. See `extensionRemarks`. Nor is plpgsql, which a
 * new database brings along.
 */
function compareExtensions(expected: Content, actual: Content): Difference[] {
  const present = new Map(actual.extensions.map((extension) => [extension.name, extension]));
  const wanted = new Set(['plpgsql', ...expected.extensions.map((extension) => extension.name)]);
  const added = actual.extensions
    .filter(({ name }) => !wanted.has(name))
    .map(({ name }): Difference => ({ kind: 'extension', name, text: `extension ${name} is not in the backup` }));
  const changed = expected.extensions.flatMap(({ name, schema }): Difference[] => {
    const other = present.get(name);
    if (other === undefined) return [{ kind: 'extension', name, text: `extension ${name} is missing` }];
    const text = `extension ${name} is in schema ${other.schema}, in the backup in ${schema}`;
    return other.schema === schema ? [] : [{ kind: 'extension', name, text }];
  });
  return [...changed, ...added];
}

/** Extensions of another version than in the backup, in words. */
export function extensionRemarks(expected: Content, actual: Content): string[] {
  const present = new Map(actual.extensions.map((extension) => [extension.name, extension.version]));
  return expected.extensions.flatMap(({ name, version }) => {
    const other = present.get(name);
    return other === undefined || other === version
      ? []
      : [`extension ${name} is ${other} here, ${version} in the backup`];
  });
}

function compareDatabases(expected: Content['database'], actual: Content['database']): Difference[] {
  const attributes = ['owner', 'encoding', 'collate', 'ctype', 'provider', 'locale', 'privileges', 'comment'] as const;
  const changed = attributes
    .filter((attribute) => expected[attribute] !== actual[attribute])
    .map((attribute): Difference => {
      const text = `database: ${attribute} is ${contrast(actual[attribute] ?? 'none', expected[attribute] ?? 'none')}`;
      return { kind: 'database', name: attribute, text };
    });
  const say = (s: { role: string | null; setting: string }) =>
    s.role === null ? s.setting : `${s.setting} for ${s.role}`;
  const [wanted, found] = [expected.settings.map(say), actual.settings.map(say)];
  const setting = (name: string, text: string): Difference => ({ kind: 'database setting', name, text });
  return [
    ...changed,
    ...wanted.filter((s) => !found.includes(s)).map((s) => setting(s, `database setting ${s} is missing`)),
    ...found.filter((s) => !wanted.includes(s)).map((s) => setting(s, `database setting ${s} is not in the backup`)),
  ];
}

/** `"…now…", in the backup "…then…"`, cut to where they differ. */
function contrast(now: string, then: string): string {
  let same = 0;
  while (same < now.length && now[same] === then[same]) same++;
  const start = Math.max(0, same - 40);
  const cut = (text: string) => {
    const middle = text.slice(start, start + 120).replaceAll(/\s+/g, ' ');
    return `"${start > 0 ? '…' : ''}${middle}${text.length > start + 120 ? '…' : ''}"`;
  };
  return `${cut(now)}, in the backup ${cut(then)}`;
}

function nameOf(relation: { schema: string; name: string }): string {
  const quoted = [relation.schema, relation.name].map((part) =>
    /^[a-z_][a-z0-9_$]*$/.test(part) ? part : `"${part.replaceAll('"', '""')}"`,
  );
  return quoted.join('.');
}
