import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testDatabaseName } from '../../src/restore/test-database.ts';

const bytes = (text: string) => Buffer.byteLength(text);

test('the name of a test database begins with the whole name of the database, where there is room', () => {
  assert.match(testDatabaseName('freshtrack'), /^freshtrack_restore_test_[0-9a-f]{8}$/);
  const longest = 'd'.repeat(41);
  assert.match(testDatabaseName(longest), /^d{41}_restore_test_[0-9a-f]{8}$/);
  assert.equal(bytes(testDatabaseName(longest)), 63);
  assert.notEqual(testDatabaseName('a'), testDatabaseName('a'));
});

test('a longer name is shortened to 63 bytes, and no character is cut in two', () => {
  for (const database of [
    'd'.repeat(42),
    'd'.repeat(63),
    `${'ü'.repeat(31)}x`,
    `x${'ü'.repeat(31)}`,
    '€'.repeat(21),
    '🐘'.repeat(15),
  ]) {
    const name = testDatabaseName(database);
    assert.ok(bytes(name) <= 63 && bytes(name) > 59, name);
    const [, kept = ''] = /^(.+)_restore_test_[0-9a-f]{8}$/su.exec(name) ?? [];
    assert.ok(database.startsWith(kept) && kept !== '', name);
    assert.ok(name.isWellFormed() && !name.includes('\uFFFD'));
  }
});
