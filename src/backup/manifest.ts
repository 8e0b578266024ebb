/**
 * The manifest of a backup, `<backup>.manifest.json`: what the archive is, and what it must contain, taken in the dump's
 * own snapshot. `schema` is the version of this form; a reader refuses one that it does not know.
 */
import { z } from 'zod';
import { Failure } from '../failure.ts';
import { content, contentOfSchema1, type Kind, SINCE_SCHEMA_2 } from '../postgres/content.ts';

const facts = z.object({
  /** The instant of the snapshot, ISO 8601 in UTC. */
  createdAt: z.iso.datetime(),
  /** The name of the database. */
  database: z.string(),
  archive: z.object({
    name: z.string(),
    bytes: z.int().positive(),
    /** Hexadecimal, lower case. */
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    format: z.enum(['custom', 'tar', 'plain', 'gzip', 'directory']),
  }),
  versions: z.object({ server: z.string(), pgDump: z.string(), drillbook: z.string() }),
});
const manifest = z.discriminatedUnion('schema', [
  facts.extend({ schema: z.literal(1), content: contentOfSchema1 }),
  facts.extend({ schema: z.literal(2), content }),
]);
export type Manifest = z.infer<typeof manifest>;

/** Versions of this form that can be read. */
const KNOWN = [1, 2];
const numbered = z.object({ schema: z.number() });

/** The object that holds the manifest of a backup. */
export function manifestNameOf(backup: string): string {
  return `${backup}.manifest.json`;
}

/** Reads a manifest's text; `name` is said in the message. @throws Failure manifest-unreadable */
export function parseManifest(text: string, name = 'manifest'): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Failure('manifest-unreadable', { name, reason: `it is no JSON: ${reason}` }, { cause });
  }
  const schema = numbered.safeParse(value).data?.schema;
  if (schema !== undefined && !KNOWN.includes(schema))
    throw new Failure('manifest-unreadable', {
      name,
      reason: `it is of schema ${schema}, which this Drillbook does not know`,
    });
  const read = manifest.safeParse(value);
  if (read.success) return read.data;
  const faults = read.error.issues.slice(0, 3).map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new Failure('manifest-unreadable', { name, reason: faults.join('; ') });
}

/** Kinds of object that a manifest of this schema does not state. */
export function unstatedBy({ schema }: Manifest): ReadonlySet<Kind> {
  return schema === 1 ? SINCE_SCHEMA_2 : new Set();
}

/** The text that is stored: indented, because people read it too. */
export function manifestText(value: Manifest): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}
