import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { fill } from '../../src/runbook/fill.ts';
import { fillParametersBlock } from '../../src/runbook/parameters-block.ts';
import { parsePage } from '../../src/runbook/parse.ts';
import { type Visitor, visit } from './browser.ts';
import { SWAP } from './pages.ts';
import { makeProject, transcriptOf } from './project.ts';

const PATH = 'runbooks/swap/index.mdx';
const BACKUP = 'freshtrack_2026-11-20_02-00-00.sql.gz';
const VALUES = { BACKUP, DATABASE: 'orders' };
const PAGE = parsePage(SWAP, PATH);

const stack = new AsyncDisposableStack();
let site: Visitor;
before(async () => {
  const transcript = transcriptOf(SWAP, PATH, {
    steps: PAGE.steps.map(({ id }) => ({
      id,
      seconds: id === 'swap' ? 0.4 : 12,
      destroys: id === 'swap' ? ['database ${DATABASE}, kept as ${DATABASE}_old'] : [],
      output: '',
    })),
  });
  const project = stack.use(await makeProject({ [PATH]: SWAP, 'runbooks/swap/transcript.json': transcript }));
  await project.build();
  site = stack.use(await visit(project.dist));
});
after(() => stack.disposeAsync());

/** What the reader sees as code in each block with a copy button. */
const shown = (page: Page) =>
  page
    .locator('.db-block')
    .evaluateAll((blocks) =>
      blocks.map((block) =>
        [...block.querySelectorAll('.ec-line .code')]
          .map((line) => (line.textContent ?? '').replace(/\n$/, ''))
          .join('\n'),
      ),
    );

/** What each copy button gives, variants on hidden tabs included. */
async function copied(page: Page): Promise<string[]> {
  const texts: string[] = [];
  for (const button of await page.locator('button.db-copy').all()) {
    await page.evaluate(() => navigator.clipboard.writeText('nothing'));
    await button.dispatchEvent('click');
    await page.waitForFunction(async () => (await navigator.clipboard.readText()) !== 'nothing');
    texts.push(await page.evaluate(() => navigator.clipboard.readText()));
  }
  return texts;
}

async function fillIn(page: Page, values: Record<string, string>): Promise<void> {
  for (const [name, value] of Object.entries(values)) await page.locator(`input[name=${name}]`).fill(value);
}

test('values that are filled in once appear in every block, and are what is copied, byte for byte', async () => {
  const page = await site.open('/runbooks/swap/');
  await fillIn(page, VALUES);
  const block = PAGE.parametersBlock?.command ?? '';
  const expected = [fillParametersBlock(block, VALUES), ...PAGE.steps.map(({ command }) => fill(command, VALUES))];
  assert.deepEqual(await shown(page), expected);
  assert.deepEqual(await copied(page), expected);
  assert.ok(!expected.join('\n').includes('$DATABASE'));
});

test('they appear in outputs, in what a step destroys, in running text and in the facts', async () => {
  const page = await site.open('/runbooks/swap/');
  await fillIn(page, VALUES);
  assert.match(await page.locator('.db-see').first().innerText(), new RegExp(`${BACKUP}: OK`));
  assert.equal(
    await page.locator('.db-blast').innerText(),
    'Destroys or replaces: database orders, kept as orders_old',
  );
  assert.match(await page.locator('main').innerText(), /Production becomes\s+orders_old/);
  assert.match(
    await page.locator('.db-facts').innerText(),
    /Nothing until step 4\s+then database orders, kept as orders_old/,
  );
});

test('a backup has no default, and copying asks for it first', async () => {
  const page = await site.open('/runbooks/swap/');
  await page.evaluate(() => navigator.clipboard.writeText('untouched'));
  await page.locator('button.db-copy').nth(1).click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), 'untouched');
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('name')), 'BACKUP');
  assert.equal(await page.locator('#db-BACKUP-help').innerText(), 'Fill in backup first.');
});

test('a block without the missing value can be copied, and the button says so', async () => {
  const page = await site.open('/runbooks/swap/');
  const button = page.locator('button.db-copy').filter({ visible: true }).nth(2);
  await button.click();
  await page.waitForFunction((element) => element?.textContent === 'Copied', await button.elementHandle());
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), 'docker compose stop backend');
  assert.equal(await page.locator('[role=status].sr-only').innerText(), 'Copied');
});

