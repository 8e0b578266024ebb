/** The queries of the committed dashboard. */
import { readFileSync } from 'node:fs';

const FILE = new URL('../../deploy/grafana/dashboards/database-overview.json', import.meta.url);

/** Each panel's title with one of its queries, `$database` filled in as Grafana does. */
export function dashboardQueries(database: string): { panel: string; expr: string }[] {
  // The form that the dashboard's builder writes.
  const { panels } = JSON.parse(readFileSync(FILE, 'utf8')) as {
    panels: { title: string; targets: { expr: string }[] }[];
  };
  return panels.flatMap(({ title, targets }) =>
    targets.map(({ expr }) => ({ panel: title, expr: expr.replaceAll('$database', database) })),
  );
}
