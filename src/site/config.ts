/** The site's Astro configuration, for this project and for the small ones of the tests. */
import { fileURLToPath } from 'node:url';
import { unified } from '@astrojs/markdown-remark';
import starlight from '@astrojs/starlight';
import type { AstroUserConfig } from 'astro';
import { faultsOfAll } from './check.ts';
import { rehypeLabels } from './markdown/labels.ts';
import { remarkDrillbook } from './markdown/plugin.ts';
import { drillbook } from './plugin.ts';
import { copyRecordings } from './recordings.ts';

/** What astro.config.mjs of a project with `docs/` and `runbooks/` exports. */
export function siteConfig(changes: AstroUserConfig = {}): AstroUserConfig {
  return {
    devToolbar: { enabled: false },
    // Starlight adds its own plugins behind ours, so a note of a runbook is ours before it would become an aside.
    markdown: { processor: unified({ remarkPlugins: [remarkDrillbook], rehypePlugins: [rehypeLabels] }) },
    ...changes,
    integrations: [
      {
        name: 'drillbook-pages',
        hooks: {
          'astro:build:start'() {
            const faults = faultsOfAll(process.cwd());
            if (faults.length > 0) throw new Error(`\n${faults.join('\n')}\n`);
          },
          'astro:build:done': ({ dir }) => copyRecordings(process.cwd(), fileURLToPath(dir)),
        },
      },
      starlight({
        title: 'Drillbook',
        plugins: [drillbook()],
        markdown: { processedDirs: ['./docs', './runbooks'] },
        pagination: false,
      }),
    ],
  };
}
