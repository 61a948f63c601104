// Drift by how far the mean moved, in standard deviations of the reference window.

import { Moments, Reader, Writer, drift, params } from '../../../src/index.js'

const WINDOWS = ['reference', 'current']

class Windows {
  // The moments of each column, in each window.
  constructor(threshold, columns) {
    this.threshold = threshold
    this.columns = columns
    const fresh = () => columns.map(() => new Moments())
    this.moments = { reference: fresh(), current: fresh() }
  }

  update(window, rows) {
    rows.columns.forEach((column, i) => this.moments[window][i].update(column.float64s()))
  }

  save() {
    const writer = new Writer()
    for (const window of WINDOWS) this.moments[window].forEach(moments => moments.write(writer))
    return writer.bytes()
  }

  merge(saved) {
    const reader = new Reader(saved)
    for (const window of WINDOWS) {
      this.moments[window].forEach(moments => moments.merge(Moments.read(reader)))
    }
    reader.end()
  }

  finish() {
    return this.columns.map((column, i) => this.score(column, i))
  }

  score(column, i) {
    const { threshold, moments: { reference: { [i]: reference }, current: { [i]: current } } } = this
    const value = Math.abs(current.mean - reference.mean) / reference.deviation()
    return {
      column,
      measure: 'mean_shift',
      value,
      pValue: undefined,
      threshold,
      verdict: value >= threshold ? 'drifted' : 'stable',
      nReference: reference.n,
      nCurrent: current.n,
    }
  }
}

export const plugin = drift({
  params: {
    columns: params.list(params.string, { notEmpty: true }),
    threshold: params.optional(params.number, 0.1),
  },

  describe: ({ columns }, input) => (
    { reads: input.indicesOf(columns, 'float64'), mergeable: true }
  ),

  start: ({ threshold }, input) => new Windows(threshold, input.fields.map(({ name }) => name)),
})
