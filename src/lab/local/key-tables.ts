import type { TableName } from '../../settings.ts';

/** As KEY_TABLES reads it: `public` is implied, and only what is not plain lower case needs quotes. */
export function keyTableName({ schema, name }: TableName): string {
  const part = (text: string) => (/^[a-z_][a-z0-9_]*$/.test(text) ? text : `"${text.replaceAll('"', '""')}"`);
  return schema === 'public' ? part(name) : `${part(schema)}.${part(name)}`;
}
