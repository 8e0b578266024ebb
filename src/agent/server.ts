/** Answers `/healthz` and `/metrics`, to GET and HEAD only. Nothing that is sent to it makes the service do anything. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Failure } from '../failure.ts';
import type { Health } from './health.ts';

export type Answers = { health(): Health; metrics(): Promise<string> };

export type Listening = AsyncDisposable & { readonly address: string };

/** @throws Failure listen-failed */
export async function listen(place: { host: string; port: number }, answers: Answers): Promise<Listening> {
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000, maxHeaderSize: 8_192 });
  server.maxConnections = 64;
  server.on('request', (request, response) => {
    answer(request, response, answers).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const address = `${place.host}:${place.port}`;
      reject(new Failure('listen-failed', { address, reason: reasonOf(cause) }, { cause }));
    });
    server.listen(place.port, place.host, resolve);
  });
  return {
    address: addressOf(server),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, answers: Answers): Promise<void> {
  const send = (status: number, text: string, headers: Record<string, string> = {}) => {
    const type = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' };
    response.writeHead(status, { ...type, ...headers }).end(request.method === 'HEAD' ? undefined : text);
  };
  const path = request.url?.split('?')[0];
  if (path !== '/healthz' && path !== '/metrics') return send(404, 'There is /healthz and /metrics.\n');
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return send(405, 'Only GET and HEAD are answered.\n', { allow: 'GET, HEAD' });
  if (path === '/metrics')
    return send(200, await answers.metrics(), { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
  const { well, sentence } = answers.health();
  send(well ? 200 : 503, `${sentence}\n`);
}

function addressOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === 'string') return String(address);
  return address.family === 'IPv6' ? `[${address.address}]:${address.port}` : `${address.address}:${address.port}`;
}

function reasonOf(cause: NodeJS.ErrnoException): string {
  if (cause.code === 'EADDRINUSE') return 'another program listens there';
  if (cause.code === 'EACCES') return 'this user may not listen there';
  return cause.message;
}
