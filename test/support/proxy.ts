/** A TCP proxy that cuts connections, for tests about networks. */
import assert from 'node:assert/strict';
import { connect, createServer, type Socket } from 'node:net';

export type Proxy = AsyncDisposable & {
  port: number;
  /** How many connections were cut. */
  readonly cuts: number;
};

/** Each connection is cut after `bytes` bytes of answer, at most `times` times; then they live. */
export async function cuttingProxy(
  target: { host: string; port: number },
  bytes: number,
  times: number,
): Promise<Proxy> {
  let cuts = 0;
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(target);
    let passed = 0;
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket
        .on('error', () => {})
        .on('close', () => {
          sockets.delete(socket);
          near.destroy();
          far.destroy();
        });
    }
    near.pipe(far);
    far.on('data', (chunk: Buffer) => {
      passed += chunk.length;
      if (passed > bytes && cuts < times) {
        cuts++;
        near.destroy();
      } else if (!near.write(chunk)) {
        far.pause();
        near.once('drain', () => far.resume());
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return {
    port: address.port,
    get cuts() {
      return cuts;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
