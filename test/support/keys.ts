/** Keys of a real MinIO that may do less than its root. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runOrFail } from '../../src/process.ts';
import type { Services } from './services.ts';

export type Keys = AsyncDisposable & { keys: { accessKey: string; secretKey: string } };

/** A user who may do everything in one bucket but remove these objects. */
export async function mayNotRemove(services: Services, bucket: string, objects: string[]): Promise<Keys> {
  const deny = {
    Effect: 'Deny',
    Action: ['s3:DeleteObject'],
    Resource: objects.map((name) => arn(`${bucket}/${name}`)),
  };
  const allow = { Effect: 'Allow', Action: ['s3:*'], Resource: [arn(bucket), arn(`${bucket}/*`)] };
  return await makeUser(services, [allow, deny]);
}

let made = 0;

async function makeUser(services: Services, statements: object[]): Promise<Keys> {
  const folder = await mkdtemp(join(services.folder, 'mc-'));
  const name = `limited-${process.pid}-${++made}`;
  const keys = { accessKey: name, secretKey: `${name}-secret-5e1` };
  const { endpoint, accessKey, secretKey } = services.settings.store;
  const env = {
    PATH: `${process.env.PATH}:${join(process.env.HOME ?? '', '.cache/drillbook/bin')}`,
    HOME: folder,
    MC_HOST_store: `${endpoint.protocol}//${accessKey}:${secretKey}@${endpoint.host}`,
  };
  const mc = (...args: string[]) => runOrFail('mc', ['--quiet', ...args], { env, timeout: 60_000 });
  const policy = join(folder, 'policy.json');
  await writeFile(policy, JSON.stringify({ Version: '2012-10-17', Statement: statements }));
  await mc('admin', 'policy', 'create', 'store', name, policy);
  await mc('admin', 'user', 'add', 'store', keys.accessKey, keys.secretKey);
  await mc('admin', 'policy', 'attach', 'store', name, '--user', keys.accessKey);
  return { keys, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

function arn(resource: string): string {
  return `arn:aws:s3:::${resource}`;
}