test('values that a link carries are shown as not yet confirmed, and are not copied until they are', async () => {
  const page = await site.open(`/runbooks/swap/?BACKUP=${BACKUP}&DATABASE=orders`);
  assert.match(
    await page.locator('.db-unconfirmed-note').innerText(),
    /Not yet confirmed: Backup and Database came with the link/,
  );
  assert.match((await shown(page))[1] ?? '', new RegExp(BACKUP), 'they are shown');
  await page.evaluate(() => navigator.clipboard.writeText('untouched'));
  await page.locator('button.db-copy').nth(1).click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), 'untouched');
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Use these values');
  await page.keyboard.press('Enter');
  assert.equal(await page.locator('.db-unconfirmed').count(), 0);
  await page.locator('button.db-copy').nth(1).click();
  await page.waitForFunction(async () => (await navigator.clipboard.readText()) !== 'untouched');
});

for (const [name, value, words] of [
  ['DATABASE', 'postgres', /Not used: this database is PostgreSQL’s own\./],
  ['DATABASE', 'Orders; DROP', /Not used: a database is 1 to 54 of a-z/],
  ['BACKUP', '../other', /Not used: a backup is a name of letters/],
] as const)
  test(`the invalid ${name} "${value}" is refused in words and reaches no block`, async () => {
    const page = await site.open('/runbooks/swap/');
    await fillIn(page, { ...VALUES, [name]: value });
    assert.match(await page.locator(`#db-${name}-help`).innerText(), words);
    assert.equal(await page.locator(`input[name=${name}]`).getAttribute('aria-invalid'), 'true');
    assert.ok((await shown(page))[0]?.includes(`${name}="$${name}"`), 'the block shows the name instead');
    await page.evaluate(() => navigator.clipboard.writeText('untouched'));
    await page.locator('button.db-copy').nth(0).click();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), 'untouched');
  });

test('an invalid value in a link is refused, too', async () => {
  const page = await site.open('/runbooks/swap/?DATABASE=template1');
  assert.match(await page.locator('#db-DATABASE-help').innerText(), /Not used/);
  assert.ok(!(await shown(page)).join('\n').includes('template1'));
});

test('what was filled in is still there after a reload, in this tab alone', async () => {
  const page = await site.open('/runbooks/swap/');
  await fillIn(page, VALUES);
  await page.reload();
  assert.equal(await page.locator('input[name=BACKUP]').inputValue(), BACKUP);
  const other = await site.open('/runbooks/swap/');
  assert.equal(await other.locator('input[name=BACKUP]').inputValue(), '');
});

test('variants of a step are tabs, and a choice holds for the next page', async () => {
  const page = await site.open('/runbooks/swap/');
  await page.getByRole('tab', { name: 'Without Docker' }).click();
  assert.equal(await page.getByText('drillbook lab stop backend').isVisible(), true);
  assert.equal(await page.getByText('docker compose stop backend').isVisible(), false);
  await page.reload();
  assert.equal(await page.getByText('drillbook lab stop backend').isVisible(), true);
  await page.keyboard.press('Tab');
  await page.getByRole('tab', { name: 'Without Docker' }).focus();
  await page.keyboard.press('ArrowRight');
  assert.equal(await page.getByText('docker compose stop backend').isVisible(), true);
});

test('with scripts off the page reads fully: every variant, output and note, and the published bytes', async () => {
  const page = await site.open('/runbooks/swap/', { javaScriptEnabled: false });
  const text = await page.locator('main').innerText();
  for (const words of [
    'With Docker Compose',
    'Without Docker',
    'docker compose stop backend',
    'drillbook lab stop backend',
  ])
    assert.ok(text.includes(words), words);
  assert.ok(text.includes('mc --quiet cp "store/$BUCKET/$BACKUP" . &&'));
  assert.ok(text.includes('Scripts are off'));
  assert.ok(text.includes('20 November 2026'));
  assert.equal(await page.locator('form.db-params').isVisible(), false);
  assert.equal(await page.locator('button.db-copy').first().isVisible(), false);
  await page.locator('.db-note summary').click();
  assert.equal(await page.getByText('The file is damaged.').isVisible(), true);
});

