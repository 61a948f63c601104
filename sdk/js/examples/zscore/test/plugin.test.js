import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkCases } from '../../../src/testing.js'
import { plugin } from '../src/plugin.js'

test('golden cases hold, whole and in parts', () => {
  assert.ok(checkCases('transform', () => plugin, new URL('../cases', import.meta.url)) > 0)
})
