/** Requests: JSON in, JSON out. Errors of the database are 503, so that a proxy in front tries again later. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Pool } from 'pg';
import { z } from 'zod';
import { logLine } from './log.ts';
import type { Readiness } from './readiness.ts';
import { type Reply, routes } from './routes.ts';

export type Application = { pool: Pool; readiness: Readiness };

export async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  application: Application,
): Promise<void> {
  const since = performance.now();
  // `//` and the like are no address; a path that nothing answers is.
  const url = URL.parse(request.url ?? '/', 'http://localhost') ?? new URL('http://localhost/-');
  const reply = (await health(url.pathname, application)) ?? (await work(request, url, application.pool));
  response.writeHead(reply.status, { 'content-type': 'application/json; charset=utf-8' });
  response.end(`${JSON.stringify(reply.body)}\n`);
  if (isHealth(url.pathname)) return; // asked every second, and the log is read by people
  const milliseconds = Math.round(performance.now() - since);
  const { status } = reply;
  logLine(status < 500 ? 'info' : 'error', 'request', {
    method: request.method ?? '',
    path: url.pathname,
    status,
    milliseconds,
  });
}

const isHealth = (path: string) => ['/livez', '/healthz', '/readyz'].includes(path);

/** /livez: the process answers. /healthz: the database answers. /readyz: and the tables are there. */
async function health(path: string, { pool, readiness }: Application): Promise<Reply | undefined> {
  if (path === '/livez') return { status: 200, body: { pid: process.pid } };
  if (path === '/readyz') {
    const verdict = await readiness.now();
    return { status: verdict.ready ? 200 : 503, body: verdict };
  }
  if (path !== '/healthz') return undefined;
  return pool.query('SELECT 1').then(
    (): Reply => ({ status: 200, body: { healthy: true } }),
    (error: Error): Reply => ({ status: 503, body: { healthy: false, reason: error.message } }),
  );
}

async function work(request: IncomingMessage, url: URL, pool: Pool): Promise<Reply> {
  for (const route of routes) {
    const match = request.method === route.method ? route.path.exec(url.pathname) : null;
    if (match === null) continue;
    try {
      const body: unknown = request.method === 'GET' ? {} : JSON.parse((await text(request)) || '{}');
      return await route.perform(pool, match.groups ?? {}, body);
    } catch (error) {
      return refusal(error);
    }
  }
  return { status: 404, body: { error: 'There is nothing here.' } };
}

/** Class 23 and 22 of SQLSTATE are the request's own fault (a constraint, a value); 42501 is row-level security. */
function refusal(error: unknown): Reply {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (error instanceof SyntaxError || error instanceof z.ZodError || /^2[23]/.test(code))
    return { status: 400, body: { error: message } };
  if (code === '42501') return { status: 403, body: { error: message } };
  return { status: 503, body: { error: message } };
}
