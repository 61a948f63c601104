// The mean absolute error.

import { Reader, Writer, evaluator, params } from '../{{sdk}}/src/index.js'

class Errors {
  // The sum of the errors, of rows that have both a label and a prediction.
  n = 0
  sum = 0

  update(rows) {
    const [labels, predictions] = rows.columns.map(column => column.float64s())
    for (let row = 0; row < rows.rows; row++) {
      if (labels[row] === null || predictions[row] === null) continue
      this.n += 1
      this.sum += Math.abs(predictions[row] - labels[row])
    }
  }

  save() {
    return new Writer().u64(this.n).f64(this.sum).bytes()
  }

  merge(saved) {
    const reader = new Reader(saved)
    this.n += reader.count()
    this.sum += reader.f64()
    reader.end()
  }

  finish() {
    const value = this.n === 0 ? undefined : this.sum / this.n
    return [{ name: 'mean_absolute_error', slice: [], part: [], value, nRows: this.n }]
  }
}

export const plugin = evaluator({
  params: {
    label: params.string,
    prediction: params.optional(params.string, 'prediction'),
  },

  // In this order the fold is handed them, wherever they stand in the input.
  describe: ({ label, prediction }, input) => (
    { reads: [input.indexOf(label, 'float64'), input.indexOf(prediction, 'float64')], mergeable: true }
  ),

  start: () => new Errors(),
})
