/**
 * Loaded with --import into the process that is measured: leaves its peak memory, in KiB, in the file that is named. JavaScript, for
 * TypeScript's compiler would be measured too.
 */
import { writeFileSync } from 'node:fs';

const file = process.env.DRILLBOOK_BENCH_RSS;
if (file !== undefined) process.on('exit', () => writeFileSync(file, String(process.resourceUsage().maxRSS)));
