/** The sample application's process: listens, tells when it is ready, and ends in order on SIGTERM. */
import { createServer } from 'node:http';
import { answer } from './answer.ts';
import { connections } from './database.ts';
import { logLine } from './log.ts';
import { watchReadiness } from './readiness.ts';

/** How long requests that are under way may take when the application ends, in milliseconds. */
const GRACE_MS = 5_000;

const [host = '127.0.0.1', port = '8080'] = (process.env.LISTEN ?? '').split(':');
const pool = connections();
const readiness = watchReadiness(pool);
const server = createServer((request, response) => {
  void answer(request, response, { pool, readiness });
});
server.on('error', (error) => {
  logLine('error', 'cannot-listen', { host, port, reason: error.message });
  process.exit(1);
});
server.listen(Number(port), host, () => logLine('info', 'listening', { host, port: Number(port), pid: process.pid }));

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop(signal));

async function stop(signal: string): Promise<void> {
  logLine('info', 'stopping', { signal });
  readiness.stop();
  server.close();
  setTimeout(() => server.closeAllConnections(), GRACE_MS).unref();
  server.closeIdleConnections();
  await new Promise<void>((resolve) => {
    if (server.listening) server.once('close', () => resolve());
    else resolve();
  });
  await pool.end();
  logLine('info', 'stopped', {});
  process.exit(0);
}
