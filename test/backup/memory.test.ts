import assert from 'node:assert/strict';
import { test } from 'node:test';
import { takeBackup } from '../../src/backup/take.ts';
import { startServices } from '../support/services.ts';

const MB = 1_000_000;

test('a backup of more than 200 MB of data takes no more memory than its parts', async () => {
  await using services = await startServices();
  // One random megabyte, 220 times: too far apart for the dump's compression to notice.
  await services.sql(
    `CREATE TABLE items (id int, data text);
     ALTER TABLE items ALTER data SET STORAGE EXTERNAL;
     INSERT INTO items SELECT 1, string_agg(translate(encode(sha512(random()::text::bytea), 'base64'), E'\\n', ''), '')
     FROM generate_series(1, 12000);
     INSERT INTO items SELECT i, data FROM items, generate_series(2, 220) i`,
    'freshtrack',
  );
  let [least, most] = [Number.POSITIVE_INFINITY, 0];
  const taken = await takeBackup(services.settings, {
    report: (event) => {
      if (event.kind !== 'amount' || event.done < 20 * MB) return;
      const { rss } = process.memoryUsage();
      [least, most] = [Math.min(least, rss), Math.max(most, rss)];
    },
  });
  const [size] = await services.sql('SELECT sum(octet_length(data)) AS bytes FROM items', 'freshtrack');
  assert.ok(Number(size?.bytes) > 200 * MB && taken.bytes > 150 * MB, `${size?.bytes} → ${taken.bytes} bytes`);
  assert.ok(most - least < 60 * MB, `grew from ${least / MB} MB to ${most / MB} MB`);
});
