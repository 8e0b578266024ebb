/** The command line: finds the command and performs it. Each command is a file of its own beside this one. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { Failure } from '../failure.ts';
import { nearest } from '../runbook/fault.ts';
import { explain, perform } from './command.ts';

/** Loaded when asked for, so that `--help` and a wrong name answer at once. */
const COMMANDS = {
  backup: {
    summary: 'take a backup now: archive, checksum, manifest, then retention',
    load: async () => (await import('./backup.ts')).backup,
  },
  backups: {
    summary: 'list the backups: age, size, proven when and how',
    load: async () => (await import('./backups.ts')).backups,
  },
  drill: {
    summary: 'restore a backup into a throwaway database and prove it',
    load: async () => (await import('./drill.ts')).drill,
  },
  prove: {
    summary: 'compare an existing database with a backup’s manifest',
    load: async () => (await import('./prove.ts')).prove,
  },
  prune: {
    summary: 'remove backups past their time; never the last good one',
    load: async () => (await import('./prune.ts')).prune,
  },
  agent: {
    summary: 'the backup service: schedule, retention, scheduled drills, metrics',
    load: async () => (await import('./agent.ts')).agent,
  },
  rehearse: {
    summary: 'run pages in a lab and say whether they still work',
    load: async () => (await import('./rehearse.ts')).rehearse,
  },
  lab: {
    summary: 'the practice stack: up, down, status, shell, reset',
    load: async () => (await import('./lab.ts')).lab,
  },
} as const;

/** Performs a command line, without the program's own name, and returns the exit status. Never throws. */
export async function main(args: string[]): Promise<number> {
  return await dispatch(args).catch(explain);
}

async function dispatch([name, ...rest]: string[]): Promise<number> {
  if (name === 'help' && rest[0] !== undefined) return await dispatch([rest[0], '--help']);
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(help());
    return name === undefined ? 2 : 0;
  }
  if (name === '--version') {
    process.stdout.write(`${version()}\n`);
    return 0;
  }
  if (Object.hasOwn(COMMANDS, name)) {
    // `hasOwn` does not narrow a string to the keys of an object.
    const definition = await COMMANDS[name as keyof typeof COMMANDS].load();
    // Each command checks its own arguments; here they are only text.
    return perform(definition as Parameters<typeof perform>[0], rest);
  }
  throw new Failure('command-unknown', { name, nearest: nearest(name, Object.keys(COMMANDS)) ?? '' });
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}

function help(): string {
  const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length));
  const rows = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(width)}   ${summary}`);
  return `Drillbook: PostgreSQL restore runbooks that were rehearsed before you need them.

USAGE  drillbook <command> [arguments]

${rows.join('\n')}

EXAMPLES

  drillbook backup               take a backup of the database in POSTGRES_DB
  drillbook drill                prove the newest backup
  drillbook backups --json       the list, for scripts
  drillbook drill --help         what a command takes, with examples

EXIT STATUS

  0 true · 1 disproved, or a page is wrong · 2 wrong command line or settings
  3 could not be decided · 130, 143 interrupted and cleaned up
`;
}
