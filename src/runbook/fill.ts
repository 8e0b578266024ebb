/**
 * Filling parameters into a command: where `$NAME`, `${NAME}` and `${NAME:?…}` may stand, and every other use, found in
 * the tree that unbash makes. Filled and exported must do the same, so a place where a value would be read differently
 * from a variable (as an assignment, a pattern, a file descriptor) is no place for a parameter.
 *
 * Imports nothing of Node: the browser fills with the same function, or with `placeholders` computed at build time.
 */
import { forEachChild, type HereDoc, parse, type Redirection, type SyntaxNode, type Word, type WordPart } from 'unbash';
import type { Values } from './elision.ts';

/** Offsets in UTF-16 code units; `end` is behind the last one. */
export type Span = { start: number; end: number };
export type Placeholder = Span & {
  name: string;
  /** `word`: an argument or a file to redirect; `document`: the body of a here-document. */
  place: 'word' | 'document';
};
export type Misuse = Span & { name: string; reason: string };

/** The command with every placeholder replaced by its value; names without a value stay as they are. */
export function fill(text: string, values: Values): string {
  let filled = '';
  let from = 0;
  for (const { start, end, name } of placeholders(text)) {
    if (!Object.hasOwn(values, name)) continue;
    filled += text.slice(from, start) + values[name];
    from = end;
  }
  return filled + text.slice(from);
}

/** All places that can be filled, of any name, in order. */
export function placeholders(command: string): Placeholder[] {
  return scan(command, []).placeholders;
}

/** Builtins and programs whose plain words are names of variables. */
const NAMING = new Set(
  'export unset read readonly declare typeset local printf mapfile readarray getopts wait test [ printenv env let envsubst'.split(
    ' ',
  ),
);

/**
 * @param declared the parameters' names: other uses of them are misuses
 */
