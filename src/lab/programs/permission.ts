/**
 * Whether packages of the system may be installed: DRILLBOOK_INSTALL is `auto` (asks on a terminal; elsewhere yes),
 * `yes` or `never`. Only root can; nobody else is asked.
 */
import { confirm, isCancel } from '@clack/prompts';
import { Failure } from '../../failure.ts';
import { inPath } from '../../process/find.ts';
import type { ProvideOptions } from './provide.ts';

/** @throws Failure settings-invalid when DRILLBOOK_INSTALL is none of the three */
export async function mayInstall(packages: string[], options: ProvideOptions): Promise<boolean> {
  const env = options.env ?? process.env;
  const wish = env.DRILLBOOK_INSTALL || 'auto';
  if (!['auto', 'yes', 'never'].includes(wish))
    throw new Failure('settings-invalid', { faults: `DRILLBOOK_INSTALL must be auto, yes or never, not "${wish}"` });
  if (wish === 'never' || process.getuid?.() !== 0 || inPath('apt-get', env).length === 0) return false;
  if (wish === 'yes' || !process.stdin.isTTY || !process.stderr.isTTY) return true;
  const answer = await confirm({
    message: `Install ${packages.join(' ')} with apt-get?`,
    output: process.stderr,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  options.signal?.throwIfAborted();
  return !isCancel(answer) && answer;
}
