/**
 * A client of one bucket. minio-js knows neither time limits nor cancellation and repeats a request only with a body
 * that is already spent, so a transport of our own adds the first two and `ask` repeats what may be repeated.
 */
import http from 'node:http';
import https from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'minio';
import type { Settings } from '../settings.ts';
import { passing, storeFailure } from './failures.ts';
import { checkName } from './names.ts';

/** Without any answer for so long a request is given up, in milliseconds. */
const SILENCE_MS = 60_000;
/** Pauses before a request is repeated, in milliseconds. */
const PAUSES_MS = [100, 400, 1_600];

export type Bucket = {
  readonly client: Client;
  readonly name: string;
  readonly prefix: string;
  readonly settings: Settings['store'];
  readonly signal: AbortSignal | undefined;
  /**
   * Performs a request, again where the fault may pass, and turns what remains into a Failure about `object`.
   * @throws Failure object-name-invalid, store-unreachable, store-auth, store-full, bucket-missing, object-missing; the
   *   signal's reason
   */
  ask<T>(request: () => Promise<T>, object?: string): Promise<T>;
};

/** Nothing is sent yet. `signal` ends whatever this client is doing. */
export function openClient(settings: Settings['store'], signal?: AbortSignal): Bucket {
  const { endpoint, accessKey, secretKey, region } = settings;
  const useSSL = endpoint.protocol === 'https:';
  const client = new Client({
    // Brackets of an IPv6 address belong to the URL, not to the host.
    endPoint: endpoint.hostname.replace(/^\[(.*)\]$/, '$1'),
    ...(endpoint.port === '' ? {} : { port: Number(endpoint.port) }),
    useSSL,
    accessKey,
    secretKey,
    region,
    pathStyle: true,
    transport: transport(useSSL, signal),
    retryOptions: { disableRetry: true },
  });
  return {
    client,
    name: settings.bucket,
    prefix: settings.prefix,
    settings,
    signal,
    async ask(request, object) {
      if (object !== undefined) checkName(settings.prefix, object);
      for (let attempt = 0; ; attempt++) {
        try {
          signal?.throwIfAborted();
          return await request();
        } catch (cause) {
          signal?.throwIfAborted();
          const pause = PAUSES_MS[attempt];
          if (pause === undefined || !passing(cause)) throw storeFailure(cause, settings, object);
          // An abort during the pause rejects with an error of its own; the next round throws the signal's reason.
          await delay(pause, undefined, signal === undefined ? {} : { signal }).catch(() => {});
        }
      }
    },
  };
}

function transport(useSSL: boolean, signal: AbortSignal | undefined): Pick<typeof http, 'request'> {
  const request = (options: http.RequestOptions, onResponse?: (response: http.IncomingMessage) => void) => {
    const limits = { ...options, timeout: SILENCE_MS, ...(signal === undefined ? {} : { signal }) };
    const sent = (useSSL ? https : http).request(limits, onResponse);
    sent.on('timeout', () => sent.destroy(new Error(`no answer for ${SILENCE_MS / 1000} s`)));
    return sent;
  };
  // minio-js calls `request(options, callback)` only; the type names every overload of Node's.
  return { request: request as typeof http.request };
}
