// Reads every column and makes it anew: how each kind is read and made.

import { Column, replacing, transform } from '../../../src/index.js'

const ANEW = {
  boolean: column => Column.boolean(column.booleans()),
  int64: column => Column.int64(column.int64s()),
  float64: column => Column.float64(column.float64s()),
  'timestamp-us': column => Column.timestampUs(column.timestampsUs()),
  utf8: column => Column.utf8(column.utf8s()),
  binary: column => Column.binary(column.binaries()),
  vector: column => Column.vector(column.width, column.vectors()),
}

export const plugin = transform({
  params: {},

  describe: (_, input) => replacing(input, [...input.fields.keys()], input.fields, { needsFit: false }),

  apply: () => ({ map: rows => rows.columns.map(column => ANEW[column.kind](column)) }),
})
