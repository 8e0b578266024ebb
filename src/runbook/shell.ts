/** What decides whether bash goes on: its options, conditions that are questions, and lists that fail in any case. */
import { type Command, forEachChild, type Statement, type SyntaxNode } from 'unbash';
import { textOf, wordsOf } from './words.ts';

/** `asked`: the status is asked for, so that `set -e` has no effect. */
export type Shell = { errexit: boolean; pipefail: boolean; asked: boolean };

/** A condition that is false is an answer, not a failure. */
const QUESTIONS = new Set(['[', 'test', 'read', 'true', 'false', ':']);

/** `set -euo pipefail`, `set +e`, `set -o errexit`: what it changes in this shell. */
export function options(command: Command, shell: Shell): void {
  const words = wordsOf(command).slice(1).map(textOf);
  for (const [index, word] of words.entries()) {
    if (!/^[-+][a-zA-Z]+$/.test(word)) continue;
    const on = word.startsWith('-');
    if (word.includes('e')) shell.errexit = on;
    if (!word.includes('o')) continue;
    if (words[index + 1] === 'pipefail') shell.pipefail = on;
    if (words[index + 1] === 'errexit') shell.errexit = on;
  }
}

/** Ends with a status other than 0 whatever happens: `{ …; false; }`, `exit 1`. */
export function alwaysFails(of: SyntaxNode): boolean {
  if (of.type === 'Statement') return alwaysFails(of.command);
  if (of.type === 'Subshell' || of.type === 'BraceGroup') {
    const last = of.body.commands.at(-1);
    return last !== undefined && alwaysFails(last);
  }
  if (of.type !== 'Command') return false;
  const [name, status] = wordsOf(of).map(textOf);
  return name === 'false' || ((name === 'exit' || name === 'return') && status !== undefined && status !== '0');
}

export function isQuestion(statements: readonly Statement[]): boolean {
  const last = statements.at(-1)?.command;
  if (last === undefined) return false;
  const first = last.type === 'Pipeline' ? last.commands[0] : last;
  if (first?.type === 'TestCommand' || first?.type === 'ArithmeticCommand') return true;
  return first?.type === 'Command' && QUESTIONS.has(first.name?.value ?? '');
}

export function children(of: SyntaxNode): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  forEachChild(of, (child) => found.push(child));
  return found;
}
