/**
 * Where the site's pages come from: `docs/` and `runbooks/`, rendered from where they lie. The address of a page follows
 * from its path and nothing else.
 */
import { docsSchema } from '@astrojs/starlight/schema';
import { glob } from 'astro/loaders';
import { z } from 'astro/zod';
import { PATTERNS } from './check.ts';
import { slugOf } from './slug.ts';

/** The collection that Starlight renders; `deferRender` lets a fault of a page fail the build (measured). */
export const pages = {
  loader: glob({
    base: '.',
    deferRender: true,
    pattern: PATTERNS,
    generateId: ({ entry }) => slugOf(entry),
  }),
  schema: docsSchema({
    extend: z.object({
      /** Checked by `parsePage`, with positions; the site reads it from there. */
      runbook: z.unknown().optional(),
    }),
  }),
};
