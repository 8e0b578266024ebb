import assert from 'node:assert/strict';
import { mkdtemp, mkdtempDisposable, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import axe from 'axe-core';
import { silent } from '../../src/progress.ts';
import { buildSite } from '../../src/site/build.ts';
import { serveSite } from '../../src/site/serve.ts';
import { type Visitor, visit } from './browser.ts';
import { followLinks } from './links.ts';

const stack = new AsyncDisposableStack();
let site: Visitor;
let pages = 0;
before(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'drillbook-dist-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  pages = (await buildSite({ outDir: folder, report: silent })).pages;
  site = stack.use(await visit(folder));
});
after(() => stack.disposeAsync());

test('the pages of this repository build', () => {
  assert.ok(pages >= 10, `${pages} pages`);
});

test('every internal link leads to a page and a heading that exist, and every page is linked', async () => {
  const { broken, reached } = await followLinks(site.origin);
  assert.deepEqual(broken, []);
  const addresses = new Set(
    reached.filter((url) => /\/$/.test(url.replace(/[?#].*$/, ''))).map((url) => url.replace(/[?#].*$/, '')),
  );
  assert.ok(addresses.size >= pages - 1, `all but the page for what is missing: ${[...addresses].join(' ')}`);
});

test('the disaster recovery checklist stands where data is brought back, and nowhere else', async () => {
  for (const [path, items] of Object.entries({
    '/runbooks/restore-and-swap/': 11,
    '/runbooks/restore-in-place/': 11,
    '/runbooks/backup-service-down/': 0,
    '/run-under-compose/': 0,
  })) {
    const page = await site.open(path);
    assert.equal(await page.locator('.db-checklist input').count(), items, path);
  }
});

test('the check of links finds a page and a heading that do not exist', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'drillbook-links-'));
  await writeFile(
    join(folder.path, 'index.html'),
    '<!doctype html><title>x</title><h1 id="here">x</h1><a href="#here">a</a> <a href="/#nowhere">b</a> <a href="/missing/">c</a>',
  );
  await using served = await serveSite({ folder: folder.path, port: 0 });
  const { broken } = await followLinks(served.url.replace(/\/$/, ''));
  assert.equal(broken.length, 2, broken.join('\n'));
});

type Axe = {
  run(context?: unknown, options?: unknown): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
};

for (const path of ['/', '/database/', '/runbooks/restore-and-swap/'])
  for (const colorScheme of ['light', 'dark'] as const)
    for (const width of [1440, 375])
      test(`${path} has no violation of accessibility rules, ${colorScheme}, ${width} pixels wide`, async () => {
        const page = await site.open(path, { colorScheme, viewport: { width, height: 900 } });
        await page.evaluate(axe.source);
        // Everything that is folded is read, too.
        await page.evaluate(() => {
          for (const fold of document.querySelectorAll('main details')) fold.setAttribute('open', '');
        });
        const { violations } = await page.evaluate(() => {
          // axe-core's script, evaluated above, makes it a global.
          const { axe } = window as unknown as { axe: Axe };
          return axe.run(document, { resultTypes: ['violations'] });
        });
        assert.deepEqual(
          violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`),
          [],
        );
        await page.context().close();
      });

test('a runbook that came with a link, filled in or refused, has no violation either', async () => {
  for (const query of ['?BACKUP=a.sql.gz', '?DATABASE=postgres']) {
    const page = await site.open(`/runbooks/restore-and-swap/${query}`, { colorScheme: 'light' });
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate(() => {
      const { axe } = window as unknown as { axe: Axe };
      return axe.run(document, { resultTypes: ['violations'] });
    });
    assert.deepEqual(
      violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`),
      [],
    );
  }
});

test('the search finds a page by an error message, without leaving the site', async () => {
  const page = await site.open('/');
  await page.keyboard.press('Control+k');
  await page.locator('#starlight__search input').fill('database already exists');
  await page.locator('.pagefind-ui__result-link').first().waitFor();
  const titles = await page.locator('.pagefind-ui__result-link').allInnerTexts();
  assert.ok(
    titles.some((title) => /Restore into a new database/.test(title)),
    titles.join(', '),
  );
});

test('code that is wider than the page can be scrolled with the keys', async () => {
  const page = await site.open('/runbooks/restore-and-swap/', { viewport: { width: 375, height: 900 } });
  const stuck = await page
    .locator('.expressive-code pre')
    .evaluateAll((all) => all.filter((pre) => pre.scrollWidth > pre.clientWidth && pre.tabIndex !== 0).length);
  assert.equal(stuck, 0);
});

test('no page asks anything of another origin, and no script fails', () => {
  assert.deepEqual(site.complaints, []);
});
