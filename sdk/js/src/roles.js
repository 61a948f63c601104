// The six roles: from an author's object to what the component exports under the name `plugin`.

import { Batch, toWire } from './column.js'
import { failed, outOfOrder, toContract } from './errors.js'
import { parse } from './params.js'
import { Schema } from './schema.js'

/** A feature transform: new columns from columns, row by row, after an optional fit. */
export function transform(plugin) {
  const stage = new Stage()
  const params = text => parse(plugin.params, text)
  return guarded({
    describe: (text, input) => plugin.describe(params(text), schema(input)),
    fitStart(text, input, seed) {
      if (!plugin.fit) throw failed('this transform needs no fit')
      const read = schema(input)
      stage.beginFold(plugin.fit(params(text), read, BigInt(seed)), read)
    },
    fitUpdate: rows => stage.fold('fit-update', 'fit-start').update(stage.rows(rows)),
    fitSave: () => stage.fold('fit-save', 'fit-start').save(),
    fitMerge: saved => stage.fold('fit-merge', 'fit-start').merge(saved),
    fitFinish: () => stage.end('fit-finish', 'fit-start').finish(),
    applyStart(text, input, state) {
      const read = schema(input)
      stage.beginMap(plugin.apply(params(text), read, state), read)
    },
    apply: rows => stage.map(rows, 'apply', 'apply-start'),
  })
}

/** What a transform answers from `describe`: all columns kept, `computed` in place of `reads`. */
export function replacing(input, reads, computed, { needsFit = true, mergeable = needsFit } = {}) {
  const outputs = kept(input)
  computed.forEach((val, i) => { outputs[reads[i]] = { tag: 'computed', val } })
  return { reads, outputs, needsFit, mergeable }
}

/** What a transform answers from `describe`: all columns kept, then `computed`. */
export function adding(input, reads, computed, { needsFit = false, mergeable = needsFit } = {}) {
  const added = computed.map(val => ({ tag: 'computed', val }))
  return { reads, outputs: [...kept(input), ...added], needsFit, mergeable }
}

const kept = input => input.fields.map((_, val) => ({ tag: 'kept', val }))

/** A trainer: rows in, a model out, and predictions from that model. */
export function trainer(plugin) {
  const stage = new Stage()
  const params = text => parse(plugin.params, text)
  return guarded({
    describe: (text, input) => plugin.describe(params(text), schema(input)),
    passStart(text, input, seed, state) {
      const read = schema(input)
      stage.beginFold(plugin.pass(params(text), read, BigInt(seed), state), read)
    },
    passUpdate: rows => stage.fold('pass-update', 'pass-start').update(stage.rows(rows)),
    passSave: () => stage.fold('pass-save', 'pass-start').save(),
    passMerge: saved => stage.fold('pass-merge', 'pass-start').merge(saved),
    passFinish: () => stage.end('pass-finish', 'pass-start').finish(),
    finish: (text, input, state) => plugin.finish(params(text), schema(input), state),
    predictStart(input, model) {
      const read = schema(input)
      stage.beginMap(plugin.model(read, model), read)
    },
    predict: rows => stage.map(rows, 'predict', 'predict-start'),
  })
}

/** A predictor: predictions from a model that was trained elsewhere. */
export function predictor(plugin) {
  const stage = new Stage()
  const params = text => parse(plugin.params, text)
  return guarded({
    describe: (text, input, model) => plugin.describe(params(text), schema(input), model),
    predictStart(text, input, model) {
      const read = schema(input)
      stage.beginMap(plugin.model(params(text), read, model), read)
    },
    predict: rows => stage.map(rows, 'predict', 'predict-start'),
  })
}

/** An evaluator: labels and predictions in, metrics out, overall and by slice. */
export function evaluator(plugin) {
  const stage = new Stage()
  return guarded({
    ...folding(stage, plugin),
    update: rows => stage.fold('update', 'start').update(stage.rows(rows)),
  })
}

/** A drift detector: how far a current window has moved from a reference window. */
export function drift(plugin) {
  const stage = new Stage()
  return guarded({
    ...folding(stage, plugin),
    update: (window, rows) => stage.fold('update', 'start').update(window, stage.rows(rows)),
  })
}

function folding(stage, plugin) {
  const params = text => parse(plugin.params, text)
  return {
    describe: (text, input) => plugin.describe(params(text), schema(input)),
    start(text, input) {
      const read = schema(input)
      stage.beginFold(plugin.start(params(text), read), read)
    },
    save: () => stage.fold('save', 'start').save(),
    merge: saved => stage.fold('merge', 'start').merge(saved),
    finish: () => stage.end('finish', 'start').finish(),
  }
}

/** A trigger policy: facts in, a decision to retrain or not out, with its reason. */
export function trigger(plugin) {
  return guarded({
    describe: text => plugin.describe(parse(plugin.params, text)),
    decide: (text, facts) => plugin.decide(parse(plugin.params, text), Array.from(facts, lifted)),
  })
}

/** Engines hand over 64 bits as numbers or as BigInts: a plugin sees numbers. */
function lifted({ name, value: { tag, val } }) {
  return { name, kind: tag, value: typeof val === 'bigint' ? Number(val) : val }
}

/** What an instance of a role does: fold, map, or nothing yet. */
class Stage {
  #read
  #fold
  #map

  beginFold(fold, read) {
    this.#fold = fold
    this.#map = undefined
    this.#read = read
  }

  beginMap(map, read) {
    this.#fold = undefined
    this.#map = map
    this.#read = read
  }

  fold(call, before) {
    if (this.#fold === undefined) throw outOfOrder(call, before)
    return this.#fold
  }

  end(call, before) {
    const fold = this.fold(call, before)
    this.#fold = undefined
    return fold
  }

  rows(batch) {
    return Batch.of(batch, this.#read)
  }

  map(batch, call, before) {
    if (this.#map === undefined) throw outOfOrder(call, before)
    const columns = this.#map.map(this.rows(batch))
    columns.forEach((column, i) => {
      if (column.length !== batch.rows) {
        throw failed(`computed column ${i} has ${column.length} rows of ${batch.rows}`)
      }
    })
    return { rows: batch.rows, columns: columns.map(toWire) }
  }
}

const schema = wire => new Schema(Array.from(wire.fields))

/** An exception never leaves the component but as the contract's error: a trap would tell nothing. */
function guarded(calls) {
  const guard = call => (...args) => {
    try {
      return lowered(call(...args))
    } catch (error) {
      throw toContract(error)
    }
  }
  return Object.fromEntries(Object.entries(calls).map(([name, call]) => [name, guard(call)]))
}

/** A schema of ours is a plain record for the bindings. */
function lowered(result) {
  const prediction = result?.prediction
  return prediction instanceof Schema ? { ...result, prediction: { fields: prediction.fields } } : result
}
