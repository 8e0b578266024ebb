import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { endSessions } from '../../../src/lab/scenarios/database.ts';
import { connect } from '../../../src/postgres/connection.ts';
import { type Services, startServices } from '../../support/services.ts';

let services: Services;
before(async () => {
  services = await startServices();
});
after(() => services[Symbol.asyncDispose]());

test('sessions are ended, and one that does not end is told instead of passed over', async () => {
  const database = await services.database();
  await using server = await connect(services.settings.postgres, { database: 'postgres' });
  await using session = await connect(services.settings.postgres, { database });
  const { rows } = await session.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const pid = rows[0]?.pid ?? 0;
  process.kill(pid, 'SIGSTOP'); // a process of the server of this test
  try {
    await assert.rejects(endSessions(server, database, { tries: 2, wait: 50 }), {
      code: 'sessions-remain',
      message: new RegExp(`1 session of database "${database}"`),
    });
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  await endSessions(server, database);
  const left = await services.sql(`SELECT FROM pg_stat_activity WHERE datname = '${database}'`);
  assert.equal(left.length, 0);
});
