/**
 * The remark plugin of the site. It sees the same page as the harness: faults that `parsePage` finds fail the build, and
 * what it found is shown.
 */
import { relative } from 'node:path';
import type { Root } from 'mdast';
import type { VFile } from 'vfile';
import { messageOf, sortFaults } from '../../runbook/messages.ts';
import { readPage } from '../page.ts';
import { fillInlineCode } from './inline.ts';
import { leadLinks } from './links.ts';
import { showQuotes } from './quotes.ts';
import { putStepsOnALine } from './sections.ts';

/** Astro builds in the project's folder. */
export function remarkDrillbook() {
  return (tree: Root, file: VFile) => {
    const root = process.cwd();
    const path = relative(root, file.path);
    if (!/^(docs|runbooks)\//.test(path)) return;
    const view = readPage(path, root);
    const faults = [...view.page.faults, ...showQuotes(tree, view, root), ...leadLinks(tree, path, root)];
    const errors = sortFaults(faults.filter(({ severity }) => severity === 'error'));
    if (errors.length > 0) throw new Error(`\n${errors.map((fault) => messageOf(fault, path)).join('\n')}\n`);
    if (view.blocks.size === 0) return;
    fillInlineCode(tree, view.names);
    putStepsOnALine(tree, view);
  };
}
