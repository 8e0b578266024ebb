/** The Starlight plugin: only hooks, each leading to the file that does the work. */
import { fileURLToPath } from 'node:url';
import type { StarlightPlugin } from '@astrojs/starlight/types';
import { runbookBlocks } from './code/blocks.ts';

const OVERRIDDEN = ['PageTitle', 'MarkdownContent', 'PageSidebar', 'TwoColumnContent', 'Search'] as const;
const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export function drillbook(): StarlightPlugin {
  return {
    name: 'drillbook',
    hooks: {
      'i18n:setup'({ injectTranslations }) {
        injectTranslations({ en: { 'search.label': 'Search an error, an alert, a command' } });
      },
      'config:setup'({ config, updateConfig, addRouteMiddleware }) {
        updateConfig({
          components: {
            ...config.components,
            ...Object.fromEntries(OVERRIDDEN.map((name) => [name, at(`./components/${name}.astro`)])),
          },
          customCss: [
            ...(config.customCss ?? []),
            at('./style/theme.css'),
            at('./style/runbook.css'),
            at('./style/code.css'),
          ],
          expressiveCode: {
            themes: ['github-dark'],
            frames: false,
            tabWidth: 0,
            plugins: [runbookBlocks()],
            styleOverrides: { borderWidth: '0px', codeBackground: '#101514', codeForeground: '#e7efeb' },
          },
        });
        addRouteMiddleware({ entrypoint: at('./route.ts') });
      },
    },
  };
}
