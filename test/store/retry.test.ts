import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { S3Error } from '../../src/store/minio.ts';
import { type Fault, faultOf, pauseBefore, REPEATS } from '../../src/store/retry.ts';
import { element, elements, escapeXml } from '../../src/store/xml.ts';

test('pauses grow, half of each is chance, and they end', () => {
  const kinds = fc.constantFrom<Fault>('absent', 'silent', 'busy', 'lasting');
  fc.assert(
    fc.property(kinds, fc.nat(20), fc.double({ min: 0, max: 1, noNaN: true }), (fault, repeats, chance) => {
      const pause = pauseBefore(fault, repeats, chance);
      if (repeats >= REPEATS[fault]) return assert.equal(pause, undefined);
      const whole = Math.min(100 * 4 ** repeats, 10_000);
      assert.ok(pause !== undefined && pause >= whole / 2 && pause <= whole);
    }),
  );
});

test('only what may pass is repeated', () => {
  const withCode = (code: string) => Object.assign(new Error(code), { code });
  assert.equal(faultOf(withCode('ECONNREFUSED')), 'absent');
  assert.equal(faultOf(withCode('NO_ANSWER')), 'silent');
  assert.equal(faultOf(withCode('ECONNRESET')), 'busy');
  assert.equal(faultOf(new Error('Retryable HTTP status: 503')), 'busy');
  const answer = (code: string) => Object.assign(new S3Error('said by the store'), { code });
  for (const code of ['InternalError', 'RequestTimeout', 'ServiceUnavailable', 'SlowDown', 'Throttling'])
    assert.equal(faultOf(answer(code)), 'busy', code);
  for (const code of ['AccessDenied', 'NoSuchKey']) assert.equal(faultOf(answer(code)), 'lasting', code);
  for (const code of ['ENOTFOUND', 'CERT_HAS_EXPIRED', 'ENOSPC', '']) assert.equal(faultOf(withCode(code)), 'lasting');
});

test('any text survives the XML of a store', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      assert.equal(element(`<A><Key>${escapeXml(text)}</Key></A>`, 'Key'), text);
    }),
  );
});

test('elements are read one by one, and what is absent is undefined', () => {
  const xml = '<R xmlns="x"><E><K>1</K></E><E><K>a &lt;&#98;&#x63;&gt; &amp;amp;</K></E><N/></R>';
  assert.deepEqual(
    [...elements(xml, 'E')].map((entry) => element(entry, 'K')),
    ['1', 'a <bc> &amp;'],
  );
  assert.equal(element(xml, 'N'), undefined);
});
