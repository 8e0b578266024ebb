import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { claimName } from '../../src/backup/claim.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { type Services, startServices } from '../support/services.ts';

let services: Services;
before(async () => {
  services = await startServices();
});
after(() => services[Symbol.asyncDispose]());

test('a run that ends right after it has claimed a name gives the name back', async () => {
  const store = openStore({ ...services.settings.store, bucket: await services.bucket() });
  const controller = new AbortController();
  const reason = new Error('interrupted');
  const interrupted: Store = {
    ...store,
    async claim(...request) {
      const claimed = await store.claim(...request);
      controller.abort(reason);
      return claimed;
    },
  };
  await assert.rejects(claimName(interrupted, 'freshtrack', new Date(), controller.signal), reason);
  assert.deepEqual(await Array.fromAsync(store.list(), ({ name }) => name), []);
});
