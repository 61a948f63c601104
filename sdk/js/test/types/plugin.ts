// Compiled only (`tsc -p test/types`): the types say what a plugin is, and what it is not.
import { Column, Moments, Reader, Schema, Writer, adding, drift, evaluator, field, params, predictor, trainer, transform, trigger } from '../../src/index.js'
import { checkCases } from '../../src/testing.js'

export const scale = transform({
  params: { column: params.string, factor: params.optional(params.number, 2), names: params.list(params.string) },
  describe({ column, factor, names }, input) {
    const exact: number = factor
    const first: string = names[0] ?? column
    // @ts-expect-error: a kind that there is not
    input.indexOf(first, 'float32')
    return adding(input, [input.indexOf(column, 'float64')], [field(`${column}_${exact}`, 'float64')])
  },
  apply: ({ factor }) => ({
    map: rows => [Column.float64(Array.from(rows.columns[0]!.float64s(), x => (x === null ? null : x * factor)))],
  }),
})

export const mean = trainer({
  params: { label: params.string },
  describe: ({ label }, input) => ({
    trainingReads: [input.indexOf(label)], predictionReads: [], prediction: new Schema([field('p', 'float64')]), mergeable: false,
  }),
  pass(_, __, seed: bigint) {
    const moments = new Moments()
    return {
      update: rows => moments.update(rows.columns[0]!.numbers()),
      finish: () => ({ state: new Writer().f64(moments.mean).u64(seed).bytes(), done: true, measures: [] }),
    }
  },
  finish: (_, __, state) => state,
  model(_, model) {
    const value = new Reader(model).f64()
    return { map: rows => [Column.float64(Array<number>(rows.rows).fill(value))] }
  },
})

export const constant = predictor({
  params: {},
  describe: () => ({ reads: [], prediction: new Schema([field('p', 'int64')]) }),
  model: () => ({ map: rows => [Column.int64(Array<number>(rows.rows).fill(1))] }),
})

export const count = evaluator({
  params: {},
  describe: () => ({ reads: [0], mergeable: false }),
  start: () => ({ update() {}, finish: () => [{ name: 'n', slice: [], part: [], value: undefined, nRows: 0 }] }),
})

export const still = drift({
  params: {},
  describe: () => ({ reads: [], mergeable: false }),
  start: () => ({ update(window) { if (window === 'current') return }, finish: () => [] }),
})

export const never = trigger({
  params: { rows: params.integer },
  describe: () => ['rows.total'],
  // @ts-expect-error: a verdict that there is not
  decide({ rows }, facts) {
    const fact = facts.find(({ name }) => name === 'rows.total')
    if (fact?.kind === 'integer' && fact.value > rows) return { verdict: 'wait', reason: '', evidence: [] }
    return { verdict: 'hold', reason: 'never', evidence: [] }
  },
})

checkCases('transform', () => scale, 'cases')
