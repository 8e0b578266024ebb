/** The object store: any S3 endpoint, one bucket, names below one prefix. Names here are without the prefix. */
import type { Settings } from '../settings.ts';
import { openClient } from './client.ts';
import { type Downloaded, type DownloadOptions, download } from './download.ts';
import { list, type StoredObject, stat } from './list.ts';
import { type Removed, remove, removeEach } from './remove.ts';
import { claim, getHead, getTagged, getText, putText, replace, type Tagged } from './text.ts';
import { abortUpload, startUpload, type Upload, type UploadOptions } from './upload.ts';
import { keepsVersions } from './versions.ts';

export type { Downloaded, DownloadOptions, Removed, StoredObject, Tagged, Upload, UploadOptions };

export type Store = {
  /** For messages: endpoint, bucket and prefix, without credentials. */
  readonly address: string;
  /**
   * Objects whose name starts with `prefix`, in the order of their names; one page of 1,000 is held in memory.
   * @param options.after only names that sort after this one
   * @throws Failure store-unreachable, store-auth, bucket-missing (as all of these do)
   */
  list(prefix?: string, options?: { after?: string; signal?: AbortSignal | undefined }): AsyncIterable<StoredObject>;
  /** Undefined when there is no such object. */
  stat(name: string): Promise<StoredObject | undefined>;
  /**
   * @param options.limit the greatest size that is read, in bytes; 64 MiB without it
   * @throws Failure object-missing, object-too-large
   */
  getText(name: string, options?: { limit?: number; signal?: AbortSignal | undefined }): Promise<string>;
  /**
   * The first bytes of an object, at most `limit`, and the size of the whole.
   * @throws Failure object-missing
   */
  getHead(
    name: string,
    limit: number,
    options?: { signal?: AbortSignal | undefined },
  ): Promise<{ head: Buffer; size: number }>;
  putText(name: string, text: string, options?: { signal?: AbortSignal | undefined }): Promise<void>;
  /** As `putText`, but only where no object has that name: false when one has. */
  claim(name: string, text: string, options?: { signal?: AbortSignal | undefined }): Promise<boolean>;
  /** A small object and the tag of just this content; undefined when there is no such object. */
  getTagged(name: string, options?: { signal?: AbortSignal | undefined }): Promise<Tagged | undefined>;
  /** As `putText`, but only where the object still is the one with that tag: false when it is not. */
  replace(name: string, text: string, tag: string, options?: { signal?: AbortSignal | undefined }): Promise<boolean>;
  /**
   * Brings an object into a new file, several ranges at once, and computes its SHA-256; a connection that drops is taken up
   * where it ended. The file is removed when it fails.
   * @throws Failure object-missing, object-changed, no-space
   */
  download(name: string, file: string, options?: DownloadOptions): Promise<Downloaded>;
  /** Nothing is visible under the name before `complete()`. */
  upload(name: string, options?: UploadOptions): Promise<Upload>;
  /** Removes the parts of an upload that another process began. */
  abortUpload(name: string, id: string): Promise<void>;
  /** Removes objects; one that is not there is no error. */
  remove(names: readonly string[], options?: { signal?: AbortSignal | undefined }): Promise<void>;
  /** As `remove`, but what the store refuses does not keep the rest, and is told. */
  removeEach(names: readonly string[], options?: { signal?: AbortSignal | undefined }): Promise<Removed>;
  /** Does the bucket keep what is removed? Undefined when that cannot be known. */
  keepsVersions(options?: { signal?: AbortSignal | undefined }): Promise<boolean | undefined>;
};

/** Opens a store. Nothing is asked of the server yet, and there is nothing to close. */
export function openStore(settings: Settings['store']): Store {
  const bucket = (signal?: AbortSignal) => openClient(settings, signal);
  return {
    address: `${settings.endpoint.origin}/${settings.bucket}/${settings.prefix}`,
    list: (prefix = '', options) => list(bucket(options?.signal), prefix, options?.after),
    stat: (name) => stat(bucket(), name),
    getText: (name, options) => getText(bucket(options?.signal), name, options?.limit),
    getHead: (name, limit, options) => getHead(bucket(options?.signal), name, limit),
    putText: (name, text, options) => putText(bucket(options?.signal), name, text),
    claim: (name, text, options) => claim(bucket(options?.signal), name, text),
    getTagged: (name, options) => getTagged(bucket(options?.signal), name),
    replace: (name, text, tag, options) => replace(bucket(options?.signal), name, text, tag),
    download: (name, file, options = {}) => download(bucket(options.signal), name, file, options),
    upload: (name, options = {}) => startUpload(settings, name, options),
    abortUpload: (name, id) => abortUpload(bucket(), name, id),
    remove: (names, options) => remove(bucket(options?.signal), names),
    removeEach: (names, options) => removeEach(bucket(options?.signal), names),
    keepsVersions: (options) => keepsVersions(bucket(options?.signal)),
  };
}
