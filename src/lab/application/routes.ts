/** What the application does: organizations, and the users and sites of one of them. */
import type { Pool } from 'pg';
import { z } from 'zod';
import { asTenant } from './database.ts';

export type Reply = { status: number; body: unknown };
export type Route = {
  method: 'GET' | 'POST' | 'PATCH';
  path: RegExp;
  perform(pool: Pool, groups: Record<string, string>, body: unknown): Promise<Reply>;
};

const NewUser = z.object({ email: z.string(), displayName: z.string().min(1) });
const Named = z.object({ name: z.string().min(1) });

const USERS = `
  SELECT id, email, display_name AS "displayName", role, status FROM users ORDER BY id LIMIT 100`;
const SITES = `
  SELECT id, name, area_m2 AS "squareMetres", timezone FROM sites ORDER BY id LIMIT 100`;
const ADD_USER = `
  INSERT INTO users (organization_id, email, display_name) VALUES (current_organization(), $1, $2)
  RETURNING id, email, display_name AS "displayName"`;
const ADD_SITE = `
  INSERT INTO sites (organization_id, name) VALUES (current_organization(), $1) RETURNING id, name`;

export const routes: Route[] = [
  {
    method: 'GET',
    path: /^\/organizations$/,
    perform: async (pool) => {
      const { rows } = await pool.query('SELECT id, name, plan, status FROM organizations ORDER BY id LIMIT 100');
      return { status: 200, body: rows };
    },
  },
  {
    method: 'PATCH',
    path: /^\/organizations\/(?<organization>\d+)$/,
    perform: (pool, { organization = '' }, body) =>
      asTenant(pool, organization, async (client) => {
        const { name } = Named.parse(body);
        const { rows } = await client.query('UPDATE organizations SET name = $1 WHERE id = $2 RETURNING id, name', [
          name,
          organization,
        ]);
        return rows.length > 0 ? { status: 200, body: rows[0] } : { status: 404, body: { error: 'Unknown.' } };
      }),
  },
  listing(/^\/organizations\/(?<organization>\d+)\/users$/, USERS),
  listing(/^\/organizations\/(?<organization>\d+)\/sites$/, SITES),
  adding(/^\/organizations\/(?<organization>\d+)\/users$/, ADD_USER, (body) => {
    const { email, displayName } = NewUser.parse(body);
    return [email, displayName];
  }),
  adding(/^\/organizations\/(?<organization>\d+)\/sites$/, ADD_SITE, (body) => [Named.parse(body).name]),
];

function listing(path: RegExp, sql: string): Route {
  return {
    method: 'GET',
    path,
    perform: (pool, { organization = '' }) =>
      asTenant(pool, organization, async (client) => ({ status: 200, body: (await client.query(sql)).rows })),
  };
}

function adding(path: RegExp, sql: string, values: (body: unknown) => string[]): Route {
  return {
    method: 'POST',
    path,
    perform: (pool, { organization = '' }, body) =>
      asTenant(pool, organization, async (client) => {
        const { rows } = await client.query(sql, values(body));
        return { status: 201, body: rows[0] };
      }),
  };
}
