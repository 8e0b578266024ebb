import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Held, openLease } from '../../src/agent/lease.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { cuttingProxy } from '../support/proxy.ts';
import { type Services, startServices, until } from '../support/services.ts';

const NEVER = new AbortController().signal;
const LONG = 60_000;

let services: Services;
let store: Store;
before(async () => {
  services = await startServices();
  store = openStore(services.settings.store);
});
after(() => services[Symbol.asyncDispose]());

let made = 0;
const object = () => `.drillbook/agent/${++made}.lease.json`;

test('of many who try at once one gets it, and after its release one other', async () => {
  const name = object();
  const leases = Array.from({ length: 8 }, () => openLease(store, name, LONG));
  for (let round = 0; round < 5; round++) {
    const held = (await Promise.all(leases.map((lease) => lease.acquire(NEVER)))).filter((one) => one !== undefined);
    assert.equal(held.length, 1);
    await held[0]?.[Symbol.asyncDispose]();
  }
});

test('a holder that lives keeps it for many lifetimes', async () => {
  const name = object();
  await using held = await openLease(store, name, 400).acquire(NEVER);
  const other = openLease(store, name, 400);
  const began = performance.now();
  await until(async () => {
    assert.equal(await other.acquire(NEVER), undefined);
    return performance.now() - began > 2_000;
  }, 'five lifetimes have passed');
  assert.equal(held?.lost.aborted, false);
});

test('a dead holder’s lease goes to exactly one of those who wait', async () => {
  const name = object();
  await store.putText(name, JSON.stringify({ holder: 'dead', beat: 7, released: false }));
  const leases = Array.from({ length: 6 }, () => openLease(store, name, 500));
  let held: Held[] = [];
  await until(async () => {
    held = (await Promise.all(leases.map((lease) => lease.acquire(NEVER)))).filter((one) => one !== undefined);
    return held.length > 0;
  }, 'somebody has it');
  assert.equal(held.length, 1);
  await held[0]?.[Symbol.asyncDispose]();
});

test('a holder that is paused until another has taken over learns that it is lost', async () => {
  const name = object();
  await using held = await openLease(store, name, 400).acquire(NEVER);
  await store.putText(name, JSON.stringify({ holder: 'another', beat: 1, released: false }));
  await until(() => held?.lost.aborted === true, 'it is told');
  assert.match(String(held?.lost.reason), /another agent has it/);
});

test('a holder that loses the store gives up its work before anybody can take over', async () => {
  const name = object();
  const { endpoint } = services.settings.store;
  const proxy = await cuttingProxy({ host: endpoint.hostname, port: Number(endpoint.port) }, Infinity, 0);
  const through = new URL(`http://127.0.0.1:${proxy.port}`);
  const cutOff = openStore({ ...services.settings.store, endpoint: through });
  await using held = await openLease(cutOff, name, 1_500).acquire(NEVER);
  assert.ok(held !== undefined);
  await proxy[Symbol.asyncDispose]();
  const other = openLease(store, name, 1_500);
  let taken: Held | undefined;
  await until(async () => {
    taken = await other.acquire(NEVER);
    return taken !== undefined;
  }, 'another has taken over');
  assert.ok(held.lost.aborted);
  assert.match(String(held.lost.reason), /did not answer for too long/);
  await taken?.[Symbol.asyncDispose]();
});

test('what cannot be read is no lease that is free', async () => {
  const name = object();
  await store.putText(name, 'no JSON');
  assert.equal(await openLease(store, name, LONG).acquire(NEVER), undefined);
});
