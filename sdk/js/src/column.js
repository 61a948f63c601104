// Columns and batches, in the layout that crosses the component boundary.
//
// Invariant: a null row holds a zero, or an empty value, so equal columns are equal bytes.

import { failed, invalidInput } from './errors.js'
import { decode, encode } from './text.js'

const isVariable = kind => kind === 'utf8' || kind === 'binary'

/** One column. Make one with the functions named after the kinds. */
export class Column {
  constructor(kind, values, validity, width = 0, name = '') {
    this.kind = kind
    this.values = values
    this.validity = validity
    this.width = width
    this.name = name
  }

  get length() {
    if (isVariable(this.kind)) return this.values.offsets.length - 1
    return this.kind === 'vector' ? this.values.length / (this.width || 1) : this.values.length
  }

  /** Whether this row has a value. */
  isValid(row) {
    return this.validity.length === 0 || (this.validity[row >> 3] >> (row & 7) & 1) === 1
  }

  // Reading: one value a row, `null` where there is none.

  booleans() {
    return this.#rows('boolean', value => value !== 0)
  }

  int64s() {
    return this.#rows('int64', value => this.#exact(value))
  }

  float64s() {
    return this.#rows('float64')
  }

  /** Microseconds since the epoch. */
  timestampsUs() {
    return this.#rows('timestamp-us', value => this.#exact(value))
  }

  utf8s() {
    return this.#slices('utf8', decode)
  }

  /** Uint8Arrays. */
  binaries() {
    return this.#slices('binary', (bytes, start, end) => Uint8Array.from(bytes.slice(start, end)))
  }

  /** Arrays of `width` numbers. */
  vectors() {
    this.expect('vector')
    const { values, width } = this
    return this.#nulls(this.#map(row => Array.from(values.slice(row * width, (row + 1) * width))))
  }

  /** Any kind of number: float64, int64, boolean. */
  numbers() {
    this.expect('float64', 'int64', 'boolean')
    return this.kind === 'int64' ? this.int64s() : this.#rows(this.kind)
  }

  // Making: from one value a row, `null` for a row that has none.

  static boolean(rows) {
    return fixed('boolean', rows, 0, Uint8Array, value => (value ? 1 : 0))
  }

  /** Of numbers or BigInts. */
  static int64(rows) {
    return fixed('int64', rows, 0n, BigInt64Array, checked)
  }

  static float64(rows) {
    return fixed('float64', rows, 0, Float64Array)
  }

  /** Of numbers or BigInts. */
  static timestampUs(rows) {
    return fixed('timestamp-us', rows, 0n, BigInt64Array, checked)
  }

  static utf8(rows) {
    return variable('utf8', rows, encode)
  }

  static binary(rows) {
    return variable('binary', rows, bytes => bytes)
  }

  static vector(width, rows) {
    const all = Array.from(rows)
    const values = new Float32Array(all.length * width)
    all.forEach((row, i) => {
      if (row == null) return
      if (row.length !== width) {
        throw failed(`a vector of ${row.length} in a column of width ${width}`)
      }
      values.set(row, i * width)
    })
    return new Column('vector', values, bitmap(all), width)
  }

  /** Refuses another kind, by the column's name. */
  expect(...kinds) {
    if (kinds.includes(this.kind)) return
    const column = this.name ? `column \`${this.name}\`` : 'a column'
    throw invalidInput(`${column} is ${this.kind}, and was read as ${kinds.join(' or ')}`)
  }

  /** The component's engine rounds what it is handed to 53 bits, and cannot tell: refuse, not round. */
  #exact(value) {
    const number = Number(value)
    if (Number.isSafeInteger(number)) return number
    throw invalidInput(`column \`${this.name}\`: ${value} is beyond 53 bits, and JavaScript would round it`)
  }

  #rows(kind, of) {
    this.expect(kind)
    const { values } = this
    return this.#nulls(of === undefined ? values : this.#map(row => of(values[row])))
  }

  #slices(kind, of) {
    this.expect(kind)
    const { offsets, bytes } = this.values
    return this.#nulls(this.#map(row => of(bytes, offsets[row], offsets[row + 1])))
  }

  #map(of) {
    return Array.from({ length: this.length }, (_, row) => of(row))
  }

  #nulls(values) {
    if (this.validity.length === 0) return values // no copy
    return this.#map(row => (this.isValid(row) ? values[row] : null))
  }
}

/** Some rows. */
export class Batch {
  constructor(rows, columns) {
    this.rows = rows
    this.columns = columns
  }

  /** From the bindings: columns named for error messages, and of the kinds promised. */
  static of(wire, schema) {
    const { length } = schema.fields
    if (wire.columns.length !== length) {
      throw invalidInput(`${wire.columns.length} columns where ${length} were described`)
    }
    const columns = Array.from(wire.columns, ({ values, validity }, i) => {
      const { name, kind, width } = schema.fields[i]
      const column = new Column(values.tag, values.val, validity, width, name)
      column.expect(kind)
      return column
    })
    return new Batch(wire.rows, columns)
  }
}

/** For the bindings. */
export function toWire({ kind, values, validity }) {
  return { values: { tag: kind, val: values }, validity }
}

/** The validity of these rows: empty where every one has a value. */
export function bitmap(rows) {
  if (!rows.some(row => row == null)) return new Uint8Array(0)
  const bits = new Uint8Array((rows.length + 7) >> 3)
  rows.forEach((row, i) => {
    if (row != null) bits[i >> 3] |= 1 << (i & 7)
  })
  return bits
}

function fixed(kind, rows, zero, Values, of = value => value) {
  const all = Array.from(rows)
  const values = Values.from(all, row => (row == null ? zero : of(row)))
  return new Column(kind, values, bitmap(all))
}

function variable(kind, rows, of) {
  const all = Array.from(rows)
  const pieces = all.map(row => (row == null ? [] : of(row)))
  const offsets = new Uint32Array(all.length + 1)
  pieces.forEach((piece, i) => { offsets[i + 1] = offsets[i] + piece.length })
  const bytes = new Uint8Array(offsets[all.length])
  pieces.forEach((piece, i) => bytes.set(piece, offsets[i]))
  return new Column(kind, { offsets, bytes }, bitmap(all))
}

function checked(value) {
  const big = BigInt(value)
  if (BigInt.asIntN(64, big) !== big) throw failed(`${value} does not fit into 64 bits`)
  return big
}
