// Drift by how far the share of nulls moved.

import { Reader, Writer, drift, params } from '../{{sdk}}/src/index.js'

const WINDOWS = ['reference', 'current']

class Counts {
  // Rows and nulls of each column, in each window.
  constructor(threshold, columns) {
    this.threshold = threshold
    this.columns = columns
    const fresh = () => columns.map(() => ({ rows: 0, nulls: 0 }))
    this.counts = { reference: fresh(), current: fresh() }
  }

  update(window, rows) {
    rows.columns.forEach((column, i) => {
      const count = this.counts[window][i]
      count.rows += rows.rows
      for (let row = 0; row < rows.rows; row++) {
        if (!column.isValid(row)) count.nulls += 1
      }
    })
  }

  save() {
    const writer = new Writer()
    for (const window of WINDOWS) {
      for (const { rows, nulls } of this.counts[window]) writer.u64(rows).u64(nulls)
    }
    return writer.bytes()
  }

  merge(saved) {
    const reader = new Reader(saved)
    for (const window of WINDOWS) {
      for (const count of this.counts[window]) {
        count.rows += reader.count()
        count.nulls += reader.count()
      }
    }
    reader.end()
  }

  finish() {
    return this.columns.map((column, i) => (
      this.score(column, this.counts.reference[i], this.counts.current[i])
    ))
  }

  score(column, reference, current) {
    const { threshold } = this
    const isKnown = reference.rows > 0 && current.rows > 0
    const share = ({ rows, nulls }) => nulls / rows
    const value = isKnown ? Math.abs(share(current) - share(reference)) : undefined
    const verdict = value >= threshold ? 'drifted' : 'stable'
    return {
      column,
      measure: 'null_share',
      value,
      pValue: undefined,
      threshold,
      verdict: isKnown ? verdict : 'inconclusive',
      nReference: reference.rows - reference.nulls,
      nCurrent: current.rows - current.nulls,
    }
  }
}

export const plugin = drift({
  params: {
    columns: params.list(params.string, { notEmpty: true }),
    threshold: params.optional(params.number, 0.1),
  },

  describe: ({ columns }, input) => ({ reads: input.indicesOf(columns), mergeable: true }),

  start: ({ threshold }, input) => new Counts(threshold, input.fields.map(({ name }) => name)),
})
