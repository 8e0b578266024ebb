/**
 * Before the first destructive step a backup must have been compared with what the store says of it: its checksum file
 * from the store, or its manifest. A checksum computed from the downloaded file itself compares nothing.
 */
import { type Command, forEachChild, parse, type SyntaxNode } from 'unbash';
import { pasteFaults } from './paste.ts';
import { baseName, hasFlag, invocation, plainArgs, textOf } from './words.ts';

export type Comparing = {
  /** A backup is fetched from the store. */
  downloads: boolean;
  /** A checksum file is fetched from the store. */
  fetchesChecksum: boolean;
  /** A checksum file is computed here. */
  ownChecksum: boolean;
  /** Offsets of comparisons with a checksum file that can stop the reader. */
  checksums: number[];
  /** Offsets of comparisons with the manifest. */
  manifests: number[];
  /** Offsets of complete readings of an archive. */
  readings: number[];
};

const CHECKERS: ReadonlySet<string> = new Set(['sha256sum', 'shasum', 'sha512sum']);
const STORE: ReadonlySet<string> = new Set(['mc', 'mcli', 'curl', 'aws', 'wget']);
const RESTORE: ReadonlySet<string> = new Set(['pg_restore']);
const DRILLBOOK: ReadonlySet<string> = new Set(['drillbook']);

export function comparing(source: string): Comparing {
  const seen: Comparing = {
    downloads: false,
    fetchesChecksum: false,
    ownChecksum: false,
    checksums: [],
    manifests: [],
    readings: [],
  };
  const { leaks } = pasteFaults(source);
  const unnoticed = (node: Command) => leaks.some(({ start }) => start === node.pos);
  const take = (node: Command) => {
    const text = source.slice(node.pos, node.end);
    const store = invocation(node, STORE);
    if (store !== undefined && /\b(?:cp|cat|get|mirror|pipe|s3|-O|-o|https?:)/.test(text)) {
      if (text.includes('.sha256')) seen.fetchesChecksum = true;
      else seen.downloads = true;
    }
    const checker = invocation(node, CHECKERS);
    if (checker !== undefined) {
      const checks = hasFlag(checker.args, ['--check'], 'c') !== undefined;
      if (!checks && /\.sha(?:256|512)/.test(text) && />/.test(text)) seen.ownChecksum = true;
      if (checks && !unnoticed(node)) seen.checksums.push(node.pos);
    }
    const restore = invocation(node, RESTORE);
    if (restore !== undefined && text.includes('/dev/null') && !unnoticed(node)) seen.readings.push(node.pos);
    const drill = invocation(node, DRILLBOOK);
    const verb = drill && plainArgs(drill.args)[0];
    if (verb && ['drill', 'prove', 'verify'].includes(baseName(textOf(verb))) && !unnoticed(node))
      seen.manifests.push(node.pos);
  };
  const visit = (node: SyntaxNode) => {
    if (node.type === 'Command') take(node);
    forEachChild(node, visit);
  };
  visit(parse(source));
  return seen;
}
