import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Moments, Reader, Writer } from '../src/index.js'

test('bytes are little-endian without padding', () => {
  const bytes = new Writer().u8(1).u32(2).u64(3).i64(-1).f64(1).text('é').bytes()
  const expected = '01020000000300000000000000ffffffffffffffff000000000000f03f02000000c3a9'
  assert.equal(Buffer.from(bytes).toString('hex'), expected)
  const reader = new Reader(bytes)
  const read = [reader.u8(), reader.u32(), reader.count(), reader.i64(), reader.f64(), reader.text()]
  assert.deepEqual(read, [1, 2, 3, -1n, 1, 'é'])
  reader.end()
})

test('foreign bytes are refused', () => {
  const reads = [
    () => new Reader(new Uint8Array(7)).f64(),
    () => new Reader(Uint8Array.of(255, 255, 255, 255)).data(),
    () => new Reader(Uint8Array.of(0)).end(),
    () => new Reader(new Uint8Array(8).fill(255)).count(),
    () => new Writer().u64(-1),
  ]
  for (const read of reads) assert.throws(read, { kind: 'failed' })
})

test('moments skip nulls and NaN, and merge', () => {
  const of = (...values) => {
    const moments = new Moments()
    moments.update(values)
    return moments
  }
  assert.deepEqual(of(1, null, NaN, 3), new Moments(2, 2, 2))
  const merged = new Moments()
  merged.merge(of(0.1, 0.2, 0.7))
  merged.merge(new Moments())
  assert.deepEqual(merged, of(0.1, 0.2, 0.7))
  const parts = of(1, 2)
  parts.merge(of(3, 6))
  assert.deepEqual(parts, new Moments(4, 3, 14))
  assert.deepEqual([new Moments(), of(2, 2), of(1, 3)].map(m => m.deviation()), [1, 1, 1])
})
