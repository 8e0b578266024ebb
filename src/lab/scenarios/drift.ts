/**
 * What happens to a database after its backup, whatever its schema: the catalog is asked for tables, and each change is
 * tried under a savepoint until one holds, because a check, a trigger or a foreign key may refuse it.
 */
import { type Client, quoteIdentifier } from '../../postgres/connection.ts';
import { COLUMNS, KEYS, SEQUENCES, TABLES, VIEWS } from './drift-queries.ts';

type Table = { oid: number; name: string };
type Column = { name: string; category: string; type: string; serial: boolean; bound: boolean; unique: boolean };

/** The name of the schema and of the table that are new since the backup. */
export const SINCE = 'since_backup';

/**
 * Changes one row, deletes one, adds one; makes a table with a foreign key into an old one and a schema; drops a view;
 * moves a sequence.
 * @returns what was done, and what could not be done because the database has nothing of the kind
 */
export async function drift(client: Client, owner: string): Promise<{ done: string[]; lacking: string[] }> {
  const done: string[] = [];
  const lacking: string[] = [];
  const record = (text: string | undefined, otherwise: string) =>
    text === undefined ? lacking.push(otherwise) : done.push(text);
  await client.query('BEGIN');
  await client.query('SET CONSTRAINTS ALL IMMEDIATE');
  const tables = (await client.query<Table>(TABLES)).rows;
  record(await changeRow(client, tables), 'no row can be changed');
  record(await deleteRow(client, tables), 'no row can be deleted');
  record(await addRow(client, tables), 'no row can be added');
  record(await addReferringTable(client, owner), 'no table has a primary key to refer to');
  record(await dropView(client), 'there is no view to drop');
  record(await moveSequence(client), 'there is no sequence to move');
  await client.query(`
    CREATE SCHEMA ${SINCE} AUTHORIZATION ${quoteIdentifier(owner)};
    CREATE TABLE ${SINCE}.notes (note text);
    ALTER TABLE ${SINCE}.notes OWNER TO ${quoteIdentifier(owner)};
    INSERT INTO ${SINCE}.notes VALUES ('written after the backup')`);
  done.push(`made the schema ${SINCE}`);
  await client.query('COMMIT');
  return { done, lacking };
}

async function changeRow(client: Client, tables: Table[]): Promise<string | undefined> {
  for (const table of tables)
    for (const { name, category } of await columnsOf(client, table)) {
      const value = otherValue(name, category);
      if (value === undefined) continue;
      const row = `(SELECT ctid FROM ONLY ${table.name} WHERE ${name} IS NOT NULL ORDER BY ctid LIMIT 1)`;
      const update = `UPDATE ONLY ${table.name} SET ${name} = ${value} WHERE ctid = ${row} AND ${name} IS DISTINCT FROM (${value})`;
      if (await attempt(client, update)) return `changed ${name} in a row of ${table.name}`;
    }
  return undefined;
}

async function deleteRow(client: Client, tables: Table[]): Promise<string | undefined> {
  for (const table of tables)
    for (let back = 0; back < 5; back += 1) {
      const row = `(SELECT ctid FROM ONLY ${table.name} ORDER BY ctid DESC OFFSET ${back} LIMIT 1)`;
      if (await attempt(client, `DELETE FROM ONLY ${table.name} WHERE ctid = ${row}`))
        return `deleted a row of ${table.name}`;
    }
  return undefined;
}

/** Copies a row and gives the columns that must be unique another value: all of them, or one after the other. */
async function addRow(client: Client, tables: Table[]): Promise<string | undefined> {
  for (const table of tables) {
    const columns = (await columnsOf(client, table, true)).filter(({ serial }) => !serial);
    const unique = columns.filter((column) => column.unique);
    for (const altered of [unique, ...unique.map((column) => [column])]) {
      const values = columns.map((column) => (altered.includes(column) ? nextValue(table, column) : column.name));
      const names = columns.map(({ name }) => name);
      const source = `SELECT ${values.join(', ')} FROM ONLY ${table.name} ORDER BY ctid LIMIT 1`;
      if (names.length > 0 && (await attempt(client, `INSERT INTO ${table.name} (${names.join(', ')}) ${source}`)))
        return `added a row to ${table.name}`;
    }
  }
  return undefined;
}

async function addReferringTable(client: Client, owner: string): Promise<string | undefined> {
  const keys = await client.query<{ table: string; schema: string; columns: string[]; types: string[] }>(KEYS);
  for (const { table, schema, columns, types } of keys.rows) {
    const name = `${schema}.${SINCE}`;
    const declared = columns.map((column, at) => `${column} ${types[at]}`).join(', ');
    const list = columns.join(', ');
    const made = await attempt(
      client,
      `CREATE TABLE ${name} (${declared}, FOREIGN KEY (${list}) REFERENCES ${table} (${list}))`,
      `ALTER TABLE ${name} OWNER TO ${quoteIdentifier(owner)}`,
      `INSERT INTO ${name} SELECT ${list} FROM ${table} LIMIT 1`,
    );
    if (made) return `made the table ${name} with a foreign key into ${table}`;
  }
  return undefined;
}

async function dropView(client: Client): Promise<string | undefined> {
  const views = await client.query<{ kind: string; name: string }>(VIEWS);
  for (const { kind, name } of views.rows)
    if (await attempt(client, `DROP ${kind} ${name} RESTRICT`)) return `dropped the view ${name}`;
  return undefined;
}

async function moveSequence(client: Client): Promise<string | undefined> {
  const sequences = await client.query<{ name: string; next: string }>(SEQUENCES);
  for (const { name, next } of sequences.rows)
    if (await attempt(client, `SELECT setval('${name.replaceAll("'", "''")}', ${next})`))
      return `moved the sequence ${name}`;
  return undefined;
}

async function columnsOf(client: Client, table: Table, all = false): Promise<Column[]> {
  const columns = await client.query<Column>(COLUMNS, [table.oid]);
  return all ? columns.rows : columns.rows.filter(({ bound, serial }) => !bound && !serial);
}

/** A different value of the same type, as SQL; undefined for types that are left alone. */
function otherValue(column: string, category: string): string | undefined {
  if (category === 'S') return `${column} || '~'`;
  if (category === 'N') return `${column} + 1`;
  if (category === 'B') return `NOT ${column}`;
  if (category === 'D') return `${column} + interval '1 day'`;
  return undefined;
}

function nextValue(table: Table, { name, category, type }: Column): string {
  if (type === 'uuid') return 'gen_random_uuid()';
  if (category === 'N') return `(SELECT max(${name}) + 1 FROM ${table.name})`;
  if (category === 'D') return `(SELECT max(${name}) + interval '1 day' FROM ${table.name})`;
  return otherValue(name, category) ?? name;
}

/** Runs statements as one; on any error, or when the last changes no row, none of them has happened. */
async function attempt(client: Client, ...statements: string[]): Promise<boolean> {
  await client.query('SAVEPOINT attempt');
  try {
    let rows: number | null = null;
    for (const statement of statements) rows = (await client.query(statement)).rowCount;
    if (rows !== 0) {
      await client.query('RELEASE SAVEPOINT attempt');
      return true;
    }
  } catch {
    // refused by the schema: the next candidate is tried
  }
  await client.query('ROLLBACK TO SAVEPOINT attempt');
  return false;
}
