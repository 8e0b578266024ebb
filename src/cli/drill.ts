/** `drillbook drill [backup]`: the restore test. */
import { drill as drillBackup } from '../restore/drill.ts';
import { exitOf, verdictText } from '../restore/text.ts';
import { readSettings } from '../settings.ts';
import { command } from './command.ts';

export const drill = command({
  name: 'drill',
  summary: 'Restore a backup into a throwaway database and prove it equal to its manifest.',
  examples: [
    ['drillbook drill', 'the newest backup'],
    ['drillbook drill freshtrack_2026-11-22_02-00-00.sql.gz', 'a named one'],
    ['drillbook drill --require-manifest', 'exit 1 where the content cannot be proven'],
    ['drillbook drill --server=own', 'in a PostgreSQL of its own: production’s server is not asked at all'],
    ['drillbook drill --server=own:18', 'would it restore on PostgreSQL 18?'],
    ['drillbook drill --json', 'the whole verdict, with every difference'],
  ],
  args: {
    backup: { type: 'positional', required: false, description: 'The backup; the newest without it.' },
    'require-manifest': { type: 'boolean', description: 'A backup without a manifest counts as disproved.' },
    server: {
      type: 'string',
      description: 'Where it runs: given (the server of the settings), own, own:<major>, own:<folder of programs>.',
      valueHint: 'where',
    },
    json: { type: 'boolean', description: 'Print the verdict as JSON.' },
  },
  async run({ args, report, print, signal }) {
    const verdict = await drillBackup(readSettings(), { backup: args.backup, server: args.server, report, signal });
    print(args.json ? `${JSON.stringify(verdict, null, 2)}\n` : verdictText(verdict));
    return exitOf(verdict, { requireManifest: args['require-manifest'] });
  },
});
