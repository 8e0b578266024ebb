import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openSnapshot } from '../../src/backup/snapshot.ts';
import { silent } from '../../src/progress.ts';
import { type Services, startServices } from '../support/services.ts';

let services: Services;
before(async () => {
  services = await startServices();
});
after(() => services?.[Symbol.asyncDispose]());

test('sequences that move while a backup is taken are stated from before the dump to after it', async () => {
  const database = await services.database();
  await services.sql("CREATE SEQUENCE busy; CREATE SEQUENCE quiet; SELECT nextval('busy')", database);
  const { postgres } = services.with({ postgres: { database } });
  await using snapshot = await openSnapshot(postgres, new AbortController().signal);
  // As an application does: the dump may read any position from here on.
  await services.sql("SELECT nextval('busy')", database);
  const content = await snapshot.content(silent);
  await services.sql("SELECT nextval('busy')", database);
  assert.deepEqual((await snapshot.withSequences(content)).sequences, [
    { schema: 'public', name: 'busy', last: '1', called: true, until: { last: '3', called: true } },
    { schema: 'public', name: 'quiet', last: '1', called: false },
  ]);
});
