// Subtracts from each column its mean.

import { Column, Moments, Reader, Writer, params, replacing, transform } from '../{{sdk}}/src/index.js'

class Means {
  // The moments of each column read.
  constructor(moments) {
    this.moments = moments
  }

  static read(state, nColumns) {
    const reader = new Reader(state)
    const moments = Array.from({ length: nColumns }, () => Moments.read(reader))
    reader.end()
    return new Means(moments)
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
    const there = Means.read(saved, this.moments.length)
    this.moments.forEach((moments, i) => moments.merge(there.moments[i]))
  }

  finish() {
    return this.save()
  }

  map(rows) {
    return rows.columns.map((column, i) => centred(column, this.moments[i].mean))
  }
}

function centred(column, mean) {
  return Column.float64(Array.from(column.float64s(), x => (x === null ? null : x - mean)))
}

export const plugin = transform({
  params: { columns: params.list(params.string, { notEmpty: true }) },

  describe({ columns }, input) {
    const reads = input.indicesOf(columns, 'float64')
    // Same names, same nullability. All other columns are kept by the host, and never enter the sandbox.
    return replacing(input, reads, input.select(reads).fields)
  },

  fit: (_, input) => new Means(input.fields.map(() => new Moments())),

  apply: (_, input, state) => Means.read(state, input.fields.length),
})
