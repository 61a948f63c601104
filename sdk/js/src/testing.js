// Runs the golden cases of `cases/*.json` on what a role exports, in parts of several sizes.
//
// For tests under Node, not for plugins: it reads files. Absent on purpose: this is not
// `refrain plugin test`, which runs the same files on the component.

import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Column, bitmap, toWire } from './column.js'

// All rows at once, one by one, and parts that do not divide the rows evenly.
const PART_ROWS = [1 << 20, 1, 2]

/** Runs every case of a folder; `fresh` answers the exports of a new instance, or of the only one. */
export function checkCases(role, fresh, folder) {
  const path = folder instanceof URL ? fileURLToPath(folder) : folder
  const files = readdirSync(path).filter(name => name.endsWith('.json')).sort()
  for (const file of files) {
    const golden = JSON.parse(readFileSync(join(path, file), 'utf8'))
    for (const partRows of PART_ROWS) {
      const found = runCase(role, fresh, golden, partRows)
      // A merge rounds otherwise than one run over all rows, so only that one is exact.
      const problem = difference(golden.expect, found, partRows !== PART_ROWS[0])
      assert.ok(problem === undefined, `${file}, in parts of ${partRows}: ${problem}`)
    }
  }
  return files.length
}

/** What the plugin makes of a case, in the form of `expect`. */
export function runCase(role, fresh, golden, partRows) {
  try {
    return RUN[role](fresh, canonical(golden.params), golden, partRows)
  } catch (error) {
    const { tag, val } = error?.payload ?? error
    if (tag === undefined) throw error
    return { error: tag === 'other' ? val[1] : val }
  }
}

/** The first difference; of an object, the keys that `expect` has count. */
export function difference(expect, found, about = false, path = '') {
  if (path === '.error') return String(found).includes(expect) ? undefined : `${path}: ${found} lacks ${expect}`
  if (expect !== null && typeof expect === 'object' && found !== null && typeof found === 'object') {
    if (Array.isArray(expect) && expect.length !== found.length) {
      return `${path}: expected ${expect.length} items, found ${found.length}`
    }
    return Object.keys(expect)
      .map(key => difference(expect[key], found[key], about, `${path}.${key}`))
      .find(problem => problem !== undefined)
  }
  const close = about && typeof expect === 'number' && typeof found === 'number'
    && Math.abs(expect - found) <= 1e-9 * Math.max(Math.abs(expect), Math.abs(found), 1)
  if (close || expect === found || expect === null && found === undefined) return undefined
  return `${path}: expected ${expect}, found ${found}`
}

const canonical = value => JSON.stringify(sorted(value))

function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.keys(value).sort().map(key => [key, sorted(value[key])]))
}

/** A schema and all rows, from the JSON of a case. */
function tableOf({ schema, rows }) {
  const fields = schema.map(field => ({ nullable: false, width: 0, ...field }))
  const columns = fields.map(field => columnOf(field, rows.map(row => row[field.name] ?? null)))
  return { fields, columns, rows: rows.length }
}

const select = (table, reads) => ({ fields: Array.from(reads, index => table.fields[index]) })

function columnOf({ kind, width }, rows) {
  const convert = of => rows.map(row => (row === null ? null : of(row)))
  switch (kind) {
    case 'vector': return Column.vector(width, rows)
    case 'binary': return Column.binary(convert(text => Buffer.from(text, 'base64')))
    case 'timestamp-us': return Column.timestampUs(convert(BigInt))
    case 'int64': return Column.int64(convert(BigInt))
    default: return Column[kind](rows)
  }
}

/** A column's values as JSON has them. */
function rowsOf({ values, validity }, width) {
  const column = new Column(values.tag, values.val, validity, width)
  const convert = (rows, of) => Array.from(rows, row => (row === null ? null : of(row)))
  switch (column.kind) {
    case 'vector': return Array.from(column.vectors())
    case 'binary': return convert(column.binaries(), bytes => Buffer.from(bytes).toString('base64'))
    case 'timestamp-us': return convert(column.timestampsUs(), Number)
    case 'int64': return convert(column.int64s(), Number)
    default: return Array.from(column[`${column.kind}s`]())
  }
}

/** Batches of the columns read; one without rows for a table without rows. */
function parts(table, reads, partRows) {
  const found = []
  for (let start = 0; start === 0 || start < table.rows; start += partRows) {
    const end = Math.min(start + partRows, table.rows)
    const columns = Array.from(reads, index => toWire(cut(table.columns[index], start, end)))
    found.push({ rows: end - start, columns })
  }
  return found
}

function cut(column, start, end) {
  const valid = Array.from({ length: end - start }, (_, i) => (column.isValid(start + i) ? 1 : null))
  return new Column(column.kind, slice(column, start, end), bitmap(valid), column.width)
}

function slice({ kind, values, width }, start, end) {
  if (kind === 'vector') return values.slice(start * width, end * width)
  if (kind !== 'utf8' && kind !== 'binary') return values.slice(start, end)
  const [first, last] = [values.offsets[start], values.offsets[end]]
  const offsets = values.offsets.slice(start, end + 1).map(offset => offset - first)
  return { offsets, bytes: values.bytes.slice(first, last) }
}

/**
 * One instance, or one a part whose savings go into one more, as the host does it. All saves come
 * before the first merge, so that `fresh` may answer the one instance that there is.
 */
