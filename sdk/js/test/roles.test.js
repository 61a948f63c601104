import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Column, Schema, adding, failed, field, other, predictor, replacing, trainer, transform, trigger } from '../src/index.js'
import { toWire } from '../src/column.js'

const INPUT = { fields: [field('a', 'float64'), field('b', 'utf8')] }
const batch = { rows: 1, columns: [toWire(Column.float64([1])), toWire(Column.utf8(['x']))] }

const echo = {
  params: {},
  describe: (_, input) => replacing(input, [0], [field('c', 'float64')]),
  fit: (_, __, seed) => ({ update() {}, save: () => [Number(seed)], merge() {}, finish: () => [7] }),
  apply(_, __, state) {
    if (state[0] === 1) throw other(7, 'seven')
    if (state[0] === 2) return undefined.bug
    return { map: rows => (state[0] === 3 ? [Column.float64([])] : rows.columns) }
  },
}

test('a description keeps what it does not compute', () => {
  const computed = { tag: 'computed', val: field('c', 'float64') }
  const kept = [0, 1].map(val => ({ tag: 'kept', val }))
  const input = new Schema(INPUT.fields)
  assert.deepEqual(transform(echo).describe('{}', INPUT), {
    reads: [0], outputs: [computed, kept[1]], needsFit: true, mergeable: true,
  })
  assert.deepEqual(adding(input, [1], [computed.val]), {
    reads: [1], outputs: [...kept, computed], needsFit: false, mergeable: false,
  })
})

test('calls out of order, of another shape or with a bug are the contract’s errors', () => {
  const plugin = transform(echo)
  const refused = (call, tag, val) => {
    try {
      call()
    } catch (error) {
      assert.equal(error.tag, tag)
      if (val instanceof RegExp) assert.match(error.val, val)
      else assert.deepEqual(error.val, val)
      return
    }
    assert.fail('no error')
  }
  refused(() => plugin.fitUpdate(batch), 'failed', '`fit-update` was called before `fit-start`')
  refused(() => plugin.apply(batch), 'failed', '`apply` was called before `apply-start`')
  refused(() => plugin.describe('{"x":1}', INPUT), 'invalid-params', 'unknown parameter `x`; there is none')
  refused(() => plugin.applyStart('{}', INPUT, [1]), 'other', [7, 'seven'])
  refused(() => plugin.applyStart('{}', INPUT, [2]), 'failed', /TypeError: .*roles\.test\.js:\d+/)
  plugin.applyStart('{}', INPUT, [3])
  refused(() => plugin.apply(batch), 'failed', 'computed column 0 has 0 rows of 1')
  plugin.applyStart('{}', INPUT, [0])
  refused(() => plugin.apply({ rows: 1, columns: [] }), 'invalid-input', '0 columns where 2 were described')
  assert.deepEqual(plugin.apply(batch), batch)
  const { fit, ...withoutFit } = echo
  refused(() => transform(withoutFit).fitStart('{}', INPUT, 0n), 'failed', 'this transform needs no fit')
  plugin.fitStart('{}', INPUT, 5)
  assert.deepEqual([plugin.fitSave(), plugin.fitFinish()], [[5], [7]])
  refused(() => plugin.fitFinish(), 'failed', '`fit-finish` was called before `fit-start`')
})

test('a prediction’s schema is a plain record', () => {
  const prediction = new Schema([field('p', 'float64')])
  const described = { trainingReads: [0], predictionReads: [1], prediction, mergeable: true }
  const plain = { fields: [field('p', 'float64')] }
  const one = trainer({ params: {}, describe: () => described })
  assert.deepEqual(one.describe('', INPUT), { ...described, prediction: plain })
  const two = predictor({ params: {}, describe: () => ({ reads: [0], prediction }) })
  assert.deepEqual(two.describe('', INPUT, []), { reads: [0], prediction: plain })
})

test('facts are numbers, texts and truths', () => {
  let seen
  const plugin = trigger({ params: {}, describe: () => [], decide: (_, facts) => { seen = facts; throw failed('') } })
  const facts = [{ name: 'a', value: { tag: 'integer', val: 5n } }, { name: 'b', value: { tag: 'text', val: 't' } }]
  assert.throws(() => plugin.decide('{}', facts))
  assert.deepEqual(seen, [{ name: 'a', kind: 'integer', value: 5 }, { name: 'b', kind: 'text', value: 't' }])
})
