/** Addresses of pages: `docs/DATABASE.md` → `database`, `runbooks/drill/index.mdx` → `runbooks/drill`. */

/** The slug of a page by its path from the project's folder; the start page is `index`. */
export function slugOf(path: string): string {
  const name = path
    .replace(/\.mdx?$/, '')
    .replace(/^docs\//, '')
    .toLowerCase();
  return name === 'index' ? name : name.replace(/\/(index|readme)$/, '');
}

/** The address of a page within the site, e.g. `/runbooks/drill/`. */
export function addressOf(path: string): string {
  const slug = slugOf(path);
  return slug === 'index' ? '/' : `/${slug}/`;
}
