/** A client of one bucket. minio-js repeats a request only with a body that is already spent, so `ask` repeats what may be repeated. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Settings } from '../settings.ts';
import { storeFailure } from './failures.ts';
import { Client } from './minio.ts';
import { checkName } from './names.ts';
import { faultOf, pauseBefore } from './retry.ts';
import { transport } from './transport.ts';

export type Bucket = {
  readonly client: Client;
  readonly name: string;
  readonly prefix: string;
  readonly settings: Settings['store'];
  readonly signal: AbortSignal | undefined;
  /**
   * Performs a request, again where the fault may pass, and turns what remains into a Failure about `object`.
   * @throws Failure object-name-invalid, store-unreachable, store-untrusted, store-auth, store-full, bucket-missing,
   *   object-missing; the signal's reason
   */
  ask<T>(request: () => Promise<T>, object?: string): Promise<T>;
};

/** Nothing is sent yet. `signal` ends whatever this client is doing. */
export function openClient(settings: Settings['store'], signal?: AbortSignal): Bucket {
  const { endpoint, accessKey, secretKey, region } = settings;
  const client = new Client({
    // Brackets of an IPv6 address belong to the URL, not to the host.
    endPoint: endpoint.hostname.replace(/^\[(.*)\]$/, '$1'),
    ...(endpoint.port === '' ? {} : { port: Number(endpoint.port) }),
    useSSL: endpoint.protocol === 'https:',
    accessKey,
    secretKey,
    region,
    pathStyle: !settings.virtualHost,
    transport: transport(settings, signal),
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
      for (let repeats = 0; ; repeats++) {
        try {
          signal?.throwIfAborted();
          return await request();
        } catch (cause) {
          signal?.throwIfAborted();
          const pause = pauseBefore(faultOf(cause), repeats);
          if (pause === undefined) throw storeFailure(cause, settings, object);
          await rest(pause, signal);
        }
      }
    },
  };
}

/** An abort ends it early and throws nothing: whoever goes on looks at the signal. */
export async function rest(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  await delay(milliseconds, undefined, signal === undefined ? {} : { signal }).catch(() => {});
}
