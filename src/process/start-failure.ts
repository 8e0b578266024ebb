/** Why a program could not be started, as a Failure: not there is one thing, and not startable another. */
import { existsSync } from 'node:fs';
import { Failure } from '../failure.ts';

/** What bash says of a program that it cannot run, in our words. */
const REFUSALS: Record<string, string> = {
  'Permission denied': 'it may not be run (permission denied)',
  'Is a directory': 'it is a folder',
  'Argument list too long': 'its arguments are too long',
};
/** The same, as Node names it. */
const START_CODES: Record<string, string> = {
  EACCES: 'it may not be run (permission denied)',
  EPERM: 'it may not be run (not permitted)',
  E2BIG: 'its arguments are too long',
  ENOEXEC: 'it is no program for this machine',
  ENOMEM: 'the machine has no memory left',
  EAGAIN: 'the machine has no room for another process',
  EMFILE: 'this process has too many files open',
  ENFILE: 'the machine has too many files open',
};

/** The Failure for an error of spawn. @param cwd its working folder, whose absence Node tells like that of the program */
export function startFailure(program: string, cause: unknown, cwd?: string): Failure {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (code === 'ENOENT' && cwd !== undefined && !existsSync(cwd))
    return unstartable(program, `its working folder ${cwd} is not there`, cause);
  if (code === 'ENOENT') return new Failure('program-missing', { program }, { cause });
  return unstartable(program, START_CODES[code] ?? (cause instanceof Error ? cause.message : String(cause)), cause);
}

/** The Failure for what bash said about our own `exec`; undefined when the words are those of the program itself. */
export function refusedByBash(program: string, stderr: string): Failure | undefined {
  const [, refused] = /line \d+: exec: .*: cannot execute: (.+)$/m.exec(stderr) ?? [];
  return refused === undefined ? undefined : unstartable(program, REFUSALS[refused] ?? refused);
}

function unstartable(program: string, reason: string, cause?: unknown): Failure {
  return new Failure('program-unstartable', { program, reason }, cause === undefined ? {} : { cause });
}
