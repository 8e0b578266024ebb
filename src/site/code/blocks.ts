/**
 * Expressive Code plugin: every code block gets a head with where it runs and a button that copies it (never over the code),
 * and the blocks of runbooks show their parameters as values to fill in, and when they last ran.
 */
import {
  ExpressiveCodeAnnotation,
  type ExpressiveCodeBlock,
  type ExpressiveCodePlugin,
  InlineStyleAnnotation,
} from '@astrojs/starlight/expressive-code';
import { type Element, type ElementContent, h } from '@astrojs/starlight/expressive-code/hast';
import { type BlockInfo, infoOf } from '../block.ts';
import { cut, placesInCommand, placesInParametersBlock, placesInText } from '../variables.ts';

const SHAPE = { passed: '✓', failed: '✕', 'not-rehearsed': '○' } as const;

export function runbookBlocks(): ExpressiveCodePlugin {
  return {
    name: 'Drillbook blocks',
    hooks: {
      postprocessAnnotations: ({ codeBlock }) => {
        const info = infoOf(codeBlock.metaOptions);
        if (info.kind !== 'plain') markVariables(codeBlock, info);
      },
      postprocessRenderedBlock: ({ codeBlock, renderData }) => {
        renderData.blockAst = frame(renderData.blockAst, codeBlock, infoOf(codeBlock.metaOptions));
      },
    },
  };
}

/** In the blocks of a runbook nothing is coloured but what the reader fills in. */
function markVariables(codeBlock: ExpressiveCodeBlock, info: BlockInfo): void {
  let start = 0;
  for (const line of codeBlock.getLines()) {
    for (const annotation of [...line.getAnnotations()])
      if (annotation instanceof InlineStyleAnnotation) line.deleteAnnotation(annotation);
    for (const place of placesOf(codeBlock.code, info)) {
      const inlineRange = { columnStart: place.start - start, columnEnd: place.end - start };
      if (inlineRange.columnStart < 0 || inlineRange.columnEnd > line.text.length) continue;
      line.addAnnotation(new Variable(place.name, inlineRange));
    }
    start += line.text.length + 1;
  }
}

function placesOf(code: string, info: BlockInfo) {
  if (info.names.length === 0) return [];
  if (info.kind === 'output') return placesInText(code, info.names);
  return info.kind === 'parameters' ? placesInParametersBlock(code, info.names) : placesInCommand(code, info.names);
}

class Variable extends ExpressiveCodeAnnotation {
  private readonly variable: string;
  constructor(variable: string, inlineRange: { columnStart: number; columnEnd: number }) {
    super({ inlineRange });
    this.variable = variable;
  }
  override render({
    nodesToTransform,
  }: {
    nodesToTransform: Parameters<ExpressiveCodeAnnotation['render']>[0]['nodesToTransform'];
  }) {
    return nodesToTransform.map((node) => h('span', { dataVar: this.variable }, [node]));
  }
}

function frame(pre: Element, codeBlock: ExpressiveCodeBlock, info: BlockInfo): Element {
  // Code that is wider than the page scrolls; who has no mouse must be able to scroll it, too.
  pre.properties.tabIndex = 0;
  if (info.kind === 'output') return h('div', { class: 'db-output' }, [pre]);
  const title = info.where ?? codeBlock.props.title ?? codeBlock.metaOptions.getString('title') ?? codeBlock.language;
  const head: ElementContent[] = [h('span', { class: 'db-where' }, title)];
  if (info.link) head.push(h('a', { href: info.link.address }, info.link.text));
  head.push(
    // Pieces of the published bytes: what the button copies is put together from them and the reader's values.
    h(
      'button',
      {
        type: 'button',
        class: 'db-copy',
        hidden: true,
        dataParts: JSON.stringify(cut(codeBlock.code, placesOf(codeBlock.code, info))),
      },
      'Copy',
    ),
  );
  const children: ElementContent[] = [h('figcaption', { class: 'db-head' }, head), pre];
  if (info.badge)
    children.push(
      h('p', { class: `db-badge db-${info.badge.state}` }, [
        h('span', { ariaHidden: 'true' }, `${SHAPE[info.badge.state]} `),
        info.badge.text,
      ]),
    );
  return h('figure', { class: `db-block db-kind-${info.kind}${info.destroys ? ' db-destroys' : ''}` }, children);
}
