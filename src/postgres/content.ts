/**
 * The content of a database, as a manifest states it: enough to decide whether a restored database is the same one.
 * Everything is named by name, never by oid, and stands in a fixed order, so equal databases give equal text.
 */
import { z } from 'zod';

/** The kinds of object that are compared; each has a query of its name in catalog/. */
export const KINDS = [
  'schema',
  'table',
  'column',
  'default',
  'constraint',
  'index',
  'sequence',
  'view',
  'materialised view',
  'function',
  'trigger',
  'rule',
  'policy',
  'type',
  'statistics',
  'publication',
  'event trigger',
  'foreign option',
  'user mapping',
  'text search',
  'toast option',
  'other',
  'comment',
  'owner',
  'privilege',
  'language privilege',
  'default privilege',
] as const;
export type Kind = (typeof KINDS)[number];

/** Kinds that manifests state since schema 2. */
export const SINCE_SCHEMA_2: ReadonlySet<Kind> = new Set([
  'foreign option',
  'user mapping',
  'text search',
  'toast option',
  'language privilege',
]);

const thing = z.object({
  /** Quoted as SQL takes it and with its schema, e.g. `public."Mixed"`. */
  name: z.string(),
  /** As the server printed it. Two servers may print the same thing differently: compare through `reprint`. */
  definition: z.string(),
  /** What is said in words of our own and can be compared as text, e.g. `valid`, `disabled`. */
  state: z.string().optional(),
  /** The relation that it belongs to, quoted. */
  on: z.string().optional(),
});
export type Thing = z.infer<typeof thing>;

const objects = z.object({
  count: z.int().nonnegative(),
  /** SHA-256 over the things, hexadecimal: two manifests can be compared at a glance. */
  digest: z.string(),
  things: z.array(thing),
});

const table = z.object({
  schema: z.string(),
  name: z.string(),
  rows: z.int().nonnegative(),
  /** Sum of the rows' hashes, decimal: it does not depend on the order of the rows, and sums of partitions add up. */
  hash: z.string().regex(/^-?\d+$/),
  /** The partitioned table at the top, quoted, when this is a partition. */
  root: z.string().optional(),
});
export type TableContent = z.infer<typeof table>;

const position = z.object({ last: z.string().regex(/^-?\d+$/), called: z.boolean() });
const sequence = position.extend({
  schema: z.string(),
  name: z.string(),
  /**
   * Where it stood when the dump was over, if elsewhere. Sequences stand outside of snapshots: the dump holds a position
   * between these two.
   */
  until: position.optional(),
});
export type SequenceContent = z.infer<typeof sequence>;

export const content = z.object({
  database: z.object({
    name: z.string(),
    owner: z.string(),
    encoding: z.string(),
    collate: z.string(),
    ctype: z.string(),
    /** `libc`, `icu` or `builtin`. */
    provider: z.string(),
    /** The locale of the provider, where it is not libc. */
    locale: z.string().nullable(),
    /** ALTER DATABASE … SET; with a role: ALTER ROLE … IN DATABASE … SET. */
    settings: z.array(z.object({ role: z.string().nullable(), setting: z.string() })),
    /** As `privilege` objects say it: `app: CONNECT; reader: CONNECT, TEMPORARY*`. */
    privileges: z.string(),
    comment: z.string().nullable(),
    /** Its size on the server: for estimates, never compared. */
    bytes: z.int().nonnegative(),
  }),
  tables: z.array(table),
  sequences: z.array(sequence),
  largeObjects: z.object({ count: z.int().nonnegative(), hash: z.string() }),
  extensions: z.array(z.object({ name: z.string(), schema: z.string(), version: z.string() })),
  objects: z.record(z.enum(KINDS), objects),
  /** Every role that an owner, a privilege, a policy or a setting names. */
  roles: z.array(z.string()),
});
export type Content = z.infer<typeof content>;

/** The content of a manifest of schema 1: what it could not state yet is empty, and must not be compared. */
export const contentOfSchema1 = content.extend({
  objects: z.partialRecord(z.enum(KINDS), objects).transform((stated, context): Content['objects'] => {
    const kinds = KINDS.map((kind) => {
      const fallback = SINCE_SCHEMA_2.has(kind) ? { count: 0, digest: '', things: [] } : undefined;
      const found = stated[kind] ?? fallback;
      if (found === undefined) context.addIssue({ code: 'custom', path: [kind], message: 'is missing' });
      return [kind, found] as const;
    });
    // An issue was added for each that is missing, which the type of fromEntries cannot say.
    return Object.fromEntries(kinds) as Content['objects'];
  }),
});

/** Fits what the sequences say after the dump into a content that was read before it. */
export function withSequencesUntil(before: Content, after: readonly SequenceContent[]): Content {
  const later = new Map(after.map((sequence) => [`${sequence.schema}.${sequence.name}`, sequence]));
  const sequences = before.sequences.map((sequence) => {
    const end = later.get(`${sequence.schema}.${sequence.name}`);
    const moved = end !== undefined && (end.last !== sequence.last || end.called !== sequence.called);
    return moved ? { ...sequence, until: { last: end.last, called: end.called } } : sequence;
  });
  return { ...before, sequences };
}
