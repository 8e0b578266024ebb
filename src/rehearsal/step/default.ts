/** Performs a step of a page that has no script beside it: `zx default.ts <id>`, the page named by the harness. */
import { dirname } from 'node:path';
import { archiveIsReadable, serverIsReachable } from './checks.ts';
import type { Check } from './definition.ts';
import { PAGE } from './handed-back.ts';
import { runStep } from './run.ts';

/** Once the backup has been downloaded, no step goes on with one that cannot be read. */
const downloadedArchiveIsReadable: Check = {
  title: 'the archive, once downloaded, can be read to its end',
  async reason(context) {
    const { BACKUP } = context.parameters;
    const downloaded = BACKUP !== undefined && (await context.place.size(BACKUP)) !== undefined;
    return downloaded ? await archiveIsReadable.reason(context) : undefined;
  },
};

const [id = '', ...args] = process.argv.slice(process.argv.findIndex((one) => one.endsWith('default.ts')) + 1);
const definition = { before: [serverIsReachable, downloadedArchiveIsReadable] };
process.exitCode = await runStep({ folder: dirname(process.env[PAGE] ?? '.'), id, definition, args });
