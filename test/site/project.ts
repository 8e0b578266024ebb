/** Small projects to build sites of, each in a folder of its own that is removed with it. */
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { silent } from '../../src/progress.ts';
import { parsePage } from '../../src/runbook/parse.ts';
import { rehearsedHash, type Transcript } from '../../src/runbook/transcript.ts';
import { buildSite } from '../../src/site/build.ts';

export const REPOSITORY = resolve(import.meta.dirname, '../..');

export type Project = AsyncDisposable & { root: string; dist: string; build(): Promise<{ pages: number }> };

/** @param files path → text */
export async function makeProject(files: Record<string, string>): Promise<Project> {
  // Below the repository, so that Astro finds its packages; in the folder that git ignores.
  await mkdir(join(REPOSITORY, '.drillbook'), { recursive: true });
  const root = await mkdtemp(join(REPOSITORY, '.drillbook', 'site-test-'));
  await cp(join(REPOSITORY, 'public'), join(root, 'public'), { recursive: true });
  const site = join(REPOSITORY, 'src/site');
  const own: Record<string, string> = {
    // Astro bundles a dependency of the project that is made of .astro files only when package.json names it.
    'package.json': '{ "type": "module", "dependencies": { "@astrojs/starlight": "*", "astro": "*" } }',
    'astro.config.mjs': `import { siteConfig } from '${site}/config.ts';\nexport default siteConfig({ cacheDir: './.cache' });\n`,
    'src/content.config.ts': `import { defineCollection } from 'astro:content';\nimport { pages } from '${site}/collection.ts';\nexport const collections = { docs: defineCollection(pages) };\n`,
    'docs/index.md': '---\ntitle: Start\ndescription: For a test.\n---\n\nHere it starts.\n',
  };
  for (const [path, text] of Object.entries({ ...own, ...files })) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  const dist = join(root, 'dist');
  return {
    root,
    dist,
    build: () => buildSite({ outDir: dist, report: silent, root }),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}

/** A transcript of this very page, as a rehearsal would have recorded it. */
export function transcriptOf(page: string, path: string, changes: Partial<Transcript> = {}): string {
  const parsed = parsePage(page, path, { repository: true });
  const transcript: Transcript = {
    schema: 1,
    runbook: parsed.name,
    hash: rehearsedHash(parsed, {}),
    recordedAt: '2026-11-20T09:30:00Z',
    labs: [{ lab: 'local', versions: { postgres: '15.18', minio: 'RELEASE.2025-10-15', mc: 'RELEASE.2025-08-13' } }],
    seconds: 252,
    results: (['intact', 'busy', 'damaged-backup'] as const).flatMap((scenario) =>
      (['reader', 'script'] as const).map((lane) => ({
        scenario,
        lane,
        lab: 'local' as const,
        verdict: 'passed' as const,
        ended: 'done',
        seconds: 21,
      })),
    ),
    steps: parsed.steps.map(({ id }) => ({ id, seconds: 12, destroys: [], output: '' })),
    ...changes,
  };
  return `${JSON.stringify(transcript, null, 2)}\n`;
}
