/** Parameters in running text and in inline code, as elements whose content the reader's values replace. */
import type { Node } from 'mdast';
import { splitVariables } from '../variables.ts';
import { element, text } from './tree.ts';

/** Text with an element for every parameter of the page. */
export function variables(value: string, names: string[]): Node[] {
  return splitVariables(value, names).map((part) =>
    part.name === undefined ? text(part.text) : element('span', { 'data-var': part.name }, [text(part.text)]),
  );
}
