// Standardizes columns: subtracts the mean, divides by the population standard deviation.

import { Column, Moments, Reader, Writer, params, replacing, transform } from '../../../src/index.js'

class Scales {
  // The moments of each column read.
  constructor(moments) {
    this.moments = moments
  }

  static read(state, nColumns) {
    const reader = new Reader(state)
    const moments = Array.from({ length: nColumns }, () => Moments.read(reader))
    reader.end()
    return new Scales(moments)
  }

  update(rows) {
    rows.columns.forEach((column, i) => this.moments[i].update(column.float64s()))
  }

  save() {
    const writer = new Writer()
    this.moments.forEach(moments => moments.write(writer))
    return writer.bytes()
  }

  merge(saved) {
    const there = Scales.read(saved, this.moments.length)
    this.moments.forEach((moments, i) => moments.merge(there.moments[i]))
  }

  finish() {
    return this.save()
  }

  map(rows) {
    return rows.columns.map((column, i) => scaled(column, this.moments[i]))
  }
}

function scaled(column, moments) {
  const { mean } = moments
  const sd = moments.deviation()
  return Column.float64(Array.from(column.float64s(), x => (x === null ? null : (x - mean) / sd)))
}

export const plugin = transform({
  params: { columns: params.list(params.string, { notEmpty: true }) },

  describe({ columns }, input) {
    const reads = input.indicesOf(columns, 'float64')
    // Same names, same nullability.
    return replacing(input, reads, input.select(reads).fields)
  },

  fit: (_, input) => new Scales(input.fields.map(() => new Moments())),

  apply: (_, input, state) => Scales.read(state, input.fields.length),
})
