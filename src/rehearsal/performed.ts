/** When a step succeeds: status 0, the output the page promises, and nothing in it that says it failed. */
import { clean } from '../runbook/clean.ts';
import type { Values } from '../runbook/elision.ts';
import { falseSuccess } from '../runbook/false-success.ts';
import type { Step } from '../runbook/model.ts';
import { compareOutput, linesOf } from '../runbook/output.ts';
import type { Flaw, StepResult } from './result.ts';
import type { Problem } from './terminal/terminal.ts';

/** What came of performing a step's block, in either lane. */
export type Performed = {
  status: number;
  /** Raw: terminal sequences included. */
  output: string;
  seconds: number;
  /** The line of the block, from 1, of the command that failed. */
  line?: number;
  problem?: Problem;
  /** The script's guard refused before, or did not find after, what it should. */
  guard?: string;
};

const PAGERS = ['pager', 'less', 'more', 'most', 'pg'];

export function resultOf(step: Step, performed: Performed, values: Values): StepResult {
  const flaw = flawOf(step, performed, values);
  return {
    id: step.id,
    ...(step.lab === undefined ? {} : { lab: step.lab }),
    status: performed.status,
    output: clean(performed.output).join('\n'),
    seconds: performed.seconds,
    ...(flaw === undefined ? {} : { flaw }),
    stuck: performed.problem !== undefined,
    destroyed: [],
  };
}

/** Why the step did not succeed; undefined when it did. */
function flawOf(step: Step, performed: Performed, values: Values): Flaw | undefined {
  const at = commandPosition(step, performed.line);
  const said = lastWords(performed.output);
  // First of all: a continued line whose event was not found also leaves bash waiting for more.
  const lies = step.errors === undefined ? falseSuccess(performed.output) : [];
  const event = lies.find(({ text }) => text.includes('event not found'));
  if (event !== undefined)
    return {
      ...at,
      rule: 'event-not-found',
      reason: `step "${step.id}": an interactive bash takes "!" in this line for its history`,
      expected: 'a line without "!" outside single quotes',
      received: event.text,
    };
  if (performed.problem !== undefined) return { ...at, ...problemFlaw(step, performed.problem, said) };
  if (performed.guard !== undefined)
    return {
      ...at,
      rule: 'guard-refused',
      reason: `the script of step "${step.id}" does not go on: ${performed.guard}`,
      expected: 'what its guard checks to hold',
      received: performed.guard,
    };
  if (performed.status !== 0)
    return {
      ...at,
      rule: 'command-failed',
      reason: `step "${step.id}": a command failed`,
      expected: 'status 0',
      received: `status ${performed.status}: ${lies[0]?.text ?? said}`,
    };
  const [lie] = lies;
  if (lie !== undefined)
    return {
      ...at,
      rule: 'false-success',
      reason: `step "${step.id}" ended with status 0, but its output says that it failed`,
      expected: 'no line that reports an error (or errors="why" on the block)',
      received: lie.text,
    };
  return step.output === undefined ? undefined : outputFlaw(step, performed.output, values);
}

/** Where the output differs from what the page shows; undefined when it does not, or the page shows none. */
export function outputFlaw(step: Step, output: string, values: Values): Flaw | undefined {
  if (step.output === undefined) return undefined;
  const compared = compareOutput(step.output.text, output, values);
  if (compared.same) return undefined;
  // One more than there are lines: too much came; the last line is where it should have ended.
  const line = Math.max(1, Math.min(compared.line, linesOf(step.output.text).length));
  return {
    line: step.output.line + line,
    column: 1,
    rule: 'output-differs',
    reason: `step "${step.id}" prints something else than the page shows`,
    expected: compared.expected,
    received: compared.received,
    difference: compared.difference,
  };
}

/** The place of a line of the block in the page, at its first character. */
function commandPosition(step: Step, line = 1): { line: number; column: number } {
  const text = step.command.split('\n')[line - 1] ?? '';
  return { line: step.commandLine + line - 1, column: text.length - text.trimStart().length + 1 };
}

function problemFlaw(step: Step, problem: Problem, said: string): Omit<Flaw, 'line' | 'column'> {
  const name = `step "${step.id}"`;
  switch (problem.kind) {
    case 'waits': {
      const asks = problem.asks === '' ? '' : `; it shows: ${problem.asks}`;
      const pager = PAGERS.includes(problem.program)
        ? ' It is a pager: PAGER=cat or psql’s --pset=pager=off avoids it.'
        : '';
      return {
        rule: 'waits-for-key',
        reason: `${name}: ${problem.program} waits for a key.${pager}`,
        expected: 'a block that ends by itself',
        received: `${problem.program} in front, reading the terminal${asks}`,
      };
    }
    case 'unfinished':
      return {
        rule: 'block-unfinished',
        reason: `${name}: bash waits for more lines: a quote, a parenthesis or a here-document is not closed`,
        expected: 'a complete command',
        received: 'the prompt for more lines (PS2)',
      };
    case 'too-much-output':
      return {
        rule: 'output-endless',
        reason: `${name}: ${problem.program} printed more than ${problem.limit} characters and was ended`,
        expected: `at most ${problem.limit} characters`,
        received: said,
      };
    case 'too-long':
      return {
        rule: 'step-timeout',
        reason: `${name}: ${problem.program} did not end within ${problem.seconds} s and was ended`,
        expected: `an end within ${problem.seconds} s`,
        received: said,
      };
    case 'shell-ended':
      return {
        rule: 'shell-ended',
        reason: `${name} closed the reader’s terminal`,
        expected: 'a block after which the terminal is still there (a subshell may exit)',
        received: said,
      };
    default:
      return problem satisfies never;
  }
}

/** The last line that was printed. */
function lastWords(output: string): string {
  return clean(output).filter(Boolean).at(-1)?.trim() ?? 'it printed nothing';
}
