/** Names that no store takes: told before anything is asked, for the answer to a HEAD request cannot say why it is no. */
import { Failure } from '../failure.ts';

/** The longest name of an object in bytes, its prefix included. */
const LONGEST = 1_024;

/**
 * @param prefix of the settings
 * @throws Failure object-name-invalid
 */
export function checkName(prefix: string, name: string): void {
  const whole = prefix + name;
  const bytes = Buffer.byteLength(whole);
  if (bytes > LONGEST) throw invalidName(name, `with MINIO_PREFIX it has ${bytes} bytes, ${LONGEST} are the most`);
  if (whole.split('/').some((part) => part === '.' || part === '..'))
    throw invalidName(name, 'no part of it may be "." or ".."');
  if (!whole.isWellFormed()) throw invalidName(name, 'it is no valid text');
}

/** @param reason without its full stop */
export function invalidName(name: string, reason: string, cause?: unknown): Failure {
  const shown = name.length > 80 ? `${name.slice(0, 80)}…` : name;
  return new Failure('object-name-invalid', { name: shown, reason }, cause === undefined ? {} : { cause });
}