export function scan(command: string, declared: readonly string[]): { placeholders: Placeholder[]; misuses: Misuse[] } {
  const found: Placeholder[] = [];
  const misuses: Misuse[] = [];
  const names = new Set(declared);
  const misuse = (node: Span, name: string, reason: string) => {
    if (names.has(name)) misuses.push({ start: node.start, end: node.end, name, reason });
  };
  const span = (node: { pos: number; end: number }): Span => ({ start: node.pos, end: node.end });

  /** `$NAME$BACKUP`, filled in, would be the variable `NAMEfreshtrack_2026…`. */
  const glued = (pos: number): string | undefined => {
    const before = /\$([A-Za-z_]\w*)$/.exec(command.slice(0, pos))?.[1];
    if (before === undefined || names.size === 0 || names.has(before)) return undefined;
    return `NAME follows $${before} directly, and its value would become part of that name: write \${${before}}`;
  };

  /** Text in which the shell expands nothing. */
  const inert = (node: { pos: number; end: number; text: string }, where: string) => {
    for (const match of node.text.matchAll(/\$\{?[!#]?([A-Za-z_]\w*)/g)) {
      const start = node.pos + match.index;
      misuse({ start, end: start + match[0].length }, match[1] ?? '', `$${match[1]} is not filled in ${where}`);
    }
  };
  /** A part of a word. `barred`: why nothing may be filled in here. */
  const part = (
    node: WordPart,
    word: { pos: number; text: string },
    place: Placeholder['place'],
    quoted: boolean,
    barred?: string,
  ) => {
    switch (node.type) {
      case 'SimpleExpansion':
      case 'ParameterExpansion': {
        const name = node.type === 'SimpleExpansion' ? node.text.slice(1) : node.parameter;
        const operand =
          node.type === 'ParameterExpansion' && node.operation?.type === 'Default' ? node.operation : undefined;
        const plain =
          node.type === 'SimpleExpansion' ||
          (node.prefix === undefined &&
            node.index === undefined &&
            (node.operation === undefined || operand?.operator === ':?'));
        if (/^[A-Za-z_]\w*$/.test(name)) {
          const why =
            barred ??
            (plain
              ? (wrongPlace(node, word, quoted) ?? glued(node.pos))
              : `only $NAME, \${NAME} and \${NAME:?…} are filled in, not ${node.text}`);
          if (why !== undefined) misuse(span(node), name, why.replace(/^NAME/, `$${name}`));
          else found.push({ ...span(node), name, place });
        }
        if (node.type === 'ParameterExpansion')
          forEachChild(node, (child) => visit(child, 'NAME is not filled in inside ${…}'));
        return;
      }
      case 'DoubleQuoted':
        for (const child of node.parts) part(child, word, place, true, barred);
        return;
      case 'SingleQuoted':
      case 'AnsiCQuoted':
        inert(node, 'single quotes');
        return;
      case 'LocaleString':
        inert(node, 'a $"…" string');
        return;
      case 'BraceExpansion':
        for (const child of node.parts ?? [])
          part(child, word, place, quoted, barred ?? 'NAME is not filled in inside braces');
        return;
      case 'Glob':
      case 'ExtendedGlob':
        for (const child of node.parts ?? [])
          part(child, word, place, quoted, barred ?? 'NAME is not filled in inside a pattern');
        return;
      case 'ArithmeticExpansion':
        if (node.expression) visit(node.expression, 'NAME is not filled in inside arithmetic');
        return;
      case 'CommandExpansion':
      case 'ProcessSubstitution':
        // An escaped backtick substitution has positions of its own, which are not the page's.
        if (node.script?.source !== undefined) inert(node, 'backticks; use $(…)');
        else if (node.script) visit(node.script);
        return;
      case 'Literal':
        escaped(node);
    }
  };
  const escaped = (node: { pos: number; end: number; text: string }) => {
    for (const match of node.text.matchAll(/\\\$\{?([A-Za-z_]\w*)/g))
      misuse(
        { start: node.pos + match.index, end: node.pos + match.index + match[0].length },
        match[1] ?? '',
        `$${match[1]} behind a backslash is not filled in`,
      );
  };
  const wrongPlace = (node: { pos: number; end: number }, word: { pos: number; text: string }, quoted: boolean) => {
    if (quoted) return undefined;
    if (/(?:^|[=:])~[^/]*$/.test(word.text.slice(0, node.pos - word.pos))) return 'NAME is not filled in after ~';
    if (/[<>]/.test(command.charAt(node.end))) return 'NAME directly before < or > would be read as a file descriptor';
    return undefined;
  };
  const wordOf = (node: Word, barred?: string) => {
    if (node.parts === undefined) escaped(node);
    for (const child of node.parts ?? []) part(child, node, 'word', false, barred);
  };
  const hereDocument = (node: HereDoc) => {
    if (node.delimiter?.quoted) inert(node.body, 'a here-document with a quoted delimiter');
    else if (node.body.parts === undefined) escaped(node.body);
    else for (const child of node.body.parts) part(child, node.body, 'document', true);
  };
  const redirection = (node: Redirection) => {
    if (node.type === 'HereDoc') hereDocument(node);
    else if (node.target)
      wordOf(
        node.target,
        node.type === 'Redirect' && node.operator.includes('&') && !node.operator.startsWith('&')
          ? 'NAME is not filled in as a file descriptor'
          : undefined,
      );
  };
  /** `barred`: why nothing below may be filled in, unless a command begins anew. */
  const visit = (node: SyntaxNode, barred?: string): void => {
    switch (node.type) {
      case 'Command': {
        for (const child of node.prefix) visit(child);
        if (node.name) wordOf(node.name, 'NAME is not filled in as a command');
        const naming = NAMING.has(node.name?.value ?? '');
        for (const child of node.suffix) {
          if (child.type === 'Word') {
            if (naming) naturalName(child);
            wordOf(child);
          } else visit(child);
        }
        return;
      }
      case 'Assignment':
        misuse(
          { start: node.pos, end: node.pos + node.name.length },
          node.name,
          `${node.name} is a parameter, and cannot be assigned`,
        );
        if (node.value.type === 'Word') wordOf(node.value, 'NAME is not filled in inside an assignment');
        else for (const element of node.value.elements) wordOf(element, 'NAME is not filled in inside an assignment');
        return;
      case 'HereDoc':
      case 'HereString':
      case 'Redirect':
        redirection(node);
        return;
      case 'For':
      case 'Select':
        misuse(span(node.name), node.name.text, `${node.name.text} is a parameter, and cannot be assigned`);
        for (const word of node.wordlist ?? []) wordOf(word, 'NAME is not filled in as the list of a loop');
        visit(node.body);
        return;
      case 'Word':
        wordOf(node, barred ?? 'NAME is filled in only as an argument or in a here-document');
        return;
      case 'ArithmeticWord':
        for (const match of node.value.matchAll(/[A-Za-z_]\w*/g))
          misuse(span(node), match[0], `${match[0]} is not filled in inside arithmetic`);
        return;
      default:
        forEachChild(node, (child) => visit(child, barred));
    }
  };
  /** `unset DATABASE`, `read -r DATABASE`, `[ -v DATABASE ]`, `printenv DATABASE` name the variable itself. */
  const naturalName = (word: Word) => {
    const name = /^([A-Za-z_]\w*)(?:[-+*/%]?=.*|\[.*\])?$/s.exec(word.text)?.[1];
    if (name !== undefined) misuse(span(word), name, `${name} names the variable here, and nothing is filled in`);
  };
  visit(parse(command));
  return { placeholders: found.sort((a, b) => a.start - b.start), misuses: misuses.sort((a, b) => a.start - b.start) };
}
