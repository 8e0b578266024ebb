/**
 * The body of a step: its blocks with the strip of what they destroy, variants of one block side by side, the expected
 * output as a fold, and notes for when it goes wrong.
 */
import type { Code, RootContent } from 'mdast';
import { withInfo } from '../block.ts';
import { type BlockView, type PageView, VARIANTS } from '../page.ts';
import { note } from './notes.ts';
import { directiveOf, element, isCode, lineOf, text } from './tree.ts';
import { variables } from './variables.ts';

/** Outputs up to this many lines are shown at once. */
const SHORT = 8;

export function fold(body: RootContent[], view: PageView): RootContent[] {
  const folded: RootContent[] = [];
  let after = false;
  for (let i = 0; i < body.length; i++) {
    const node = body[i];
    if (node === undefined) continue;
    const directive = after ? directiveOf(node) : undefined;
    if (directive?.name === 'caution') {
      folded.push(note(directive));
      continue;
    }
    const block = isCode(node) ? view.blocks.get(lineOf(node)) : undefined;
    if (!isCode(node) || block === undefined) {
      folded.push(node);
      continue;
    }
    after = true;
    const group = variantsFrom(body, i, view);
    if (group.length > 1) {
      folded.push(tabs(group, view));
      i += group.length - 1;
    } else folded.push(...shown(node, block, view));
  }
  return folded;
}

/** The blocks from here on that are the same step in another lab, with what each of them prints. */
function variantsFrom(body: RootContent[], start: number, view: PageView): [Code, BlockView][] {
  const group: [Code, BlockView][] = [];
  for (const node of body.slice(start)) {
    const block = isCode(node) ? view.blocks.get(lineOf(node)) : undefined;
    if (!isCode(node) || block?.lab === undefined) break;
    if (group[0] !== undefined && block.step !== group[0][1].step) break;
    group.push([node, block]);
  }
  return new Set(group.map(([, block]) => block.lab)).size > 1 ? group : [];
}

/** Readable without scripts: every panel under its label. A script makes tabs of them. */
function tabs(group: [Code, BlockView][], view: PageView): RootContent {
  const labs = [...new Set(group.map(([, block]) => block.lab ?? 'local'))];
  return element(
    'div',
    { class: 'db-tabs' },
    labs.map((lab) =>
      element('div', { class: 'db-panel', 'data-lab': lab }, [
        element('p', { class: 'db-panel-label' }, [text(VARIANTS[lab])]),
        ...group.filter(([, block]) => block.lab === lab).flatMap(([node, block]) => shown(node, block, view)),
      ]),
    ),
  );
}

function shown(node: Code, block: BlockView, view: PageView): RootContent[] {
  const code: Code = { ...node, meta: withInfo(node.meta, block.info) };
  if (block.info.kind === 'output') {
    const open = node.value.split('\n').length <= SHORT;
    return [element('details', { class: 'db-see', open }, [element('summary', {}, [text('You should see')]), code])];
  }
  return block.destroys.length === 0 ? [code] : [strip(block.destroys, view.names), code];
}

/** The strip above a block. `destroys` holds what was seen to go, or what the command is called. */
export function strip(destroys: string[], names: string[]): RootContent {
  const words = variables(`Destroys or replaces: ${destroys.join(', ')}`, names);
  return element('p', { class: 'db-blast', role: 'note' }, words);
}
