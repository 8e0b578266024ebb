/** What the store or the network answered, as a Failure a person can act on. */
import { Failure } from '../failure.ts';
import type { Settings } from '../settings.ts';
import { InvalidObjectNameError, InvalidPrefixError, S3Error } from './minio.ts';
import { invalidName } from './names.ts';

const AUTH = new Set([
  'AccessDenied',
  'AuthorizationHeaderMalformed',
  'ExpiredToken',
  'InvalidAccessKeyId',
  'InvalidToken',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
]);
const NAME = new Set(['XMinioInvalidObjectName', 'XMinioInvalidResourceName', 'KeyTooLongError']);
/** The connection stands, but who answers is not trusted. */
const UNTRUSTED = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);
/** We speak TLS, the other side does not. */
const NO_TLS = /wrong version number|packet length too long|ERR_SSL/;

/** The Failure for an error of minio-js; an error of our own is returned as it is. */
export function storeFailure(cause: unknown, settings: Settings['store'], object?: string): unknown {
  if (cause instanceof Failure || cause instanceof TypeError) return cause;
  const endpoint = settings.endpoint.origin;
  const code = codeOf(cause);
  const reason = reasonOf(cause);
  if (AUTH.has(code)) return new Failure('store-auth', { endpoint, reason: reason || code }, { cause });
  if (NAME.has(code) || cause instanceof InvalidObjectNameError || cause instanceof InvalidPrefixError)
    return invalidName(object ?? settings.prefix, reason.replaceAll('"', '') || code, cause);
  if (code === 'NoSuchBucket') return new Failure('bucket-missing', { endpoint, bucket: settings.bucket }, { cause });
  if (missing(cause) && object !== undefined)
    return new Failure('object-missing', { name: object, bucket: settings.bucket }, { cause });
  if (code === 'XMinioStorageFull' || code === 'QuotaExceeded' || code === 'XMinioAdminBucketQuotaExceeded')
    return new Failure('store-full', { endpoint, reason }, { cause });
  if (UNTRUSTED.has(code)) return new Failure('store-untrusted', { endpoint, reason: reason || code }, { cause });
  if (NO_TLS.test(`${code} ${reason}`))
    return new Failure('store-unreachable', { endpoint, reason: 'it does not speak TLS (https)' }, { cause });
  // An answer that is no XML: another service, or a store that wants TLS and says so in plain words.
  if (cause instanceof S3Error && code === '' && reason === '')
    return new Failure('store-unreachable', { endpoint, reason: noStore(settings) }, { cause });
  const [, status] = /Retryable HTTP status: (\d+)/.exec(reason) ?? [];
  const said = status === undefined ? reason || code : `it answers ${status}, also after some time`;
  return new Failure('store-unreachable', { endpoint, reason: said }, { cause });
}

/** Does the error say that there is no such object? Answers to HEAD have no body and say `NotFound`. */
export function missing(cause: unknown): boolean {
  return ['NoSuchKey', 'NotFound'].includes(codeOf(cause));
}

export function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : '';
}

function noStore({ endpoint }: Settings['store']): string {
  const other = endpoint.protocol === 'https:' ? '' : ', or one that speaks TLS only (https)';
  return `what answers there is no object store${other}`;
}

export function reasonOf(cause: unknown): string {
  // Node tries every address of a name and collects what each answered.
  const error = cause instanceof AggregateError ? cause.errors[0] : cause;
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
}
