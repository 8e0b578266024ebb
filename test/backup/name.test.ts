import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { backupName, backupTime, companionName, describeName, drillName } from '../../src/backup/name.ts';

const anyDatabase = fc.oneof(
  fc.string({ minLength: 1, maxLength: 63 }),
  fc.constantFrom('freshtrack', 'a_b', 'x.sql.gz'),
);
const anyTime = fc.date({
  min: new Date('1000-01-01T00:00:00Z'),
  max: new Date('9999-12-31T23:59:59Z'),
  noInvalidDate: true,
});

test('a name is the database and the time in UTC', () => {
  const name = backupName('freshtrack', new Date('2026-11-23T02:00:05.999Z'));
  assert.equal(name, 'freshtrack_2026-11-23_02-00-05.sql.gz');
});

test('the time of any name is the time it was made of, without parts of a second', () => {
  fc.assert(
    fc.property(anyDatabase, anyTime, (database, time) => {
      const read = backupTime(database, backupName(database, time));
      assert.equal(read?.getTime(), Math.floor(time.getTime() / 1000) * 1000);
    }),
  );
});

test('names sort as their times do', () => {
  fc.assert(
    fc.property(anyTime, anyTime, (a, b) => {
      const [first, second] = [backupName('x', a), backupName('x', b)];
      const [before, after] = [backupTime('x', first) ?? a, backupTime('x', second) ?? b];
      assert.equal(first < second, before < after);
    }),
  );
});

test('every object that belongs to a backup is recognised by its name, for any database', () => {
  fc.assert(
    fc.property(anyDatabase, anyTime, anyTime, (database, time, drilled) => {
      const backup = backupName(database, time);
      const kinds = { archive: backup, drill: drillName(backup, drilled) };
      for (const kind of ['checksum', 'manifest', 'globals'] as const)
        assert.equal(describeName(database, companionName(backup, kind))?.kind, kind);
      for (const [kind, name] of Object.entries(kinds)) {
        const described = describeName(database, name);
        assert.deepEqual({ kind: described?.kind, backup: described?.backup }, { kind, backup });
      }
    }),
  );
});

test('an arbitrary name is never taken for a backup', () => {
  fc.assert(fc.property(fc.string(), (name) => assert.equal(describeName('freshtrack', name), undefined)));
});

test('what only looks like a backup is none', () => {
  const foreign = [
    'freshtrack_2026-02-31_02-00-00.sql.gz',
    'freshtrack_2026-11-23_24-00-00.sql.gz',
    'freshtrack_2026-11-23_02-00-00.sql',
    'freshtrack_2026-11-23_02-00-00.sql.gz.bak',
    'freshtrack_2026-11-23_02-00-00.sql.gz.drill.json',
    'freshtrack_old_2026-11-23_02-00-00.sql.gz',
    'Freshtrack_2026-11-23_02-00-00.sql.gz',
    'xfreshtrack_2026-11-23_02-00-00.sql.gz',
    'folder/freshtrack_2026-11-23_02-00-00.sql.gz',
  ];
  for (const name of foreign) assert.equal(describeName('freshtrack', name), undefined, name);
});
