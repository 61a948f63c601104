// Predicts the mean of the label: the baseline that every model has to beat.

import { Column, Moments, Reader, Schema, Writer, field, params, trainer } from '../{{sdk}}/src/index.js'

class Pass {
  moments = new Moments()

  update(rows) {
    this.moments.update(rows.columns[0].float64s())
  }

  save() {
    const writer = new Writer()
    this.moments.write(writer)
    return writer.bytes()
  }

  merge(saved) {
    this.moments.merge(read(saved))
  }

  finish() {
    const measures = [{ name: 'mean', value: this.moments.mean }]
    return { state: this.save(), done: true, measures }
  }
}

function read(state) {
  const reader = new Reader(state)
  const moments = Moments.read(reader)
  reader.end()
  return moments
}

export const plugin = trainer({
  params: {
    label: params.string,
    prediction: params.optional(params.string, 'prediction'),
  },

  describe({ label, prediction }, input) {
    const index = input.indexOf(label, 'float64')
    // A prediction needs no values, but a batch of one column says how many rows there are.
    const others = [...input.fields.keys()].filter(other => other !== index)
    return {
      trainingReads: [index],
      predictionReads: others.slice(0, 1),
      prediction: new Schema([field(prediction, 'float64')]),
      mergeable: true,
    }
  },

  pass: () => new Pass(),

  finish: (_, __, state) => new Writer().f64(read(state).mean).bytes(),

  model(_, bytes) {
    const reader = new Reader(bytes)
    const mean = reader.f64()
    reader.end()
    return { map: rows => [Column.float64(Array(rows.rows).fill(mean))] }
  },
})
