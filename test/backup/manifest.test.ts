import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseManifest } from '../../src/backup/manifest.ts';
import { Failure } from '../../src/failure.ts';

function refused(text: string, words: RegExp): void {
  assert.throws(
    () => parseManifest(text, 'x.manifest.json'),
    (error) => {
      assert.ok(error instanceof Failure);
      assert.equal(error.code, 'manifest-unreadable');
      assert.equal(error.exit, 3);
      assert.match(error.message, words);
      return error.message.includes('x.manifest.json');
    },
  );
}

test('a manifest that is no JSON is refused by name', () => {
  refused('{"schema": 1', /it is no JSON/);
  refused('', /it is no JSON/);
});

test('a manifest of a form that is not known is refused, and says where', () => {
  refused('{"schema": 99}', /it is of schema 99, which/);
  refused('{"schema": 2}', /createdAt: /);
  refused('[]', /expected object/);
});
