import assert from 'node:assert/strict'
import { test } from 'node:test'
import { params } from '../src/index.js'

const READERS = {
  columns: params.list(params.string, { notEmpty: true }),
  rate: params.optional(params.number, 0.5),
  mode: params.optional(params.oneOf('fast', 'exact'), 'fast'),
  limit: params.optional(params.integer),
  inner: params.optional(params.object({ width: params.integer })),
  widths: params.optional(params.map(params.integer), {}),
  strict: params.optional(params.boolean, false),
}

test('every type is read', () => {
  const text = '{"columns":["a"],"inner":{"width":2},"limit":3,"mode":"exact","strict":true,"widths":{"a":4}}'
  assert.deepEqual(params.parse(READERS, text), {
    columns: ['a'], rate: 0.5, mode: 'exact', limit: 3, inner: { width: 2 }, widths: { a: 4 }, strict: true,
  })
  assert.deepEqual(params.parse({}, ''), {})
})

test('errors name the parameter', () => {
  const cases = {
    '{"columns":["a"],"rat":1}': 'unknown parameter `rat`; known: `columns`, `rate`, `mode`, `limit`, `inner`, `widths`, `strict`',
    '{"columns":["a"],"toString":1}': 'unknown parameter `toString`; known: `columns`, `rate`, `mode`, `limit`, `inner`, `widths`, `strict`',
    '{}': 'missing parameter `columns`',
    '{"columns":[]}': 'parameter `columns` must not be empty',
    '{"columns":["a",1]}': 'parameter `columns[1]`: expected a string, found `1`',
    '{"columns":["a"],"rate":true}': 'parameter `rate`: expected a number, found `true`',
    '{"columns":["a"],"rate":null}': 'parameter `rate`: expected a number, found `null`',
    '{"columns":["a"],"limit":1.5}': 'parameter `limit`: expected a whole number, found `1.5`',
    '{"columns":["a"],"mode":"slow"}': 'parameter `mode`: expected one of `fast`, `exact`, found `"slow"`',
    '{"columns":["a"],"inner":{}}': 'missing parameter `inner.width`',
    '{"columns":["a"],"inner":{"w":1}}': 'unknown parameter `inner.w`; known: `width`',
    '{"columns":["a"],"widths":{"a":[]}}': 'parameter `widths.a`: expected a whole number, found a list',
    '[]': 'the parameters: expected an object, found a list',
  }
  for (const [text, message] of Object.entries(cases)) {
    assert.throws(() => params.parse(READERS, text), { kind: 'invalid-params', message })
  }
  assert.throws(() => params.parse(READERS, '{'), { kind: 'invalid-params' })
})
