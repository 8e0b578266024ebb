/** Takes the picture of README.md from the real site: `node test/site/picture.ts [docs/images/site.png]`. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silent } from '../../src/progress.ts';
import { buildSite } from '../../src/site/build.ts';
import { visit } from './browser.ts';

const [file = 'docs/images/site.png'] = process.argv.slice(2);
await using stack = new AsyncDisposableStack();
const folder = await mkdtemp(join(tmpdir(), 'drillbook-picture-'));
stack.defer(() => rm(folder, { recursive: true, force: true }));
await buildSite({ outDir: folder, report: silent });
const site = stack.use(await visit(folder));
const page = await site.open('/runbooks/restore-and-swap/', {
  colorScheme: 'light',
  viewport: { width: 1440, height: 1000 },
});
await page.locator('input[name=BACKUP]').fill('freshtrack_2026-11-20_02-00-00.sql.gz');
await page.locator('h1').click();
await page.screenshot({ path: file });
process.stdout.write(`${file}\n`);
