// Trains again when there are enough new rows.

import { params, trigger } from '../{{sdk}}/src/index.js'

const NEW_ROWS = 'rows.since_training'

export const plugin = trigger({
  params: { rows: params.integer },

  describe: () => [NEW_ROWS],

  decide({ rows }, facts) {
    const n = facts.find(({ name }) => name === NEW_ROWS)?.value
    const [verdict, reason] = n === undefined
      ? ['inconclusive', 'nobody knows how many rows are new']
      : n >= rows ? ['fire', `${n} rows are new`] : ['hold', `only ${n} rows are new`]
    const detail = n === undefined ? `${NEW_ROWS} is not known` : `${NEW_ROWS} is ${n}`
    return { verdict, reason, evidence: [{ rule: `${NEW_ROWS} >= ${rows}`, verdict, detail }] }
  },
})
