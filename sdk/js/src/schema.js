// Schemas: finding columns by name, with errors that say what is there.

import { invalidParams } from './errors.js'

/** What a column holds, by the names that pipelines use. */
export const KINDS = ['boolean', 'int64', 'float64', 'timestamp-us', 'utf8', 'binary', 'vector']

/** One column's name and type. `width` is the number of f32 in a row of a vector, else 0. */
export function field(name, kind, { nullable = false, width = 0 } = {}) {
  return { name, kind, nullable, width }
}

/** The fields of a batch, in the order of its columns. */
export class Schema {
  constructor(fields) {
    this.fields = fields
  }

  /** Where the column stands, or -1. */
  find(name) {
    return this.fields.findIndex(known => known.name === name)
  }

  /** Where the column stands, which must be of one of `kinds` if there are any. */
  indexOf(name, ...kinds) {
    const index = this.find(name)
    if (index < 0) {
      const there = names(this.fields.map(known => known.name), 'there are')
      throw invalidParams(`no column \`${name}\` in the input; ${there}`)
    }
    const { kind } = this.fields[index]
    if (kinds.length > 0 && !kinds.includes(kind)) {
      throw invalidParams(`column \`${name}\` is ${kind}, and must be ${kinds.join(' or ')}`)
    }
    return index
  }

  /** Where these columns stand, in schema order; a name that stands twice is refused. */
  indicesOf(wanted, ...kinds) {
    const found = []
    for (const name of wanted) {
      const index = this.indexOf(name, ...kinds)
      if (found.includes(index)) throw invalidParams(`column \`${name}\` is named twice`)
      found.push(index)
    }
    return found.sort((a, b) => a - b)
  }

  /** The schema of the columns at `indices`: what a fold or a map is started with. */
  select(indices) {
    return new Schema(Array.from(indices, index => this.fields[index]))
  }
}

/** The names in backquotes after some words, up to as many as help anybody. */
export function names(known, some) {
  const NAMES_MAX = 24
  if (known.length === 0) return 'there is none'
  const quoted = known.slice(0, NAMES_MAX).map(name => `\`${name}\``)
  if (known.length > NAMES_MAX) quoted.push(`${known.length - NAMES_MAX} more`)
  return `${some} ${quoted.join(', ')}`
}
