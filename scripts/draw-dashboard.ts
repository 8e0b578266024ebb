/**
 * Draws Grafana's dashboard from deploy/grafana/database-overview.ts. With --check it only says whether the committed file is the one that
 * the code draws.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { databaseOverview } from '../deploy/grafana/database-overview.ts';

const FILE = new URL('../deploy/grafana/dashboards/database-overview.json', import.meta.url);

const drawn = `${JSON.stringify(databaseOverview(), null, 2)}\n`;
if (!process.argv.includes('--check')) writeFileSync(FILE, drawn);
else if (readFileSync(FILE, 'utf8') !== drawn) {
  console.error('deploy/grafana/dashboards/database-overview.json is out of date: run `npm run generate`.');
  process.exitCode = 1;
}
