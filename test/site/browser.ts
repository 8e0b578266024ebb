/** A real Chromium for tests, found in PATH, and the site it looks at. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { serveSite } from '../../src/site/serve.ts';

const FLAGS =
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync';

export function findChromium(): string {
  for (const name of ['chromium', 'chromium-browser', 'google-chrome'])
    for (const folder of (process.env.PATH ?? '').split(delimiter)) {
      try {
        accessSync(join(folder, name), constants.X_OK);
        return join(folder, name);
      } catch {
        // not here
      }
    }
  throw new Error('no chromium in PATH: apt-get install chromium');
}

export type Visitor = AsyncDisposable & {
  origin: string;
  /** Opens a page in a context of its own, with nothing stored. */
  open(path: string, options?: BrowserContextOptions & { now?: string }): Promise<Page>;
  /** Addresses outside the site that any page asked for, and errors of its scripts. */
  complaints: string[];
};

/** Serves a built site and opens its pages. */
export async function visit(folder: string): Promise<Visitor> {
  await using stack = new AsyncDisposableStack();
  const site = stack.use(await serveSite({ folder, port: 0 }));
  const browser: Browser = await chromium.launch({ executablePath: findChromium(), args: FLAGS.split(' ') });
  stack.defer(() => browser.close());
  const origin = site.url.replace(/\/$/, '');
  const complaints: string[] = [];
  const kept = stack.move();
  return {
    origin,
    complaints,
    async open(path, { now, ...options } = {}) {
      const context = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'], ...options });
      const page = await context.newPage();
      page.on('request', (request) => {
        const { protocol, origin: asked } = new URL(request.url());
        if (protocol.startsWith('http') && asked !== origin) complaints.push(`request to ${request.url()}`);
      });
      page.on('pageerror', (error) => complaints.push(`${path}: ${error.message}`));
      if (now !== undefined) {
        // Time stands still until a test moves it; it cannot be stopped in what is already past.
        await page.clock.install({ time: new Date(Date.parse(now) - 60_000) });
        await page.clock.pauseAt(new Date(now));
      }
      await page.goto(`${origin}${path}`, { waitUntil: 'load' });
      return page;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
