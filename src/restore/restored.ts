/** Reads what a drill has restored and compares it with everything that is known of the backup. */
import { type Manifest, unstatedBy } from '../backup/manifest.ts';
import { connect } from '../postgres/connection.ts';
import { type Content, KINDS, type Kind } from '../postgres/content.ts';
import type { OpenedArchive } from '../postgres/opened.ts';
import { type Printed, reprint } from '../postgres/reprint.ts';
import type { Report } from '../progress.ts';
import type { Settings } from '../settings.ts';
import type { Contents } from './contents.ts';
import type { ManifestRead } from './fetch.ts';
import { acrossMajors } from './majors.ts';
import type { OwnDatabase } from './own.ts';
import { type StatedPolicy, withStatedRoles } from './policies.ts';
import {
  compareContent,
  counted,
  type Difference,
  extensionRemarks,
  figure,
  NEVER_COMPARED,
  unstated,
} from './proof.ts';
import { readRestored } from './read.ts';
import type { Filtered } from './script.ts';
import { compareStated, readStated, statedIn } from './stated.ts';
import { compareRowCounts, compareToc } from './toc.ts';
import { type Validation, validate } from './validate.ts';

export type Proof = {
  validation: Validation;
  differences: Difference[];
  /** What was compared and how, and what could not be. */
  compared: string[];
  notProven: string[];
};

type Work = {
  settings: Settings;
  read: ManifestRead;
  manifest: Manifest | undefined;
  server: { server: string };
  testDatabase: string;
  report: Report;
  signal: AbortSignal;
};
type Restored = {
  archive: OpenedArchive;
  contents: Contents;
  policies: StatedPolicy[];
  filtered?: Filtered;
  /** Restored with owners and privileges, in a server of its own. */
  own: OwnDatabase | undefined;
};

/** A throwaway database has other owners, privileges, comment and settings than the one that was dumped. */
const STATED: ReadonlySet<Kind | 'database'> = new Set([
  'owner',
  'privilege',
  'language privilege',
  'default privilege',
  'database',
]);

/** @throws Failure content-unreadable */
export async function proveRestored(work: Work, restored: Restored): Promise<Proof> {
  const { settings, testDatabase, report, signal, manifest } = work;
  const { contents, archive, policies, filtered, own } = restored;
  const [read, stated] = await Promise.all([
    readRestored(settings.postgres, testDatabase, { report, signal }),
    own || manifest === undefined
      ? undefined
      : filtered
        ? statedIn(filtered)
        : readStated(archive, contents.entries, signal),
  ]);
  const actual = { ...read, objects: withStatedRoles(read.objects, policies) };
  const validation = validate(actual, settings);
  if (manifest === undefined) {
    const differences = [
      ...compareRowCounts(contents.rows ?? new Map(), actual),
      ...compareToc(contents.entries, actual),
    ];
    return { validation, differences, ...withoutManifest(work.read, validation, contents) };
  }
  const majors = acrossMajors(manifest.content, actual, manifest.versions.server, work.server.server);
  const printed = await reprinted(work, majors.expected, majors.actual);
  const states = stated && compareStated(manifest.content, stated);
  return {
    validation,
    differences: [
      ...compareContent(majors.expected, majors.actual, {
        printed,
        without: notComparedIn(own).union(unstatedBy(manifest)),
      }),
      ...(states?.differences ?? []),
    ],
    compared: [
      ...comparedWith(manifest.content, validation),
      ...(states?.compared ?? []),
      ...comparedIn(own, manifest),
    ],
    notProven: [
      ...(states?.notProven ?? []),
      ...remarksOn(own),
      ...remarks(manifest, actual, policies),
      ...majors.notCompared,
    ],
  };
}

function notComparedIn(own: OwnDatabase | undefined): ReadonlySet<Kind | 'database'> {
  if (own === undefined) return STATED;
  return new Set(own.stated ? [] : ['database']);
}

function comparedIn(own: OwnDatabase | undefined, { content }: Manifest): string[] {
  if (own === undefined) return [];
  const { owner, privilege } = content.objects;
  const database = own.stated ? ', owner, privileges, settings and comment of the database itself' : '';
  return [
    `${figure(owner.count)} owners, privileges on ${figure(privilege.count)} objects${database}: restored and read back`,
  ];
}

function remarksOn(own: OwnDatabase | undefined): string[] {
  if (own === undefined)
    return ['owner, privileges and settings of the database itself: a throwaway database has its own'];
  const unstatedOfDatabase = 'owner, privileges and settings of the database itself: the archive does not state them';
  return [...(own.stated ? [] : [unstatedOfDatabase]), ...own.remarks];
}

async function reprinted(work: Work, expected: Content, actual: Content): Promise<Printed> {
  await using client = await connect(work.settings.postgres, { database: work.testDatabase, signal: work.signal });
  return await reprint(client, expected, actual);
}

function withoutManifest(
  manifest: ManifestRead,
  { tables, rows }: Validation,
  contents: Contents,
): Pick<Proof, 'compared' | 'notProven'> {
  return {
    compared: [
      `the archive was read to its end; ${figure(rows)} rows of ${figure(tables)} tables can be read`,
      'what was restored with what the archive says it holds: how many objects of each kind',
      ...(contents.rows === undefined
        ? []
        : [`the number of rows of ${counted(contents.rows.size, 'table')} with those in the archive`]),
    ],
    notProven:
      manifest.state === 'unreadable'
        ? [
            `the content: the manifest cannot be read (${manifest.reason}), and nothing else says which rows the database had`,
          ]
        : ['the content: without a manifest nobody knows which rows the database had'],
  };
}

function comparedWith(expected: Content, { tables, rows }: Validation): string[] {
  const kinds = KINDS.filter((kind) => !STATED.has(kind));
  const objects = kinds.reduce((sum, kind) => sum + expected.objects[kind].count, 0);
  const large = expected.largeObjects.count;
  const extensions = expected.extensions.length;
  return [
    `${figure(rows)} rows of ${figure(tables)} tables: their number and a hash of their content`,
    `${figure(objects)} definitions: tables, columns, defaults, constraints (validated), indexes (valid), views, functions, triggers (enabled), policies, types, comments`,
    `${figure(expected.sequences.length)} positions of sequences`,
    ...(large > 0 ? [`${counted(large, 'large object')}: their number and a hash of their content`] : []),
    ...(extensions > 0 ? [counted(extensions, 'extension')] : []),
  ];
}

function remarks(manifest: Manifest, actual: Content, policies: StatedPolicy[]): string[] {
  const { objects } = manifest.content;
  const count = (kind: Kind, begin: string) =>
    objects[kind].things.filter((thing) => thing.state?.startsWith(begin)).length;
  const filled = count('materialised view', 'populated');
  const foreign = count('table', 'foreign table');
  return [
    ...NEVER_COMPARED,
    ...unstated(manifest, actual),
    ...(filled > 0 ? [`rows of ${counted(filled, 'materialised view')}: they were computed anew`] : []),
    ...(foreign > 0 ? [`rows of ${counted(foreign, 'foreign table')}: they lie on other servers`] : []),
    ...(policies.length > 0
      ? ['roles of policies were compared as the archive states them: this server lacks some of them']
      : []),
    ...extensionRemarks(manifest.content, actual),
  ];
}
