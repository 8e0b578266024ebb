#!/usr/bin/env node
/**
 * Starts the command line. What Node makes of our modules is kept in the cache folder, which halves the time of every start; this file
 * is JavaScript, so that TypeScript's compiler need not be loaded for it alone (14 MB). V8's young generation stays as small as it
 * begins, so that what streams through is given back early.
 */
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';

const { env } = process;
// In the user's own folder (as src/lab/programs/find.ts says it): who may write there decides what we execute. A folder that cannot
// be written to is no error. Coverage is less exact of what comes from a cache.
const cache = join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'drillbook', 'compiled');
if (!env.NODE_V8_COVERAGE) enableCompileCache(env.NODE_COMPILE_CACHE || cache);
setFlagsFromString('--semi-space-growth-factor=1');

// Only what is loaded from now on comes from the cache.
const { main } = await import('./main.ts');
process.exitCode = await main(process.argv.slice(2));
