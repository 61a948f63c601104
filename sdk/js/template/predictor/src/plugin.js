// Multiplies a column by the model, which is one number.

import { Column, Reader, Schema, field, params, predictor } from '../{{sdk}}/src/index.js'

function read(model) {
  const reader = new Reader(model)
  const weight = reader.f64()
  reader.end()
  return weight
}

export const plugin = predictor({
  params: {
    feature: params.string,
    prediction: params.optional(params.string, 'prediction'),
  },

  describe({ feature, prediction }, input, model) {
    read(model)
    const index = input.indexOf(feature, 'float64')
    const { nullable } = input.fields[index]
    return { reads: [index], prediction: new Schema([field(prediction, 'float64', { nullable })]) }
  },

  model(_, __, bytes) {
    const weight = read(bytes)
    const scaled = x => (x === null ? null : x * weight)
    return { map: rows => [Column.float64(Array.from(rows.columns[0].float64s(), scaled))] }
  },
})
