/**
 * A container that a reader works in, as plain data, so that a lane can hand it to the process of a step's script. Programs
 * are started in it with `docker exec`; each carries a mark in its environment, because ending the client does not end
 * what it has started.
 */
import { z } from 'zod';
import { processesWith, sessionLeader } from '../process/identity.ts';
import { type Ran, type RunOptions, run } from '../process.ts';

export const Container = z.strictObject({
  name: z.string().min(1),
  /** The whole environment of the client on this machine: where the engine is, and nothing of the reader's. */
  client: z.record(z.string(), z.string()),
  /** A file of `NAME=value` lines, the reader's environment in the container. Secrets stay out of command lines this way. */
  environmentFile: z.string().optional(),
  /** The working folder, as it is called there. */
  folder: z.string(),
  /** Of this run: whatever is started carries it. */
  mark: z.string().min(1),
});
export type Container = z.infer<typeof Container>;

/** A reader whose toolbox is a container: what is outside of it differs from what is in it. */
export type Containers = {
  toolbox: Container;
  /** The whole environment of the reader's terminal on the host. */
  host: Record<string, string>;
  /** That of a script whose guards look from this machine, as the same reader, at the same servers. */
  outside: Record<string, string>;
};

/** In the environment of everything that a run starts in a container. */
export const RUN_MARK = 'DRILLBOOK_RUN';
/** In that of everything that one terminal starts; the image's bash tells more of its lines when it is there. */
export const TERMINAL_MARK = 'DRILLBOOK_TERMINAL';

export type Exec = { program: string; args: string[]; env: Record<string, string> };

/** The command line on this machine that runs a program in the container. */
export function execIn(
  { name, client, environmentFile, folder, mark }: Container,
  argv: readonly string[],
  options: { terminal?: boolean; input?: boolean; environment?: Record<string, string>; folder?: string } = {},
): Exec {
  const added = { [RUN_MARK]: mark, ...options.environment };
  return {
    program: 'docker',
    args: [
      'exec',
      ...(options.terminal ? ['--interactive', '--tty'] : options.input === false ? [] : ['--interactive']),
      ...(environmentFile === undefined ? [] : ['--env-file', environmentFile]),
      ...Object.entries(added).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
      '--workdir',
      options.folder ?? folder,
      name,
      ...argv,
    ],
    env: client,
  };
}

/** Runs a program in the container to its end. @throws Failure program-timeout; the signal's reason */
export async function runIn(
  container: Container,
  argv: readonly string[],
  options: Pick<RunOptions, 'input' | 'timeout' | 'signal'> & { environment?: Record<string, string> } = {},
): Promise<Ran> {
  const { environment, ...rest } = options;
  const exec = execIn(container, argv, {
    input: options.input !== undefined && options.input !== '',
    ...(environment === undefined ? {} : { environment }),
  });
  return run(exec.program, exec.args, { ...rest, env: exec.env });
}

/**
 * Ends everything that carries the mark, and what shares a session with it. The signals are sent in the container, so that it
 * works wherever the engine is.
 */
export async function endIn(container: Container, entry = `${RUN_MARK}=${container.mark}`): Promise<void> {
  const { name, client } = container;
  await run('docker', ['exec', name, 'bash', '-c', END, 'bash', entry], { env: client, timeout: 60_000 });
}

/** /proc/<pid>/stat after the name in brackets: state, parent, group, session. Session 0 or 1 is the container's own. */
const END = String.raw`
entry=$1
marked() {
  local sessions=' ' file stat rest
  for file in $(grep --files-with-matches --null-data --line-regexp --fixed-strings -e "$entry" /proc/[0-9]*/environ 2>/dev/null); do
    stat=$(< "\${file%environ}stat") 2>/dev/null || continue
    rest=(\${stat##*) })
    echo "$(basename "\${file%/environ}")"
    [ "\${rest[3]}" -gt 1 ] && sessions+="\${rest[3]} "
  done
  [ "$sessions" = ' ' ] && return
  for file in /proc/[0-9]*/stat; do
    stat=$(< "$file") 2>/dev/null || continue
    rest=(\${stat##*) })
    [ "\${rest[0]}" != Z ] && [[ $sessions == *" \${rest[3]} "* ]] && echo "$(basename "\${file%/stat}")"
  done
}
for signal in HUP TERM KILL; do
  pids=$(marked | sort --unique)
  [ -z "$pids" ] && exit 0
  kill -s "$signal" $pids 2>/dev/null
  for look in $(seq 50); do
    [ -z "$(marked)" ] && exit 0
    sleep 0.02
  done
done
`.replaceAll('\\${', '${');

/**
 * The shell of a terminal, by its id on this machine; undefined where the engine's processes cannot be seen from here (a
 * virtual machine, another user's engine).
 */
export function shellOn(terminal: string): number | undefined {
  return processesWith(`${TERMINAL_MARK}=${terminal}`).find(sessionLeader);
}
