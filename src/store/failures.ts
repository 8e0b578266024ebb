/** What the store or the network answered, as a Failure a person can act on. */
import { InvalidObjectNameError, InvalidPrefixError, S3Error } from 'minio';
import { Failure } from '../failure.ts';
import type { Settings } from '../settings.ts';
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
const PASSING = new Set([
  'InternalError',
  'RequestTimeout',
  'SlowDown',
  'ServiceUnavailable',
  'XMinioServerNotInitialized',
]);
const NAME = new Set(['XMinioInvalidObjectName', 'XMinioInvalidResourceName', 'KeyTooLongError']);
const NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
]);

/** May the same request succeed a moment later? */
export function passing(cause: unknown): boolean {
  if (cause instanceof Failure) return false;
  if (cause instanceof S3Error) return PASSING.has(codeOf(cause));
  return (
    NETWORK.has(codeOf(cause)) || /Retryable HTTP status|socket hang up|no answer for|aborted/.test(reasonOf(cause))
  );
}

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
  return new Failure('store-unreachable', { endpoint, reason: reason || code }, { cause });
}

/** Does the error say that there is no such object? Answers to HEAD have no body and say `NotFound`. */
export function missing(cause: unknown): boolean {
  return ['NoSuchKey', 'NotFound'].includes(codeOf(cause));
}

export function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : '';
}

function reasonOf(cause: unknown): string {
  // Node tries every address of a name and collects what each answered.
  const error = cause instanceof AggregateError ? cause.errors[0] : cause;
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
}
