/** Astro looks for its collections here; what they are is the site's business. */
import { defineCollection } from 'astro:content';
import { pages } from './site/collection.ts';

export const collections = { docs: defineCollection(pages) };
