/** Follows every link within a site, fragments included. */
import { LinkChecker, LinkState } from 'linkinator';

/** @param origin of a served site, without a slash at its end */
export async function followLinks(origin: string): Promise<{ broken: string[]; reached: string[] }> {
  const { links } = await new LinkChecker().check({
    path: `${origin}/`,
    recurse: true,
    checkFragments: true,
    linksToSkip: async (link) => !link.startsWith(origin),
  });
  return {
    broken: links.filter(({ state }) => state === LinkState.BROKEN).map(({ url, parent }) => `${url} on ${parent}`),
    reached: links.filter(({ state }) => state === LinkState.OK).map(({ url }) => url.slice(origin.length)),
  };
}
