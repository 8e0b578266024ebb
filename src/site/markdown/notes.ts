/** `:::caution[It says FAILED]` after a step's block: what to do when something else is seen, as an amber fold. */
import type { Paragraph, RootContent } from 'mdast';
import { type Directive, element, text } from './tree.ts';

/** A fold whose summary is the note's label. */
export function note(directive: Directive): RootContent {
  const [first, ...rest] = directive.children;
  const label = first?.type === 'paragraph' && isLabel(first) ? first : undefined;
  return element('details', { class: 'db-note' }, [
    element('summary', {}, label?.children ?? [text('If it goes wrong')]),
    element('div', {}, label === undefined ? directive.children : rest),
  ]);
}

function isLabel(node: Paragraph): boolean {
  return node.data !== undefined && 'directiveLabel' in node.data;
}
