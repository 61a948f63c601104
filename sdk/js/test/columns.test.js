import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Batch, Column, Schema, field } from '../src/index.js'
import { toWire } from '../src/column.js'

// Nine rows: one beyond the first byte of the bitmap.
const nine = (...rows) => [...rows, ...rows, ...rows]
const ROWS = {
  boolean: nine(true, null, false),
  int64: nine(1, null, -(2 ** 53 - 1)),
  float64: nine(0.5, null, Infinity),
  'timestamp-us': nine(0, null, 1577836800000000),
  utf8: nine('é😀', null, ''),
  binary: nine(Uint8Array.of(0xff, 0), null, new Uint8Array(0)),
  vector: nine([1, 2], null, [0, -1]),
}
const READ = {
  boolean: 'booleans', int64: 'int64s', float64: 'float64s', 'timestamp-us': 'timestampsUs',
  utf8: 'utf8s', binary: 'binaries', vector: 'vectors',
}
const make = (kind, rows) => (kind === 'vector' ? Column.vector(2, rows)
  : kind === 'timestamp-us' ? Column.timestampUs(rows) : Column[kind](rows))
const read = column => Array.from(column[READ[column.kind]]())

test('every kind reads back what it was made of', () => {
  for (const [kind, rows] of Object.entries(ROWS)) {
    const column = make(kind, rows)
    assert.deepEqual(read(column), rows)
    assert.equal(column.length, 9)
    // Rows 1, 4 and 7 are null; unused bits are 0.
    assert.deepEqual(column.validity, Uint8Array.of(0b0110_1101, 1))
    const valid = rows.filter(row => row !== null)
    assert.deepEqual(read(make(kind, valid)), valid)
    assert.equal(make(kind, valid).validity.length, 0)
    assert.deepEqual(read(make(kind, [])), [])
  }
})

test('another kind is the input’s fault, and named', () => {
  const schema = new Schema([field('n', 'int64')])
  const { columns: [column] } = Batch.of({ rows: 1, columns: [toWire(Column.int64([1]))] }, schema)
  for (const [kind, name] of Object.entries(READ)) {
    if (kind === 'int64') continue
    const message = `column \`n\` is int64, and was read as ${kind}`
    assert.throws(() => column[name](), { kind: 'invalid-input', message })
  }
})

test('a batch is what was described', () => {
  const schema = new Schema([field('n', 'int64')])
  for (const columns of [[], [toWire(Column.utf8(['']))]]) {
    assert.throws(() => Batch.of({ rows: 1, columns }, schema), { kind: 'invalid-input' })
  }
})

test('any number reads as a number', () => {
  assert.deepEqual(Array.from(Column.int64([2n, null]).numbers()), [2, null])
  assert.deepEqual(Array.from(Column.boolean([true]).numbers(), Number), [1])
  assert.throws(() => Column.utf8(['1']).numbers(), { kind: 'invalid-input' })
})

test('what a double does not have is refused, not rounded', () => {
  assert.throws(() => Column.int64([2n ** 53n + 1n]).int64s(), { kind: 'invalid-input' })
  assert.throws(() => Column.int64([2n ** 63n]), { kind: 'failed' })
  assert.throws(() => Column.vector(2, [[1]]), { kind: 'failed' })
})

test('a lone surrogate becomes U+FFFD', () => {
  assert.deepEqual(Array.from(Column.utf8(['a\ud800']).utf8s()), ['a\ufffd'])
})

test('schemas say what is there', () => {
  const schema = new Schema([field('a', 'int64'), field('b', 'float64'), field('c', 'float64')])
  assert.deepEqual(schema.indicesOf(['c', 'b'], 'float64'), [1, 2])
  const cases = {
    'no column `d` in the input; there are `a`, `b`, `c`': ['d'],
    'column `a` is int64, and must be float64': ['a'],
    'column `b` is named twice': ['b', 'b'],
  }
  for (const [message, names] of Object.entries(cases)) {
    assert.throws(() => schema.indicesOf(names, 'float64'), { kind: 'invalid-params', message })
  }
})
