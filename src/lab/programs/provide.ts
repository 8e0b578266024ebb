/** What every `provide…` function is given. */
import type { Report } from '../../progress.ts';
import type { Env } from './find.ts';

export type ProvideOptions = {
  report: Report;
  signal?: AbortSignal | undefined;
  /** PATH, HOME, XDG_CACHE_HOME, DRILLBOOK_INSTALL; without it, our own. */
  env?: Env;
};
