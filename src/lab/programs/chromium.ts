/** A Chromium for the browser tests. */
import { Failure } from '../../failure.ts';
import { inPath } from '../../process/find.ts';
import { aptInstall } from './apt.ts';
import { mayInstall } from './permission.ts';
import type { ProvideOptions } from './provide.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** @returns the program's path
 * @throws Failure program-missing with every way to provide it */
export async function provideChromium(options: ProvideOptions): Promise<string> {
  const env = options.env ?? process.env;
  const found = NAMES.flatMap((name) => inPath(name, env))[0];
  if (found !== undefined) return found;
  if (await mayInstall(['chromium'], options)) {
    await aptInstall(['chromium'], options);
    const installed = inPath('chromium', env)[0];
    if (installed !== undefined) return installed;
  }
  throw new Failure('program-missing', {
    program: 'Chromium',
    ways: `Install it so that PATH has one of ${NAMES.join(', ')}; as root on Debian, DRILLBOOK_INSTALL=yes does it.`,
  });
}
