/** Builds the site with Astro, as a program of its own, and compresses its text for serving. */
import { glob, readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Failure } from '../failure.ts';
import { run } from '../process.ts';
import type { Report } from '../progress.ts';

const PROJECT = resolve(import.meta.dirname, '../..');
const ASTRO = resolve(PROJECT, 'node_modules/astro/bin/astro.mjs');
/** A thousand pages take about a minute here. */
const LIMIT_MS = 10 * 60_000;

/**
 * Renders docs/ and runbooks/ into `outDir`. Nothing of a runbook is executed; what is shown was recorded before.
 * @param options.root the project whose pages are rendered; without it, this one
 * @throws Failure page-wrong with every fault as `file:line:column`, site-build-failed
 */
export async function buildSite(options: {
  outDir: string;
  report: Report;
  root?: string;
  signal?: AbortSignal;
}): Promise<{ pages: number; seconds: number }> {
  const started = performance.now();
  const outDir = resolve(options.outDir);
  options.report({ kind: 'stage', title: 'Building the site' });
  const ran = await run(process.execPath, [ASTRO, 'build', '--outDir', outDir, '--root', options.root ?? PROJECT], {
    cwd: options.root ?? PROJECT,
    env: { ...process.env, ASTRO_TELEMETRY_DISABLED: '1', NO_COLOR: '1', FORCE_COLOR: undefined, CI: '1' },
    timeout: LIMIT_MS,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  if (ran.status !== 0) throw whatFailed(`${ran.stdout}\n${ran.stderr}`, ran.status);
  await compress(outDir);
  let pages = 0;
  for await (const _ of glob('**/*.html', { cwd: outDir })) pages++;
  return { pages, seconds: (performance.now() - started) / 1000 };
}

/** Faults of pages stand in Astro's output as `file:line:column reason (rule)`; all else is Astro's own message. */
function whatFailed(output: string, status: number): Failure {
  const plain = output.replace(/\x1b\[[0-9;]*m/g, '');
  const faults = [...new Set(plain.match(/^\s*\S+\.mdx?:\d+:\d+ .+ \([a-z-]+\)$/gm)?.map((line) => line.trim()))];
  if (faults.length > 0) return new Failure('page-wrong', { faults: faults.join('\n') });
  return new Failure('site-build-failed', {
    status: String(status),
    message: plain.trim().split('\n').slice(-12).join('\n'),
  });
}

/** Writes `x.gz` beside every text file of the site. */
async function compress(folder: string): Promise<void> {
  for await (const name of glob('**/*.{html,css,js,json,svg,xml,txt}', { cwd: folder })) {
    const file = resolve(folder, name);
    await writeFile(`${file}.gz`, await promisify(gzip)(await readFile(file)));
  }
}
