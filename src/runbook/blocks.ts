/** The fenced blocks of a page, found with remark: the same tree that the site renders. */
import type { Code, Nodes, Root } from 'mdast';
import remarkFrontmatter from 'remark-frontmatter';
import remarkGfm from 'remark-gfm';
import remarkMdx from 'remark-mdx';
import remarkParse from 'remark-parse';
import { unified } from 'unified';
import { visit } from 'unist-util-visit';
import { VFileMessage } from 'vfile-message';
import { error } from './fault.ts';
import { type Labels, parseLabels } from './labels.ts';
import type { Fault, Position } from './model.ts';

export type Block = Position & {
  language: string | undefined;
  /** The bytes between the fences, without a final newline. */
  text: string;
  labels: Labels;
  /** The nearest heading above, as text. */
  heading: string;
  /** From a place in `text` (an offset in UTF-16 code units) to its place in the page. */
  locate: (offset: number) => Position;
};

export type Document = {
  blocks: Block[];
  /** The text between the `---` lines, and the line it starts in. */
  frontmatter?: { text: string; line: number };
  /** The first heading of level 1. */
  heading?: string;
  /** What is read between the blocks, in one line. */
  prose: string;
  faults: Fault[];
};

/** @param text with `\n` line ends */
export function readDocument(text: string, mdx: boolean): Document {
  const faults: Fault[] = [];
  const root = parseTree(text, mdx, faults);
  const lines = text.split('\n');
  const document: Document = { blocks: [], prose: '', faults };
  let heading = '';
  visit(root, (node) => {
    if (node.type === 'yaml' && document.frontmatter === undefined)
      document.frontmatter = { text: node.value, line: (node.position?.start.line ?? 1) + 1 };
    if (node.type === 'heading') {
      heading = textOf(node);
      if (node.depth === 1) document.heading ??= heading;
    }
    if (node.type === 'heading' || node.type === 'paragraph' || node.type === 'tableCell')
      document.prose += ` ${textOf(node)}`;
    if (node.type === 'code') document.blocks.push(blockOf(node, lines, heading));
  });
  document.prose = document.prose.replace(/\s+/g, ' ');
  return document;
}

function parseTree(text: string, mdx: boolean, faults: Fault[]): Root {
  const plain = () => unified().use(remarkParse).use(remarkFrontmatter).use(remarkGfm);
  if (!mdx) return plain().parse(text);
  try {
    return plain().use(remarkMdx).parse(text);
  } catch (cause) {
    if (!(cause instanceof VFileMessage)) throw cause;
    // Some messages hold their place only in their words: "… (3:1-3:8)".
    const [, line, column] = /\((\d+):(\d+)/.exec(cause.reason) ?? [];
    const position = { line: cause.line ?? Number(line ?? 1), column: cause.column ?? Number(column ?? 1) };
    faults.push(error('page-syntax', position, cause.reason));
    // Everything else on the page is still worth checking: plain Markdown never fails.
    return plain().parse(text);
  }
}

function blockOf(node: Code, lines: string[], heading: string): Block {
  const line = node.position?.start.line ?? 1;
  const source = lines[line - 1] ?? '';
  const open = /^(?:`{3,}|~{3,})[ \t]*(\S*)[ \t]*/.exec(source.slice((node.position?.start.column ?? 1) - 1));
  const metaAt = (node.position?.start.column ?? 1) + (open?.[0].length ?? 0);
  const meta = open === null ? '' : source.slice(metaAt - 1);
  const fenced = open === null ? line : line + 1;
  const locate = (offset: number): Position => {
    const before = node.value.slice(0, offset).split('\n');
    const at = fenced + before.length - 1;
    const own = node.value.split('\n')[before.length - 1] ?? '';
    // Inside lists and quotes each line is indented by what contains it.
    const indent = Math.max(0, (lines[at - 1] ?? '').length - own.length);
    return { line: at, column: indent + (before.at(-1) ?? '').length + 1 };
  };
  return {
    line,
    column: 1,
    language: node.lang ?? undefined,
    text: node.value,
    labels: parseLabels(meta, { line, column: metaAt }),
    heading,
    locate,
  };
}

function textOf(parent: Nodes): string {
  let text = '';
  visit(parent, (node) => {
    if (node.type === 'text' || node.type === 'inlineCode') text += node.value;
  });
  return text;
}
