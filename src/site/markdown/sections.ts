/**
 * Puts the steps of a runbook on a line: each heading with a block of the runbook under it becomes a numbered section. What
 * stands before, between and after stays as it is.
 */
import type { Heading, Root, RootContent } from 'mdast';
import type { PageView } from '../page.ts';
import { fold } from './folds.ts';
import { element, isCode, lineOf, text } from './tree.ts';

export function putStepsOnALine(tree: Root, view: PageView): void {
  tree.children = parts(tree.children).flatMap((part) => {
    const [heading, ...body] = part;
    const lines = body.filter(isCode).map(lineOf);
    const section = view.sections.find((candidate) => candidate.lines.some((line) => lines.includes(line)));
    if (heading === undefined || section === undefined) return part;
    const danger = section.destroys.length > 0;
    return element(
      'section',
      { class: danger ? 'db-step db-danger' : 'db-step', 'data-step': String(section.number) },
      [
        element('div', { class: 'db-number' }, [
          element('span', { class: 'sr-only' }, [text('Step ')]),
          text(`${section.number}`),
        ]),
        element('div', { class: 'db-body' }, [
          heading,
          ...(section.duration === '' ? [] : [element('p', { class: 'db-meta' }, [text(section.duration)])]),
          ...fold(body, view),
        ]),
      ],
    );
  });
}

/** Cuts the page before each heading. */
function parts(children: RootContent[]): RootContent[][] {
  const cut: RootContent[][] = [[]];
  for (const child of children) {
    if (isHeading(child)) cut.push([]);
    cut.at(-1)?.push(child);
  }
  return cut.filter((part) => part.length > 0);
}

const isHeading = (node: RootContent): node is Heading => node.type === 'heading';
