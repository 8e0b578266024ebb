/** Which variables a block reads and sets, and what it changes in the shell that runs it. */
import { type Command, forEachChild, parse, type SyntaxNode } from 'unbash';
import { baseName, textOf, wordsOf } from './words.ts';

export type Use = { name: string; start: number };
export type ShellUse = {
  /** Variables that are read before the block itself has set them. */
  reads: Use[];
  /** Variables that outlive the block. */
  sets: Use[];
  /** `cd`, `set`, `trap`, … outside a subshell. */
  state: Use[];
  /** `$$` and its like inside a here-document, where SQL's dollar quoting was meant. */
  dollars: Use[];
  /** `!` that an interactive bash expands from its history. */
  history: Use[];
};

/** Readable without declaration, checked by the `parameters` block: docs/reference/format.md. */
export const READABLE = ['BUCKET', 'PGHOST', 'PGPORT', 'PGUSER', 'KEY_TABLES', 'MIN_TABLES'] as const;

/** What bash itself keeps, in every shell. */
const BASH_OWN = new Set(
  'PWD OLDPWD SECONDS RANDOM SRANDOM LINENO PIPESTATUS BASHPID BASH_VERSION EPOCHSECONDS EPOCHREALTIME REPLY IFS UID EUID PPID FUNCNAME OPTARG OPTIND COLUMNS LINES'.split(
    ' ',
  ),
);
const STATE = new Set('cd pushd popd set shopt trap alias unalias umask ulimit exit logout return'.split(' '));
const SETTING = new Set('export declare typeset local readonly'.split(' '));
const READING = new Set('read mapfile readarray getopts'.split(' '));

export function shellUse(source: string): ShellUse {
  const use: ShellUse = { reads: [], sets: [], state: [], dollars: [], history: [] };
  const set = new Set<string>(BASH_OWN);

  const assign = (name: string, start: number, inner: boolean) => {
    set.add(name);
    if (!inner) use.sets.push({ name, start });
  };
  const command = (node: Command, inner: boolean) => {
    const words = wordsOf(node);
    const name = baseName(node.name?.value ?? '');
    if (!inner && STATE.has(name) && !(name === 'trap' && words[1] && textOf(words[1]).startsWith('-p')))
      use.state.push({ name, start: node.name?.pos ?? node.pos });
    // The words first: `X=1` before a command is set for that command only, and not when its words are expanded.
    forEachChild(node, (child) => visit(child, inner));
    if (node.name === undefined)
      for (const part of node.prefix) if (part.type === 'Assignment') assign(part.name, part.pos, inner);
    if (SETTING.has(name))
      for (const part of node.suffix) {
        const named = /^([A-Za-z_]\w*)/.exec(
          part.type === 'Assignment' ? part.name : part.type === 'Word' ? part.text : '',
        );
        if (named?.[1] !== undefined) assign(named[1], part.pos, inner);
      }
    if (READING.has(name))
      for (const word of words.slice(1)) if (/^[A-Za-z_]\w*$/.test(word.text)) assign(word.text, word.pos, inner);
    const variable = name === 'printf' && words[1]?.text === '-v' ? words[2] : undefined;
    if (variable) assign(variable.text, variable.pos, inner);
  };
  const read = (name: string, start: number) => {
    if (/^[A-Za-z_]\w*$/.test(name) && !set.has(name)) use.reads.push({ name, start });
  };
  /** `inner`: in a shell of its own, whose state ends with it. */
  const visit = (node: SyntaxNode, inner: boolean): void => {
    switch (node.type) {
      case 'Command':
        command(node, inner);
        return;
      case 'SimpleExpansion':
        read(node.text.slice(1), node.pos);
        return;
      case 'ParameterExpansion':
        read(node.parameter, node.pos);
        if (node.operation?.type === 'Default' && node.operation.operator.endsWith('='))
          assign(node.parameter, node.pos, inner);
        forEachChild(node, (child) => visit(child, inner));
        return;
      case 'ArithmeticWord':
        if (/^[A-Za-z_]\w*$/.test(node.value)) read(node.value, node.pos);
        forEachChild(node, (child) => visit(child, inner));
        return;
      case 'For':
      case 'Select':
        assign(node.name.text, node.name.pos, inner);
        break;
      case 'HereDocBody':
        for (const part of node.parts ?? [])
          if (part.type === 'SimpleExpansion' && /^\$\W/.test(part.text))
            use.dollars.push({ name: part.text, start: part.pos });
        break;
      case 'Literal':
        history(node);
        break;
      case 'Word':
        if (node.parts === undefined) history(node);
        break;
      case 'Statement':
        forEachChild(node, (child) => visit(child, inner || node.background === true));
        return;
      case 'CommandExpansion':
      case 'ProcessSubstitution':
        // Positions inside escaped backticks are not the page's.
        if (node.script?.source !== undefined) return;
    }
    const own =
      node.type === 'Subshell' ||
      node.type === 'CommandExpansion' ||
      node.type === 'ProcessSubstitution' ||
      node.type === 'Coproc' ||
      (node.type === 'Pipeline' && node.commands.length > 1);
    forEachChild(node, (child) => visit(child, inner || own));
  };
  /** Not in single quotes and here-documents; not before a blank, `=`, `(` or a closing quote; not behind a backslash. */
  const history = (node: { pos: number; end: number }) => {
    for (const match of source.slice(node.pos, node.end).matchAll(/!/g)) {
      const at = node.pos + match.index;
      if (inHereDocument(at) || source.charAt(at - 1) === '\\' || /^(?:[\s=("]|$)/.test(source.slice(at + 1, at + 2)))
        continue;
      use.history.push({ name: '!', start: at });
    }
  };
  const script = parse(source);
  const documents: { pos: number; end: number }[] = [];
  const collect = (node: SyntaxNode) => {
    if (node.type === 'HereDocBody') documents.push(node);
    forEachChild(node, collect);
  };
  collect(script);
  const inHereDocument = (at: number) => documents.some(({ pos, end }) => at >= pos && at < end);
  visit(script, false);
  return use;
}
