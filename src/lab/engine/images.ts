/**
 * The images of docker-compose.yml, built here where none can be pulled: the same Dockerfile of the backup service on a
 * base of our own, and stand-ins for the public ones. Each is known by a hash of all that goes into it, so that a second
 * run builds nothing.
 */
import { createHash } from 'node:crypto';
import { cpSync, linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run, runOrFail } from '../../process.ts';
import { provideMinio } from '../programs/minio.ts';
import { narrate } from '../programs/narrate.ts';
import type { ProvideOptions } from '../programs/provide.ts';
import type { Places } from './places.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const PREFIX = 'drillbook-local';
/** Node's image brings npm; ours takes it from the registry. */
const NPM = 'npm@11.13.0';
/** Of the working tree, what .dockerignore lets into the image of the backup service. */
const TREE = [
  'package.json',
  'package-lock.json',
  '.npmrc',
  '.dockerignore',
  'src',
  'scripts',
  'runbooks',
  'deploy/backup',
  'deploy/stack',
];
const NOT_IN_IT = new Set(['site', 'transcript.json']);

/** The monitoring programs are one image here. Grafana is not among them: Debian has no package of it. */
export type Images = Record<
  | 'POSTGRES_IMAGE'
  | 'MINIO_IMAGE'
  | 'DRILLBOOK_IMAGE'
  | 'NODE_IMAGE'
  | 'MC_IMAGE'
  | 'PROMETHEUS_IMAGE'
  | 'ALERTMANAGER_IMAGE'
  | 'POSTGRES_EXPORTER_IMAGE',
  string
>;

type Build = { name: string; files: string[]; dockerfile: string; args?: Record<string, string> };

/** @throws Failure program-failed with the last lines of the build */
export async function provideImages(
  places: Places,
  client: Record<string, string>,
  options: ProvideOptions,
): Promise<Images> {
  const { report, signal } = options;
  const docker = { env: client, ...(signal === undefined ? {} : { signal }) };
  const base = `${PREFIX}/base:${keyOf([join(places.base, 'base.tar')])}`;
  if (!(await has(base))) {
    report({ kind: 'stage', title: 'Importing the base system' });
    await runOrFail('docker', ['import', join(places.base, 'base.tar'), base], docker);
  }
  const programs = await provideMinio(options);
  const local = (name: string) => join(ROOT, 'deploy/local', name);
  const npm = await npmFolder(places, options);
  const NODE_IMAGE = await build({
    name: 'node',
    files: [process.execPath, npm],
    dockerfile: local('node.Dockerfile'),
    args: { BASE: base },
  });
  const MC_IMAGE = await build({ name: 'mc', files: [programs.mc], dockerfile: local('mc.Dockerfile') });
  const MINIO_IMAGE = await build({
    name: 'minio',
    files: [programs.minio, programs.mc],
    dockerfile: local('minio.Dockerfile'),
  });
  const POSTGRES_IMAGE = await build({
    name: 'postgres',
    files: [local('postgres-entrypoint.sh')],
    dockerfile: local('postgres.Dockerfile'),
    args: { BASE: base },
  });
  const monitoring = await build({
    name: 'monitoring',
    files: [],
    dockerfile: local('monitoring.Dockerfile'),
    args: { BASE: base },
  });
  const DRILLBOOK_IMAGE = await buildOurs(NODE_IMAGE, MC_IMAGE);
  return {
    POSTGRES_IMAGE,
    MINIO_IMAGE,
    DRILLBOOK_IMAGE,
    NODE_IMAGE,
    MC_IMAGE,
    PROMETHEUS_IMAGE: monitoring,
    ALERTMANAGER_IMAGE: monitoring,
    POSTGRES_EXPORTER_IMAGE: monitoring,
  };

  async function has(image: string): Promise<boolean> {
    return (await run('docker', ['image', 'inspect', image], docker)).status === 0;
  }

  async function build({ name, files, dockerfile, args = {} }: Build): Promise<string> {
    const image = `${PREFIX}/${name}:${keyOf([dockerfile, ...files], JSON.stringify(args))}`;
    if (await has(image)) return image;
    // The context holds the files under their own names, so that nothing else is sent.
    const context = mkdtempSync(join(places.home, '.context-'));
    try {
      for (const file of files) put(file, join(context, basename(file)));
      await buildx(name, image, dockerfile, context, args);
    } finally {
      rmSync(context, { recursive: true, force: true });
    }
    return image;
  }

  async function buildOurs(node: string, mc: string): Promise<string> {
    const args = { NODE_IMAGE: node, MC_IMAGE: mc };
    const image = `${PREFIX}/drillbook:${keyOf(
      TREE.map((path) => join(ROOT, path)),
      JSON.stringify(args),
    )}`;
    if (await has(image)) return image;
    await buildx('drillbook', image, join(ROOT, 'deploy/backup/Dockerfile'), ROOT, args);
    return image;
  }

  async function buildx(
    name: string,
    image: string,
    dockerfile: string,
    context: string,
    args: Record<string, string>,
  ) {
    report({ kind: 'stage', title: `Building the image ${name}` });
    const given = Object.entries(args).flatMap(([key, value]) => ['--build-arg', `${key}=${value}`]);
    const how = ['--progress=plain', '--network=host', '--load', `--tag=${image}`, `--file=${dockerfile}`];
    await narrate('docker', ['buildx', 'build', ...how, ...given, ...lent(), context], { env: client, report, signal });
  }
}

