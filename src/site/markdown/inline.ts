/** `${DATABASE}_old` in running text is the reader's, too. */
import type { Root } from 'mdast';
import { visit } from 'unist-util-visit';
import { element } from './tree.ts';
import { variables } from './variables.ts';

export function fillInlineCode(tree: Root, names: string[]): void {
  visit(tree, 'inlineCode', (node, index, parent) => {
    const parts = variables(node.value, names);
    if (parent === undefined || index === undefined || parts.every(({ type }) => type === 'text')) return;
    parent.children[index] = element('code', {}, parts);
  });
}
