import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connect } from '../../src/postgres/connection.ts';
import type { Settings } from '../../src/settings.ts';
import { type Services, startServices } from '../support/services.ts';

let services: Services;
before(async () => {
  services = await startServices();
  await services.sql("CREATE ROLE guest LOGIN PASSWORD 'guest-Secret-1'");
});
after(() => services[Symbol.asyncDispose]());

const as = (change: Partial<Settings['postgres']>) => services.with({ postgres: change }).postgres;
const guest = { user: 'guest', password: 'guest-Secret-1' };

test('a role without CONNECT is told what it lacks, and not that the server is away', async () => {
  const database = await services.database();
  await services.sql(`REVOKE CONNECT ON DATABASE ${database} FROM PUBLIC`);
  await assert.rejects(connect(as({ ...guest, database })), {
    code: 'database-closed',
    exit: 3,
    message: new RegExp(`lets "guest" into no session of database "${database}": permission denied`),
    hint: new RegExp(`GRANT CONNECT ON DATABASE "${database}" TO "guest"`),
  });
});

test('a database that takes no connections, or no more of them, is not a server that is away', async () => {
  const closed = await services.database();
  await services.sql(`ALTER DATABASE ${closed} ALLOW_CONNECTIONS false`);
  await assert.rejects(connect(as({ database: closed })), { code: 'database-closed', hint: /ALLOW_CONNECTIONS/ });
  const full = await services.database();
  await services.sql(`ALTER DATABASE ${full} CONNECTION LIMIT 0`);
  await assert.rejects(connect(as({ ...guest, database: full })), { code: 'database-closed', hint: /LIMIT/ });
});

test('an address of IPv6 is shown in brackets', async () => {
  await assert.rejects(connect(as({ host: '::1', port: 1 })), {
    code: 'postgres-unreachable',
    message: /PostgreSQL at \[::1\]:1 /,
  });
});