/** This machine's npm configuration and certificates, lent to the build; nothing of them stays in the image. */
function lent(): string[] {
  const home = process.env.HOME ?? '';
  const npmrc = join(home, '.npmrc');
  const certificates = process.env.NODE_EXTRA_CA_CERTS ?? process.env.SSL_CERT_FILE ?? '';
  return [
    ...(isFile(npmrc) ? [`--secret=id=npmrc,src=${npmrc}`] : []),
    ...(isFile(certificates) ? [`--secret=id=certificates,src=${certificates}`] : []),
    ...['http_proxy', 'https_proxy', 'no_proxy'].flatMap((name) =>
      process.env[name] ? ['--build-arg', `${name}=${process.env[name]}`] : [],
    ),
  ];
}

/** npm as a folder, from the registry; kept in the cache. */
async function npmFolder(places: Places, { signal }: ProvideOptions): Promise<string> {
  const folder = join(places.home, NPM, 'npm');
  if (isFile(join(folder, 'package.json'))) return folder;
  const work = mkdtempSync(join(tmpdir(), 'drillbook-npm-'));
  const options = { cwd: work, timeout: 300_000, ...(signal === undefined ? {} : { signal }) };
  try {
    await runOrFail('npm', ['pack', '--silent', NPM], options);
    const [packed = ''] = readdirSync(work);
    await runOrFail('tar', ['-xzf', packed, '--no-same-owner'], options);
    mkdirSync(join(places.home, NPM), { recursive: true });
    cpSync(join(work, 'package'), folder, { recursive: true });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return folder;
}

function put(from: string, to: string): void {
  if (statSync(from).isDirectory()) cpSync(from, to, { recursive: true });
  else
    try {
      linkSync(from, to);
    } catch {
      cpSync(from, to); // another file system
    }
}

/** A hash of the content of files and folders, and of what else decides. */
export function keyOf(paths: string[], extra = ''): string {
  const hash = createHash('sha256').update(extra);
  const add = (path: string) => {
    if (NOT_IN_IT.has(basename(path))) return;
    if (statSync(path).isDirectory()) for (const name of readdirSync(path).sort()) add(join(path, name));
    else hash.update(`\0${basename(path)}\0`).update(readFileSync(path));
  };
  for (const path of paths) add(path);
  return hash.digest('hex').slice(0, 16);
}

function isFile(path: string): boolean {
  return path !== '' && (statSync(path, { throwIfNoEntry: false })?.isFile() ?? false);
}
