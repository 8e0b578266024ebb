/** The values that are filled into a page: what the scenario gives, else the parameter's own default. */
import type { Page } from '../../runbook/model.ts';
import type { Prepared } from './types.ts';

/**
 * The first parameter of kind `backup` is the scenario's backup and the first of kind `database` the world's database;
 * others keep their defaults.
 * @returns parameter name → value; a parameter without default that the scenario knows nothing of is left out
 */
export function valuesOf(page: Pick<Page, 'parameters'>, prepared: Prepared): Record<string, string> {
  const values: Record<string, string> = {};
  for (const { name, default: fallback } of page.parameters) if (fallback !== undefined) values[name] = fallback;
  const first = (kind: string) => page.parameters.find((parameter) => parameter.kind === kind)?.name;
  const [backup, database, timestamp] = [first('backup'), first('database'), first('timestamp')];
  if (backup !== undefined) values[backup] = prepared.backup;
  if (database !== undefined) values[database] = prepared.database;
  if (timestamp !== undefined) values[timestamp] ??= prepared.manifest.createdAt;
  return values;
}
