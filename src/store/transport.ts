/**
 * How requests travel: minio-js knows neither time limits nor cancellation nor certificates of one's own, so this stands
 * between it and Node's HTTP.
 */
import { lookup } from 'node:dns';
import type { Agent, IncomingMessage, RequestOptions } from 'node:http';
import type { LookupFunction } from 'node:net';
import { getCACertificates } from 'node:tls';
import type { Settings } from '../settings.ts';
import { http, https } from './minio.ts';

export type Transport = Pick<typeof http, 'request'>;

/** Answers that minio-js throws away without reading them, so that their connection would never be free again. */
const UNREAD = [408, 429, 499, 500, 502, 503, 504, 520];

/** Connections are kept and used again by all clients of one endpoint. Those that idle keep no process alive. */
const agents = new Map<string, Agent>();

/** `signal` ends whatever is under way. */
export function transport(settings: Settings['store'], signal: AbortSignal | undefined): Transport {
  const seconds = settings.timeout;
  const send = settings.endpoint.protocol === 'https:' ? https.request : http.request;
  const agent = agentOf(settings);
  const request = (options: RequestOptions, onResponse?: (response: IncomingMessage) => void) => {
    const limits = {
      ...options,
      agent,
      lookup: find,
      timeout: seconds * 1000,
      ...(signal === undefined ? {} : { signal }),
    };
    const sent = send(limits, (response) => {
      if (UNREAD.includes(response.statusCode ?? 0)) response.on('error', () => {}).resume();
      onResponse?.(response);
    });
    sent.on('timeout', () => sent.destroy(new NoAnswer(seconds)));
    return sent;
  };
  // minio-js calls `request(options, callback)` only; the type names every overload of Node's.
  return { request: request as typeof http.request };
}

/** Names below `localhost` are this machine (RFC 6761), also where the system's resolver does not know it: `bucket.localhost`. */
const find: LookupFunction = (host, options, answer) =>
  lookup(host.endsWith('.localhost') ? 'localhost' : host, options, answer);

class NoAnswer extends Error {
  readonly code = 'NO_ANSWER';
  constructor(seconds: number) {
    super(`no answer for ${seconds} s`);
  }
}

function agentOf({ endpoint, ca }: Settings['store']): Agent {
  const key = `${endpoint.origin} ${ca ?? ''}`;
  const found = agents.get(key);
  if (found !== undefined) return found;
  const made =
    endpoint.protocol === 'https:'
      ? new https.Agent({ keepAlive: true, ...(ca === undefined ? {} : { ca: [...getCACertificates(), ca] }) })
      : new http.Agent({ keepAlive: true });
  agents.set(key, made);
  return made;
}
