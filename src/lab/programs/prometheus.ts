/** Prometheus, Alertmanager and the exporter of PostgreSQL, for the tests of the alerts and the dashboard. */
import { join } from 'node:path';
import { Failure } from '../../failure.ts';
import { cacheFolder, type Env, inPath, isProgram } from '../../process/find.ts';
import { canUnpackPackages, unpackPackages } from './packages.ts';
import type { ProvideOptions } from './provide.ts';
import { intoPlace } from './unpack.ts';

/** Their files. */
export type Prometheus = {
  prometheus: string;
  promtool: string;
  alertmanager: string;
  amtool: string;
  exporter: string;
};

const PACKAGES = ['prometheus', 'prometheus-alertmanager', 'prometheus-postgres-exporter'];
/** As their authors name them, and as Debian does. */
const NAMES = {
  prometheus: ['prometheus'],
  promtool: ['promtool'],
  alertmanager: ['alertmanager', 'prometheus-alertmanager'],
  amtool: ['amtool'],
  exporter: ['postgres_exporter', 'prometheus-postgres-exporter'],
} as const;

/**
 * Finds them in PATH or in the cache, or unpacks the distribution's packages into the cache. They are never installed: the
 * packages would start daemons of their own.
 * @throws Failure program-missing with every way to provide them
 */
export async function providePrometheus(options: ProvideOptions): Promise<Prometheus> {
  const env = options.env ?? process.env;
  const found = findPrometheus(env);
  if (found !== undefined) return found;
  const place = placeOf(env);
  if (canUnpackPackages(env)) {
    options.report({ kind: 'note', text: `Unpacking the packages ${PACKAGES.join(', ')} into ${place}` });
    // Programs made with Go: they need nothing but the C library.
    await intoPlace(place, (folder) => unpackPackages(PACKAGES, folder, { ...options, alone: true }));
    const unpacked = findPrometheus(env);
    if (unpacked !== undefined) return unpacked;
  }
  throw new Failure('program-missing', {
    program: 'Prometheus (prometheus, promtool, alertmanager, amtool, postgres_exporter)',
    ways: `Put these programs in PATH, under these names or Debian's; with apt-get and dpkg-deb Drillbook unpacks ${PACKAGES.join(', ')} into your cache folder.`,
  });
}

export function findPrometheus(env: Env): Prometheus | undefined {
  const find = (names: readonly string[]) =>
    names.flatMap((name) => [...inPath(name, env), join(placeOf(env), 'all/usr/bin', name)]).find(isProgram);
  const [prometheus, promtool, alertmanager] = [NAMES.prometheus, NAMES.promtool, NAMES.alertmanager].map(find);
  const [amtool, exporter] = [NAMES.amtool, NAMES.exporter].map(find);
  if (!prometheus || !promtool || !alertmanager || !amtool || !exporter) return undefined;
  return { prometheus, promtool, alertmanager, amtool, exporter };
}

function placeOf(env: Env): string {
  return join(cacheFolder(env), 'prometheus');
}
