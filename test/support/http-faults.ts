/**
 * A proxy before the real store that counts what is asked and, where a test says so, answers 503, hangs or breaks off. What it hands on
 * is unchanged, so signatures stay right.
 */
import assert from 'node:assert/strict';
import http from 'node:http';

export type Asked = {
  method: string;
  host: string | undefined;
  path: string;
  range: string | undefined;
  ifMatch: string | undefined;
};

/**
 * A number is an answer with that status, nothing is handed on · hang: taken, never answered · cut: broken off after so many bytes of
 * the answer's body · stall: nothing more after so many · lose: performed, but its answer never comes back.
 */
export type Fault = number | 'hang' | 'lose' | { cut: number } | { stall: number };

export type FaultyStore = AsyncDisposable & {
  endpoint: URL;
  /** In the order in which they came. */
  asked: Asked[];
  /** The most requests that were under way at once. */
  readonly atOnce: number;
  /** Bytes of answers that were handed back. */
  readonly bytes: number;
};

/** `faultOf` says what becomes of a request; undefined: nothing. `nth` counts from 0. */
export async function faultyStore(
  target: URL,
  faultOf: (asked: Asked, nth: number) => Fault | undefined = () => undefined,
): Promise<FaultyStore> {
  const asked: Asked[] = [];
  const agent = new http.Agent({ keepAlive: true });
  let [now, atOnce, bytes] = [0, 0, 0];
  const server = http.createServer((request, response) => {
    const { method = '', url = '', headers } = request;
    const { host } = headers;
    const one = { method, host, path: decodeURIComponent(url), range: headers.range, ifMatch: headers['if-match'] };
    const fault = faultOf(one, asked.push(one) - 1);
    atOnce = Math.max(atOnce, ++now);
    response.on('close', () => now--).on('error', () => {});
    if (fault === 'hang') return;
    if (typeof fault === 'number') {
      const body = `<Error><Code>${fault === 503 ? 'SlowDown' : 'AccessDenied'}</Code><Message>Not now.</Message></Error>`;
      request.resume().on('end', () => response.writeHead(fault, { 'content-type': 'application/xml' }).end(body));
      return;
    }
    const passed = http.request(
      { agent, host: target.hostname, port: target.port, method, path: url, headers },
      (answer) => {
        if (fault === 'lose') {
          answer.resume().on('end', () => response.destroy());
          return;
        }
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        response.flushHeaders();
        const limit = typeof fault === 'object' ? ('cut' in fault ? fault.cut : fault.stall) : Number.POSITIVE_INFINITY;
        let left = limit;
        answer.on('data', (chunk: Buffer) => {
          const piece = chunk.subarray(0, left);
          left -= piece.length;
          bytes += piece.length;
          if (piece.length > 0 && !response.write(piece)) {
            answer.pause();
            response.once('drain', () => answer.resume());
          }
          if (left > 0) return;
          answer.destroy();
          if (typeof fault === 'object' && 'cut' in fault) response.socket?.end(() => response.destroy());
        });
        answer.on('end', () => response.end()).on('error', () => {});
      },
    );
    passed.on('error', () => response.destroy());
    response.on('close', () => passed.destroy());
    request.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return {
    endpoint: new URL(`http://127.0.0.1:${address.port}`),
    asked,
    get atOnce() {
      return atOnce;
    },
    get bytes() {
      return bytes;
    },
    async [Symbol.asyncDispose]() {
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
