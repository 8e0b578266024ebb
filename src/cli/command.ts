/**
 * What every command of the CLI has in common: `--help` with examples, unknown flags refused, progress, Ctrl-C that
 * cleans up, and the exit status of design: 0 true · 1 disproved · 2 wrong command line · 3 undecided · 130/143
 * interrupted.
 */
import { stripVTControlCharacters } from 'node:util';
import { type ArgsDef, type CommandDef, defineCommand, type ParsedArgs, parseArgs, renderUsage } from 'citty';
import { Failure, Interrupted } from '../failure.ts';
import { nearest } from '../runbook/fault.ts';
import { drawProgress, type Progress } from './progress.ts';

export type CommandContext<T extends ArgsDef> = WorkContext & { args: ParsedArgs<T> };

export type Command<T extends ArgsDef = ArgsDef> = {
  name: string;
  /** What `--help` says first, in a sentence; the list of commands in main.ts has a few words of its own. */
  summary: string;
  /** Command lines a person can copy, each with what it does. */
  examples: [line: string, meaning: string][];
  args: T;
  /** Returns the exit status. */
  run(context: CommandContext<T>): Promise<0 | 1 | 2 | 3>;
};

/** Lets TypeScript infer the arguments of a command. */
export function command<const T extends ArgsDef>(definition: Command<T>): Command<T> {
  return definition;
}

/**
 * Performs one command with what follows its name on the command line, and returns the process's exit status.
 */
export async function perform<T extends ArgsDef>(definition: Command<T>, rawArgs: string[]): Promise<number> {
  if (rawArgs.includes('--help') || rawArgs.includes('-h')) {
    process.stdout.write(await helpOf(definition));
    return 0;
  }
  return work((context) => definition.run({ args: checked(definition, rawArgs), ...context }));
}

export type WorkContext = Progress & { signal: AbortSignal };

/**
 * Runs the work of a command or a script and returns the exit status: progress is drawn, Ctrl-C cleans up, and what a
 * person can mend is explained.
 */
export async function work(perform: (context: WorkContext) => Promise<number>): Promise<number> {
  const progress = drawProgress();
  surviveClosedOutput();
  try {
    return await interruptible((signal) => perform({ ...progress, signal }));
  } catch (error) {
    progress.end();
    return explain(error);
  } finally {
    progress.end();
  }
}

/**
 * A reader that goes away (`| head -1`) or a log disk that is full must not end the work in its middle: it is finished and
 * cleaned up, and what could not be written is lost.
 */
function surviveClosedOutput(): void {
  for (const out of [process.stdout, process.stderr]) {
    if (out.listenerCount('error') === 0) out.on('error', () => {});
  }
}

/**
 * Prints an error as a person should read it, and returns the exit status. What is no Failure is a bug: its stack, and 3, so that
 * nobody reads it as a verdict.
 */
export function explain(error: unknown): number {
  if (error instanceof Interrupted) {
    process.stderr.write(`${error.message}\n`);
    return error.exit;
  }
  if (!(error instanceof Failure)) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`${stack}\nThis is a fault of Drillbook itself; it says nothing about a backup or a page.\n`);
    return 3;
  }
  process.stderr.write(`error: ${error.message} [${error.code}]\n  ${error.hint}\n`);
  return error.exit;
}

/**
 * Runs work with a signal that SIGINT and SIGTERM abort. The work cleans up and throws; a second Ctrl-C does not cut
 * that short.
 * @throws Interrupted when a signal came
 */
async function interruptible<R>(work: (signal: AbortSignal) => Promise<R>): Promise<R> {
  const controller = new AbortController();
  const onSignal = (name: 'SIGINT' | 'SIGTERM') => {
    if (!controller.signal.aborted) process.stderr.write('\nStopping; removing what was made …\n');
    controller.abort(new Interrupted(name));
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  try {
    const result = await work(controller.signal);
    controller.signal.throwIfAborted();
    return result;
  } catch (error) {
    if (controller.signal.aborted) throw controller.signal.reason;
    throw error;
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

/** Parses and refuses what the command does not know: citty lets unknown flags pass in silence. */
function checked<T extends ArgsDef>(definition: Command<T>, rawArgs: string[]): ParsedArgs<T> {
  const flags = Object.entries(definition.args).filter(([, arg]) => arg.type !== 'positional');
  const known = flags.flatMap(([name, arg]) => [
    name,
    ...(arg.type === 'boolean' ? [`no-${name}`] : []),
    ...[('alias' in arg && arg.alias) || []].flat(),
  ]);
  for (const raw of rawArgs) {
    if (raw === '--') break;
    const [, dashes, flag, value] = /^(--?)([^=]+)(?:=(.*))?$/s.exec(raw) ?? [];
    if (flag === undefined) continue;
    // A single dash is for aliases of one letter: parseArgs reads -json as -j -s -o -n.
    if (known.includes(flag) && dashes === (flag.length === 1 ? '-' : '--')) {
      checkBoolean(definition, flag, value);
      continue;
    }
    const meant = nearest(flag, known);
    throw new Failure('flag-unknown', { command: definition.name, flag: raw, nearest: meant ? `--${meant}` : '' });
  }
  let args: ParsedArgs<T>;
  try {
    args = parseArgs<T>(rawArgs, definition.args);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(/\.$/, '') : String(cause);
    throw new Failure('argument-wrong', { command: definition.name, argument: 'Arguments', reason }, { cause });
  }
  for (const [name, arg] of Object.entries(definition.args)) {
    // citty reads a flag without its value as an empty one; empty must not come to mean the default.
    const argument = arg.type === 'positional' ? name : `--${name}`;
    const given = arg.type === 'positional' || rawArgs.some((raw) => raw === argument || raw === `${argument}=`);
    if (given && args[name] === '')
      throw new Failure('argument-wrong', { command: definition.name, argument, reason: 'needs a value' });
  }
  const places = Object.values(definition.args).filter((arg) => arg.type === 'positional').length;
  const many = Object.keys(definition.args).some((name) => name === 'paths');
  if (!many && args._.length > places) {
    const argument = `"${args._[places]}"`;
    throw new Failure('argument-wrong', { command: definition.name, argument, reason: 'is one argument too many' });
  }
  return args;
}

/** citty takes any value of a flag that is yes or no for yes. */
function checkBoolean<T extends ArgsDef>(definition: Command<T>, flag: string, value: string | undefined): void {
  const positive = flag.replace(/^no-/, '');
  const name = Object.hasOwn(definition.args, flag) ? flag : positive;
  if (value === undefined || definition.args[name]?.type !== 'boolean') return;
  if (name === flag && ['true', 'false'].includes(value)) return;
  const reason = `is yes or no: --${name} or --no-${name}, not "${value}"`;
  throw new Failure('argument-wrong', { command: definition.name, argument: `--${flag}`, reason });
}

async function helpOf<T extends ArgsDef>(definition: Command<T>): Promise<string> {
  const meta = { name: `drillbook ${definition.name}`, description: definition.summary };
  const shape: CommandDef<T> = defineCommand({ meta, args: definition.args });
  const width = Math.max(...definition.examples.map(([line]) => line.length));
  const examples = definition.examples.map(([line, meaning]) => `  ${line.padEnd(width)}   ${meaning}`);
  const usage = await renderUsage(shape);
  const plain = process.env.NO_COLOR || !process.stdout.isTTY;
  return `${plain ? stripVTControlCharacters(usage) : usage}\nEXAMPLES\n\n${examples.join('\n')}\n\n`;
}
