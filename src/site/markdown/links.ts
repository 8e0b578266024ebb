/**
 * Links between pages are written as paths of files, so that they work on a code host, too; here they become addresses. A link
 * to a file that is no page (a script, a test) becomes plain text; one that leads nowhere is a fault.
 */
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import type { Root } from 'mdast';
import { SKIP, visit } from 'unist-util-visit';
import { error } from '../../runbook/fault.ts';
import type { Fault } from '../../runbook/model.ts';
import { addressOf } from '../slug.ts';

const ELSEWHERE = /^([a-z][a-z0-9+.-]*:|\/|#|\?)/i;
const PAGE = /^(docs\/.+|runbooks\/[^/]+\/index)\.mdx?$/;

export function leadLinks(tree: Root, path: string, root: string): Fault[] {
  const faults: Fault[] = [];
  visit(tree, ['link', 'definition'], (node, index, parent): [typeof SKIP, number] | undefined => {
    if ((node.type !== 'link' && node.type !== 'definition') || ELSEWHERE.test(node.url)) return undefined;
    const [target = '', fragment] = node.url.split('#');
    const file = normalize(join(dirname(path), decodeURIComponent(target)));
    if (PAGE.test(file) && existsSync(join(root, file))) {
      node.url = addressOf(file) + (fragment === undefined ? '' : `#${fragment}`);
      return undefined;
    }
    if (!existsSync(join(root, file))) {
      faults.push(
        error(
          'link-broken',
          node.position?.start ?? { line: 1, column: 1 },
          `this link leads to ${file}, which does not exist`,
        ),
      );
      return undefined;
    }
    if (node.type === 'link' && parent !== undefined && index !== undefined) {
      parent.children.splice(index, 1, ...node.children);
      return [SKIP, index];
    }
    return undefined;
  });
  return faults;
}