function fold(mergeable, all, start, { update, save, merge }) {
  if (!mergeable) {
    const whole = start()
    all.forEach(part => whole[update](...part))
    return whole
  }
  const saved = all.map(part => {
    const one = start()
    one[update](...part)
    return one[save]()
  })
  const whole = start()
  saved.forEach(bytes => whole[merge](bytes))
  return whole
}

/** Rows of the output: kept columns by name, and what `call` computes. */
function mapParts(all, fields, kept, call) {
  const columns = { ...kept, ...Object.fromEntries(fields.map(({ name }) => [name, []])) }
  let n = 0
  for (const part of all) {
    const made = call(part)
    assert.equal(made.rows, part.rows)
    assert.equal(made.columns.length, fields.length)
    fields.forEach(({ name, kind, width }, i) => {
      assert.equal(made.columns[i].values.tag, kind)
      columns[name].push(...rowsOf(made.columns[i], width))
    })
    n += part.rows
  }
  const names = Object.keys(columns)
  const row = i => Object.fromEntries(names.map(name => [name, columns[name][i]]))
  return { rows: Array.from({ length: n }, (_, i) => row(i)) }
}

const wrap = batches => batches.map(batch => [batch])

const RUN = {
  transform(fresh, params, golden, partRows) {
    const table = tableOf(golden.input)
    const { reads, outputs, needsFit, mergeable } = fresh().describe(params, { fields: table.fields })
    const batches = parts(table, reads, partRows)
    let state = new Uint8Array(0)
    if (needsFit) {
      const start = () => {
        const one = fresh()
        one.fitStart(params, select(table, reads), BigInt(golden.seed ?? 0))
        return one
      }
      const calls = { update: 'fitUpdate', save: 'fitSave', merge: 'fitMerge' }
      state = fold(mergeable, wrap(batches), start, calls).fitFinish()
    }
    const applied = fresh()
    applied.applyStart(params, select(table, reads), state)
    const kept = outputs.filter(({ tag }) => tag === 'kept').map(({ val }) => [
      table.fields[val].name, rowsOf(toWire(table.columns[val]), table.fields[val].width),
    ])
    const computed = outputs.filter(({ tag }) => tag === 'computed').map(({ val }) => val)
    return mapParts(batches, computed, Object.fromEntries(kept), batch => applied.apply(batch))
  },

  trainer(fresh, params, golden, partRows) {
    const table = tableOf(golden.input)
    const described = fresh().describe(params, { fields: table.fields })
    const { trainingReads, predictionReads, prediction, mergeable } = described
    const batches = wrap(parts(table, trainingReads, partRows))
    const calls = { update: 'passUpdate', save: 'passSave', merge: 'passMerge' }
    let end = { state: new Uint8Array(0), done: false }
    while (!end.done) {
      const start = () => {
        const one = fresh()
        one.passStart(params, select(table, trainingReads), BigInt(golden.seed ?? 0), end.state)
        return one
      }
      end = fold(mergeable, batches, start, calls).passFinish()
    }
    const model = fresh().finish(params, select(table, trainingReads), end.state)
    const predict = golden.predict ? tableOf(golden.predict) : table
    const applied = fresh()
    applied.predictStart(select(predict, predictionReads), model)
    const all = parts(predict, predictionReads, partRows)
    return mapParts(all, prediction.fields, {}, batch => applied.predict(batch))
  },

  predictor(fresh, params, golden, partRows) {
    const table = tableOf(golden.input)
    const model = Uint8Array.from(Buffer.from(golden.model_base64, 'base64'))
    const one = fresh()
    const { reads, prediction } = one.describe(params, { fields: table.fields }, model)
    one.predictStart(params, select(table, reads), model)
    return mapParts(parts(table, reads, partRows), prediction.fields, {}, batch => one.predict(batch))
  },

  evaluator(fresh, params, golden, partRows) {
    const table = tableOf(golden.input)
    const { reads, mergeable } = fresh().describe(params, { fields: table.fields })
    const found = foldAll(fresh, params, table, reads, mergeable, wrap(parts(table, reads, partRows)))
    const metrics = found.map(({ name, slice, part, value, nRows }) => (
      { name, slice, part, value: value ?? null, n_rows: Number(nRows) }
    ))
    return { metrics }
  },

  drift(fresh, params, golden, partRows) {
    const table = tableOf(golden.reference)
    const { reads, mergeable } = fresh().describe(params, { fields: table.fields })
    const all = ['reference', 'current'].flatMap(window => (
      parts(tableOf(golden[window]), reads, partRows).map(batch => [window, batch])
    ))
    const scores = foldAll(fresh, params, table, reads, mergeable, all).map(score => ({
      column: score.column,
      measure: score.measure,
      value: score.value ?? null,
      p_value: score.pValue ?? null,
      threshold: score.threshold,
      verdict: score.verdict,
      n_reference: Number(score.nReference),
      n_current: Number(score.nCurrent),
    }))
    return { scores }
  },

  trigger(fresh, params, golden) {
    fresh().describe(params)
    const facts = golden.facts.map(({ name, value }) => {
      const [[tag, val]] = Object.entries(value)
      return { name, value: { tag, val: ['integer', 'timestamp-us'].includes(tag) ? BigInt(val) : val } }
    })
    return { decision: fresh().decide(params, facts) }
  },
}

function foldAll(fresh, params, table, reads, mergeable, all) {
  const start = () => {
    const one = fresh()
    one.start(params, select(table, reads))
    return one
  }
  return fold(mergeable, all, start, { update: 'update', save: 'save', merge: 'merge' }).finish()
}
