/** The sidebar: by situation first, then what explains. Every new page appears in it by where it lies. */

import { getCollection } from 'astro:content';
import { defineRouteMiddleware, type StarlightRouteData } from '@astrojs/starlight/route-data';
import { SITUATIONS, situationOf } from './situations.ts';

type Entry = StarlightRouteData['entry'];
type Group = { label: string; holds: (entry: Entry) => boolean };

const GROUPS: Group[] = [
  ...SITUATIONS.map(({ label }) => ({
    label,
    holds: ({ id }: Entry) => id.startsWith('runbooks/') && situationOf(id.slice('runbooks/'.length)) === label,
  })),
  { label: 'Guides', holds: ({ id }) => id.startsWith('guides/') || (!id.includes('/') && id !== 'index') },
  { label: 'Reference', holds: ({ id }) => id.startsWith('reference/') },
  { label: 'Decisions', holds: ({ id }) => id.startsWith('decisions/') },
];

export const onRequest = defineRouteMiddleware(async ({ locals: { starlightRoute: route } }) => {
  const all: Entry[] = await getCollection('docs');
  const entries = all.filter(({ data }) => !data.draft && !data.sidebar.hidden);
  route.sidebar = GROUPS.map(({ label, holds }) => ({
    type: 'group' as const,
    label,
    collapsed: false,
    badge: undefined,
    entries: entries
      .filter((entry) => holds(entry))
      .sort(byOrder)
      .map((entry) => ({
        type: 'link' as const,
        label: entry.data.sidebar.label ?? entry.data.title,
        href: `/${entry.id}/`,
        isCurrent: entry.id === route.entry.id,
        badge: undefined,
        attrs: {},
      })),
  })).filter(({ entries }) => entries.length > 0);
});

function byOrder(a: Entry, b: Entry): number {
  return (
    (a.data.sidebar.order ?? 1000) - (b.data.sidebar.order ?? 1000) ||
    a.data.title.localeCompare(b.data.title, 'en', { numeric: true })
  );
}
