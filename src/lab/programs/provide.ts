/** What every `provide…` function is given. */

import type { Env } from '../../process/find.ts';
import type { Report } from '../../progress.ts';

export type ProvideOptions = {
  report: Report;
  signal?: AbortSignal | undefined;
  /** PATH, HOME, XDG_CACHE_HOME, DRILLBOOK_INSTALL; without it, our own. */
  env?: Env;
};
