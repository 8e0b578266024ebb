/** Where the private engine and what it is made of lie: below the user's cache, nothing anywhere else. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { cacheFolder, type Env } from '../../process/find.ts';

export type Places = ReturnType<typeof placesOf>;

export function placesOf(env: Env) {
  const home = join(cacheFolder(env), 'engine');
  return {
    home,
    /** Debian's docker.io and what it needs, unpacked. */
    programs: join(home, 'programs'),
    /** base.tar, and the plugins of the client. */
    base: join(home, 'base'),
    /** The client's configuration: plugins, and nothing else. */
    config: join(home, 'config'),
    data: join(home, 'data'),
    run: join(home, 'run'),
    socket: join(home, 'run', 'docker.sock'),
    /** One file per process that uses the engine. */
    users: join(home, 'users'),
    /** While it is there, the engine stays when its last user leaves. */
    kept: join(home, 'kept'),
    lock: join(home, 'lock'),
    /** Of this cache alone, so that two engines do not clear each other's away. */
    cgroup: `drillbook-engine-${createHash('sha256').update(home).digest('hex').slice(0, 8)}`,
  };
}
