/** A real MinIO that speaks TLS only, with a certificate of a CA that nobody else trusts, made by openssl for this test. */
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client as S3 } from 'minio';
import { runOrFail, stream } from '../../src/process.ts';
import type { Settings } from '../../src/settings.ts';
import { freePort, until } from './services.ts';

const KEYS = { accessKey: 'access-Key-tls', secretKey: 'store-Secret-tls' };
/** Below `localhost` every name is this machine. The certificate holds it, and those of its buckets. */
const DOMAIN = 's3.localhost';
const REGION = 'eu-test-1';

export type TlsStore = AsyncDisposable & {
  caFile: string;
  /** Trusted, by the name in the certificate, path style. Its bucket exists. */
  settings: Settings['store'];
  port: number;
};

export async function startTlsStore(): Promise<TlsStore> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'drillbook-tls-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const caFile = await certify(folder);
  const port = await freePort();
  const server = await stream(
    'setpriv',
    [
      ...['--pdeathsig', 'KILL', 'minio', 'server', '--quiet', '--address', `127.0.0.1:${port}`],
      ...['--certs-dir', join(folder, 'certs'), join(folder, 'data')],
    ],
    {
      cwd: folder,
      env: {
        PATH: `${process.env.PATH}:${join(process.env.HOME ?? '', '.cache/drillbook/bin')}`,
        HOME: folder,
        MINIO_ROOT_USER: KEYS.accessKey,
        MINIO_ROOT_PASSWORD: KEYS.secretKey,
        MINIO_DOMAIN: DOMAIN,
        MINIO_SITE_REGION: REGION,
        MINIO_BROWSER: 'off',
      },
    },
  );
  stack.defer(async () => {
    process.kill(server.pid, 'SIGTERM');
    await server.ended;
  });
  server.stdin.end();
  server.stdout.resume();
  const ca = await readFile(caFile, 'utf8');
  const agent = new https.Agent({ ca });
  const s3 = new S3({
    endPoint: '127.0.0.1',
    port,
    region: REGION,
    ...KEYS,
    transportAgent: agent,
    retryOptions: { disableRetry: true },
  });
  await until(
    () =>
      s3.bucketExists('none').then(
        () => true,
        () => false,
      ),
    'MinIO answers over TLS',
  );
  await s3.makeBucket('backups', REGION);
  const endpoint = new URL(`https://${DOMAIN}:${port}`);
  const settings = { endpoint, ...KEYS, bucket: 'backups', prefix: '', region: REGION };
  const running = stack.move();
  return {
    caFile,
    port,
    settings: { ...settings, virtualHost: false, ca, timeout: 60 },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** A CA, and a certificate of the server signed by it; returns the file of the CA's certificate. */
async function certify(folder: string): Promise<string> {
  const certs = join(folder, 'certs');
  await mkdir(certs);
  const openssl = (...args: string[]) => runOrFail('openssl', args, { cwd: folder, timeout: 60_000 });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=Test CA');
  await openssl('req', ...key, '-keyout', 'certs/private.key', '-out', 'server.csr', '-subj', `/CN=${DOMAIN}`);
  await writeFile(join(folder, 'names'), `subjectAltName=DNS:${DOMAIN},DNS:*.${DOMAIN},IP:127.0.0.1\n`);
  const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names'];
  await openssl('x509', '-req', '-in', 'server.csr', ...signed, '-out', 'certs/public.crt');
  await copyFile(join(folder, 'ca.pem'), join(folder, 'trusted.pem'));
  return join(folder, 'trusted.pem');
}
