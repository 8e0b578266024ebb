/**
 * minio-js and Node's HTTP, loaded as CommonJS: an `import` of node:http as an ES module reads every export, and so loads the whole of
 * `fetch`, which nothing here uses (10 MB of memory).
 */
import { createRequire } from 'node:module';

// `require` returns what these types describe.
const minio = createRequire(import.meta.url)('minio') as typeof import('minio');

export type Client = InstanceType<typeof minio.Client>;
export const { Client, S3Error, InvalidObjectNameError, InvalidPrefixError } = minio;
export const http = process.getBuiltinModule('node:http');
export const https = process.getBuiltinModule('node:https');
