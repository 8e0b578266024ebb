/** Free ports on the loopback address. */
import { createServer } from 'node:net';

/**
 * Below the ranges from which systems take ports for outgoing connections (Linux from 32768, others from 49152), so
 * that a service that is stopped and started again finds its port as it left it.
 */
const LOWEST = 20_000;
const HIGHEST = 32_000;

/** A port of 127.0.0.1 on which nothing listens now. It may be taken before it is used: start, look, try another. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (await isFree(port)) return port;
  }
}

export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
