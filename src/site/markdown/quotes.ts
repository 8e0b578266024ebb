/** `quotes=<runbook>/<step>`: a block that shows a step of a runbook, with a link to it. Its bytes must be the step's. */
import { globSync } from 'node:fs';
import type { Root } from 'mdast';
import { SKIP, visit } from 'unist-util-visit';
import type { Fault, Page } from '../../runbook/model.ts';
import { checkAcross } from '../../runbook/repository.ts';
import { withInfo } from '../block.ts';
import { type PageView, readPage } from '../page.ts';
import { addressOf } from '../slug.ts';
import { strip } from './folds.ts';
import { lineOf } from './tree.ts';

/** Describes every quoting block of the page to Expressive Code; returns what is wrong between the pages. */
export function showQuotes(tree: Root, view: PageView, root: string): Fault[] {
  if (view.page.quotes.length === 0 && view.page.scenarios.length === 0) return [];
  const runbooks = new Map(
    globSync('runbooks/*/index.{md,mdx}', { cwd: root }).map((file) => {
      const source = readPage(file, root);
      return [source.page.name, source] as const;
    }),
  );
  visit(tree, 'code', (node, index, parent): [typeof SKIP, number] | undefined => {
    const quote = view.page.quotes.find(({ line }) => line === lineOf(node));
    const source = quote && runbooks.get(quote.runbook);
    const step = source?.page.steps.find(({ id, command }) => id === quote?.step && command === quote.command);
    if (source === undefined || step === undefined) return undefined;
    const number = source.sections.find(({ lines }) => lines.includes(step.line))?.number;
    node.meta = withInfo('', {
      ...source.blocks.get(step.line)?.info,
      kind: 'quote',
      names: [],
      link: { address: addressOf(source.page.path), text: `Step ${number} of ${source.page.title}` },
    });
    const destroys = source.blocks.get(step.line)?.destroys ?? [];
    if (destroys.length === 0 || parent === undefined || index === undefined) return undefined;
    parent.children.splice(index, 0, strip(destroys, []));
    return [SKIP, index + 2];
  });
  return checkAcross(view.page, new Map<string, Page>([...runbooks].map(([name, { page }]) => [name, page])));
}
