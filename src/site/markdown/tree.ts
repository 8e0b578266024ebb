/** Making and reading nodes of the Markdown tree. */
import type { Code, Node, Parent, PhrasingContent, RootContent } from 'mdast';

type Properties = Record<string, string | number | boolean | undefined>;

/** An element of the page. Markdown has no node of this kind, so a paragraph carries its name to the HTML tree. */
export function element(name: string, properties: Properties, children: Node[] = []): RootContent {
  const kept = Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined));
  return {
    type: 'paragraph',
    data: { hName: name, hProperties: kept },
    children: children as PhrasingContent[], // rendered as given: the element decides what may stand in it
  };
}

export function text(value: string): PhrasingContent {
  return { type: 'text', value };
}

export const isCode = (node: Node): node is Code => node.type === 'code';

/** The line of the file that a node starts in, counted from 1; 0 for a node that was made here. */
export const lineOf = (node: Node): number => node.position?.start.line ?? 0;

/** A `:::name[label]` block, as remark-directive reads it. */
export type Directive = Pick<Parent, 'children'> & { name: string };

/** Undefined when the node is something else. */
export function directiveOf(node: Node): Directive | undefined {
  // mdast's own types do not know directives; remark-directive gives each of them these two.
  return node.type === 'containerDirective' ? (node as Node & Directive) : undefined;
}
