/** Rehype plugin: what a page's author writes in Markdown, made usable without a mouse and without eyes. */
import type { Element, ElementContent, Parents } from '@astrojs/starlight/expressive-code/hast';
import { visit } from 'unist-util-visit';

const BLOCKS = ['ul', 'ol', 'p', 'div', 'figure', 'details'];

/** `- [ ] Restore` gets a label and can be ticked; a table that is wider than the screen can be scrolled with the keys. */
export function rehypeLabels() {
  return (tree: Parents) => {
    visit(tree, 'element', (node) => {
      if (node.tagName === 'table') node.properties.tabIndex = 0;
      if (node.tagName !== 'li' && node.tagName !== 'p') return;
      const box = node.children.findIndex(isBox);
      if (box === -1) return;
      const end = node.children.findIndex((child, i) => i > box && isBlock(child));
      const labelled = node.children.slice(box, end === -1 ? undefined : end);
      for (const child of labelled) if (isBox(child)) delete child.properties.disabled;
      node.children.splice(box, labelled.length, element('label', labelled));
    });
  };
}

const element = (tagName: string, children: ElementContent[]): Element => ({
  type: 'element',
  tagName,
  properties: {},
  children,
});

const isBlock = (node: ElementContent) => node.type === 'element' && BLOCKS.includes(node.tagName);

function isBox(node: ElementContent): node is Element {
  return node.type === 'element' && node.tagName === 'input' && node.properties.type === 'checkbox';
}