for (const [now, state, words] of [
  ['2026-11-21T09:30:00Z', 'fresh', 'Fresh: yesterday'],
  ['2027-01-03T09:30:00Z', 'ageing', 'Ageing: 44 days ago. Rehearse it again soon.'],
  ['2027-06-01T09:30:00Z', 'expired', 'Expired: 193 days ago, more than 90 days. Rehearse it before you rely on it.'],
] as const)
  test(`a rehearsal of 20 November read on ${now.slice(0, 10)} is ${state}, whenever the page was built`, async () => {
    const page = await site.open('/runbooks/swap/', { now });
    assert.equal(await page.locator('db-age').getAttribute('data-state'), state);
    assert.equal(await page.locator('.db-age-words').innerText(), words);
  });

test('the facts say when, in how many situations, how long, and against which objective', async () => {
  const page = await site.open('/runbooks/swap/');
  const facts = (await page.locator('.db-facts').innerText()).replace(/\s+/g, ' ');
  assert.match(facts, /20 November 2026/);
  assert.match(facts, /3 situations, by hand and by script, PostgreSQL 15\.18/);
  assert.match(facts, /4 min 12 s of 30 min/);
  assert.match(
    await page.locator('.db-badge').first().innerText(),
    /Ran on 20 November 2026 with PostgreSQL 15\.18 in 12 s/,
  );
});

test('the clock runs against the objective, and says when it is over', async () => {
  const page = await site.open('/runbooks/swap/', { now: '2026-11-21T03:00:00Z' });
  await page.getByRole('button', { name: 'Start the clock' }).click();
  await page.clock.fastForward('06:41');
  assert.equal(await page.getByRole('timer').innerText(), '06:41');
  assert.equal(await page.locator('.db-over-words').innerText(), '');
  await page.clock.fastForward('24:00');
  assert.equal(await page.locator('.db-over-words').innerText(), 'Over the objective of 30 min');
  await page.getByRole('button', { name: 'Stop the clock' }).click();
  await page.clock.fastForward('10:00');
  assert.equal(await page.getByRole('timer').innerText(), '30:41');
});

test('the record holds values, times, steps and all eleven items, and is made in the browser', async () => {
  const page = await site.open('/runbooks/swap/', { now: '2026-11-21T03:00:00Z' });
  assert.equal(await page.locator('.db-checklist input').count(), 11);
  await fillIn(page, VALUES);
  await page.getByRole('button', { name: 'Start the clock' }).click();
  await page.clock.fastForward('05:00');
  await page.getByLabel('Identify the backup').check();
  await page.getByRole('button', { name: 'Step 2 is done' }).click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Export the record' }).click(),
  ]);
  assert.equal(download.suggestedFilename(), 'incident-2026-11-21-03-05-swap.md');
  const record = await readFile(await download.path(), 'utf8');
  assert.match(record, /^# Incident record: Swap a database$/m);
  assert.match(record, new RegExp(`^- Backup: \`${BACKUP}\`$`, 'm'));
  assert.match(record, /^- Started: 2026-11-21 03:00 UTC$/m);
  assert.match(record, /^- Time: 5 min, within the objective of 30 min$/m);
  assert.match(record, /^- \[x\] 2\. Download the backup \(2026-11-21 03:05 UTC\)$/m);
  assert.match(record, /^- \[x\] Identify the backup \(last known good state\) \(2026-11-21 03:05 UTC\)$/m);
  assert.equal(record.match(/^- \[[ x]\] /gm)?.length, 11 + 4);
});

test('at phone width nothing is wider than the screen, and the incident follows the steps', async () => {
  const page = await site.open('/runbooks/swap/', { viewport: { width: 375, height: 800 } });
  await fillIn(page, VALUES);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 375);
  const steps = await page.locator('.db-step').last().boundingBox();
  const incident = await page.locator('.db-incident').boundingBox();
  assert.ok((incident?.y ?? 0) > (steps?.y ?? 0) + (steps?.height ?? 0));
});

test('a copy button never stands over code', async () => {
  for (const width of [375, 1440]) {
    const page = await site.open('/runbooks/swap/', { viewport: { width, height: 900 } });
    for (const block of await page.locator('.db-block').filter({ visible: true }).all()) {
      const button = await block.locator('button.db-copy').boundingBox();
      const code = await block.locator('pre').boundingBox();
      assert.ok(button && code && button.y + button.height <= code.y);
    }
  }
});

test('no page asks anything of another origin, and no script fails', () => {
  assert.deepEqual(site.complaints, []);
});
