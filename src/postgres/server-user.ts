/** PostgreSQL refuses to run as root. Whoever is root runs it as the user `postgres`, or `nobody` where there is none. */
import { readFileSync } from 'node:fs';
import { Failure } from '../failure.ts';

type ServerUser = { uid: number; gid: number };

/**
 * The user the server runs as; undefined: as ourselves.
 * @throws Failure program-missing when root and there is no such user
 */
export function serverUser(): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const user = users.find((fields) => fields[0] === name);
    if (user !== undefined) return { uid: Number(user[2]), gid: Number(user[3]) };
  }
  throw new Failure('program-missing', {
    program: 'A user that PostgreSQL may run as',
    ways: 'Make one (useradd --system postgres), or run as a normal user instead of root.',
  });
}

/** What to start so that the program runs as this user. setpriv replaces itself by it, so the process id is the program's own. */
export function asServerUser(program: string, args: string[], user: ServerUser | undefined) {
  if (user === undefined) return { program, args };
  const switched = [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', '--', program, ...args];
  return { program: 'setpriv', args: switched };
}
