// States as bytes: little-endian, without padding, the same on every machine.

import { failed } from './errors.js'
import { decode, encode } from './text.js'

const U64_MAX = 0xffff_ffff_ffff_ffffn

/** Collects bytes; every call answers the writer, so calls chain. */
export class Writer {
  #bytes = []

  u8(value) {
    return this.#put(1, view => view.setUint8(0, value))
  }

  u32(value) {
    return this.#put(4, view => view.setUint32(0, value, true))
  }

  /** A whole number, not negative, as number or BigInt. */
  u64(value) {
    const big = BigInt(value)
    if (big < 0n || big > U64_MAX) throw failed(`${value} does not fit into a state`)
    return this.#put(8, view => view.setBigUint64(0, big, true))
  }

  i64(value) {
    return this.#put(8, view => view.setBigInt64(0, BigInt(value), true))
  }

  f64(value) {
    return this.#put(8, view => view.setFloat64(0, value, true))
  }

  /** The length as u32, then the bytes. */
  data(bytes) {
    this.u32(bytes.length)
    for (const byte of bytes) this.#bytes.push(byte)
    return this
  }

  text(value) {
    return this.data(encode(value))
  }

  /** All that was written. */
  bytes() {
    return Uint8Array.from(this.#bytes)
  }

  #put(size, set) {
    const buffer = new ArrayBuffer(size)
    set(new DataView(buffer))
    this.#bytes.push(...new Uint8Array(buffer))
    return this
  }
}

/** Takes bytes apart in the order in which they were written. */
export class Reader {
  #bytes
  #view
  #at = 0

  constructor(bytes) {
    this.#bytes = Uint8Array.from(bytes)
    this.#view = new DataView(this.#bytes.buffer)
  }

  u8() {
    return this.#view.getUint8(this.#take(1))
  }

  u32() {
    return this.#view.getUint32(this.#take(4), true)
  }

  /** A BigInt. */
  u64() {
    return this.#view.getBigUint64(this.#take(8), true)
  }

  /** A u64 as a number: for counts. */
  count() {
    const value = Number(this.u64())
    if (!Number.isSafeInteger(value)) throw foreign('a count is too large')
    return value
  }

  /** A BigInt. */
  i64() {
    return this.#view.getBigInt64(this.#take(8), true)
  }

  f64() {
    return this.#view.getFloat64(this.#take(8), true)
  }

  data() {
    const length = this.u32()
    const at = this.#take(length)
    return this.#bytes.slice(at, at + length)
  }

  text() {
    const bytes = this.data()
    return decode(bytes, 0, bytes.length)
  }

  /** Refuses a state that is longer than what was read of it. */
  end() {
    const rest = this.#bytes.length - this.#at
    if (rest > 0) throw foreign(`${rest} bytes too many`)
  }

  #take(size) {
    const at = this.#at
    if (this.#bytes.length - at < size) throw foreign(`it ends at byte ${this.#bytes.length}`)
    this.#at = at + size
    return at
  }
}

const foreign = why => failed(`the state is not of this plugin: ${why}`)
