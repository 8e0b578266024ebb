/**
 * Serves a built site on 127.0.0.1. Text was compressed when the site was built (build.ts). A port that is taken is no
 * reason to fail: the next free one is used and told.
 */
import { createReadStream, existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import sirv from 'sirv';

/** How many ports after the wished one are tried before any free one is taken. */
const TRIES = 20;
const HIGHEST_PORT = 65_535;

export type Served = AsyncDisposable & {
  /** With the port that was free, e.g. http://localhost:4321/ */
  url: string;
  port: number;
};

/**
 * Starts serving; dispose to stop.
 * @param options.folder what `buildSite` wrote
 * @param options.port the wished one; 0 takes any free one
 */
export async function serveSite(options: { folder: string; port: number }): Promise<Served> {
  const files = sirv(options.folder, { etag: true, gzip: true });
  const missing = join(options.folder, '404.html');
  const server = createServer((request, response) => {
    files(request, response, () => {
      response.writeHead(404, { 'Content-Type': 'text/html;charset=utf-8' });
      if (existsSync(missing)) createReadStream(missing).pipe(response);
      else response.end('There is no such page.\n');
    });
  });
  const port = await listen(server, options.port);
  return {
    url: `http://localhost:${port}/`,
    port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Listens on the wished port, on one of those after it, or on any; returns the one that was free. */
async function listen(server: Server, wished: number): Promise<number> {
  const next = Array.from({ length: TRIES }, (_, i) => wished + i).filter((port) => port <= HIGHEST_PORT);
  for (const port of wished === 0 ? [0] : [...next, 0]) {
    if (!(await free(server, port))) continue;
    const address = server.address();
    if (typeof address === 'object' && address !== null) return address.port;
  }
  throw new Error('no port of 127.0.0.1 is free');
}

function free(server: Server, port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException) => {
      server.off('listening', onListening);
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false);
      else reject(error);
    };
    const onListening = () => {
      server.off('error', onError);
      resolve(true);
    };
    server.once('error', onError).once('listening', onListening);
    server.listen(port, '127.0.0.1');
  });
}
