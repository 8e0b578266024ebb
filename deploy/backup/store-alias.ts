import type { Settings } from '../../src/settings.ts';

/** What `mc alias set store …` would write, without credentials on a command line. */
export function storeAlias(store: Settings['store']): string {
  const alias = {
    url: store.endpoint.origin,
    accessKey: store.accessKey,
    secretKey: store.secretKey,
    api: 'S3v4',
    path: 'auto',
  };
  return `${JSON.stringify({ version: '10', aliases: { store: alias } }, null, 2)}\n`;
}
