import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { Failure } from '../../src/failure.ts';
import { silent } from '../../src/progress.ts';
import { buildSite } from '../../src/site/build.ts';
import { DATABASE, SWAP } from './pages.ts';
import { makeProject, transcriptOf } from './project.ts';

const PAGE = 'runbooks/swap/index.mdx';

/** Builds a project that must fail, and returns what it says. */
async function failureOf(files: Record<string, string>): Promise<Failure> {
  await using project = await makeProject(files);
  const error = await project.build().then(
    () => assert.fail('the site was built'),
    (error: unknown) => error,
  );
  assert.ok(error instanceof Failure);
  return error;
}

const htmlOf = (dist: string, address: string) => readFile(join(dist, address, 'index.html'), 'utf8');

test('pages are rendered from where they lie, at addresses that follow from their paths', async () => {
  await using project = await makeProject({
    [PAGE]: SWAP,
    'runbooks/swap/transcript.json': transcriptOf(SWAP, PAGE),
    'runbooks/swap/recording.cast': '{"version":2,"width":120,"height":40}\n',
    'scripts/swap.ts': '',
    'docs/DATABASE.md': DATABASE,
    'docs/guides/first.md': '---\ntitle: First\ndescription: For a test.\n---\n\nText.\n',
    'docs/reference/settings.md':
      '---\ntitle: Settings\ndescription: For a test.\n---\n\n| a | b |\n|---|---|\n| c | d |\n',
    'docs/decisions/0001-x.md': '---\ntitle: 1. X\ndescription: For a test.\n---\n\nText.\n',
  });
  const { pages } = await project.build();
  assert.equal(pages, 6 + 1, 'six pages and the one for what is missing');
  const swap = await htmlOf(project.dist, 'runbooks/swap');
  assert.match(swap, /href="\/runbooks\/swap\/recording\.cast" download/, 'a recording is offered');
  assert.match(await readFile(join(project.dist, 'runbooks/swap/recording.cast'), 'utf8'), /"version":2/);
  const database = await htmlOf(project.dist, 'database');
  assert.match(database, /href="\/runbooks\/swap\/#swap-the-databases"/, 'a link to a file leads to its page');
  assert.match(database, /and a script\./, 'a link to a file that is no page is plain text');
  assert.match(database, /Step 4 of Swap a database/, 'a quoted step leads to its page');
  assert.match(database, /Destroys or replaces/, 'and warns of what it destroys');
  for (const address of ['', 'runbooks/swap', 'guides/first', 'reference/settings', 'decisions/0001-x'])
    assert.ok(existsSync(join(project.dist, address, 'index.html')), address);
  assert.ok(existsSync(join(project.dist, 'database/index.html.gz')), 'text is compressed for serving');
});

test('the sidebar names situations and holds every page', async () => {
  await using project = await makeProject({
    [PAGE]: SWAP,
    'runbooks/drill/index.mdx': SWAP.replace('Swap a database', 'Drill a backup'),
    'docs/guides/first.md': '---\ntitle: First\ndescription: For a test.\n---\n\nText.\n',
  });
  await project.build();
  const html = await htmlOf(project.dist, 'guides/first');
  const sidebar = html.slice(html.indexOf('sidebar-content'), html.indexOf('</sl-sidebar-pane>'));
  const words = sidebar.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');
  assert.match(
    words,
    /The data is wrong or gone .*Swap a database .*Before it happens .*Drill a backup .*Guides .*First/,
  );
});

test('a page whose transcript is of an earlier text is not rehearsed, and a failed rehearsal is shown', async () => {
  const failed = transcriptOf(SWAP, PAGE, {
    results: [
      { scenario: 'busy', lane: 'reader', lab: 'local', verdict: 'failed', ended: 'stopped at swap', seconds: 3 },
    ],
  });
  await using project = await makeProject({
    [PAGE]: SWAP,
    'runbooks/swap/transcript.json': transcriptOf(SWAP.replace('--quiet ', ''), PAGE),
    'runbooks/other/index.mdx': SWAP,
    'runbooks/other/transcript.json': failed.replace('"swap"', '"other"'),
    'runbooks/third/index.mdx': SWAP,
    'runbooks/third/transcript.json': '{ "schema": 2 }',
  });
  await project.build();
  const changed = await htmlOf(project.dist, 'runbooks/swap');
  assert.match(changed, /Not rehearsed/);
  assert.match(changed, /It was changed after its last rehearsal on 20 November 2026/);
  const other = await htmlOf(project.dist, 'runbooks/other');
  assert.match(other, /Failed on 20 November 2026/);
  assert.match(other, /first in “busy”, by hand: stopped at swap/);
  assert.match(other, /Failed in the situation “busy” on 20 November 2026/);
  assert.match(await htmlOf(project.dist, 'runbooks/third'), /Its transcript cannot be read: schema/);
});

test('every fault of every page is told at once, by file, line and column', async () => {
  const failure = await failureOf({
    [PAGE]: SWAP,
    'runbooks/other/index.mdx': SWAP.replace('step=download', 'setp=download'),
    'docs/guides/x.md': '---\ntitle: X\ndescription: For a test.\n---\n\n```sql\nDROP TABLE x\n```\n',
    'scripts/swap.ts': '',
    'docs/DATABASE.md': DATABASE.replace('-v ON_ERROR_STOP=1 ', ''),
  });
  assert.equal(failure.code, 'page-wrong');
  const line = SWAP.split('\n').findIndex((text) => text.includes('step=download')) + 1;
  assert.match(failure.message, new RegExp(`^runbooks/other/index\\.mdx:${line}:9 .*setp.*\\(label-unknown\\)$`, 'm'));
  assert.match(failure.message, /^docs\/guides\/x\.md:6:1 .*\(block-unlabelled\)$/m, 'a command that nobody executes');
  assert.match(failure.message, /^docs\/DATABASE\.md:8:9 .*swap\/swap.*\(quotes-differ\)$/m, 'a quote of other bytes');
});

test('a link to a file that does not exist is a fault', async () => {
  const failure = await failureOf({
    'docs/guides/x.md': '---\ntitle: X\ndescription: For a test.\n---\n\nSee [this](./y.md).\n',
  });
  assert.match(failure.message, /^docs\/guides\/x\.md:6:5 .*docs\/guides\/y\.md.*\(link-broken\)$/m);
});

test('what Astro itself cannot do is told in its own words', async () => {
  const failure = await failureOf({
    'docs/guides/x.mdx': '---\ntitle: X\ndescription: For a test.\n---\n\n<Unknown />\n',
  });
  assert.equal(failure.code, 'site-build-failed');
  assert.match(failure.message, /Unknown/);
});

test('an aborted build ends at once and says so', async () => {
  await using project = await makeProject({});
  const controller = new AbortController();
  const building = buildSite({ outDir: project.dist, report: silent, root: project.root, signal: controller.signal });
  const reason = new Error('stopped by the test');
  controller.abort(reason);
  await assert.rejects(building, reason);
});
