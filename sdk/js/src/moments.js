// Mean and variance that merge.

/**
 * Count, mean and the sum of squared distances from it.
 *
 * Source: Welford (1962); Chan, Golub & LeVeque (1979) for the merge. The order of the operations
 * is part of the contract: every SDK of Refrain computes the same bytes.
 */
export class Moments {
  constructor(n = 0, mean = 0, m2 = 0) {
    this.n = n
    this.mean = mean
    this.m2 = m2
  }

  /** Takes in values in order; skips nulls and NaN. */
  update(values) {
    let { n, mean, m2 } = this
    for (let i = 0; i < values.length; i++) {
      const x = values[i]
      if (x === null || x !== x) continue
      n += 1
      const d = x - mean
      mean += d / n
      m2 += d * (x - mean)
    }
    Object.assign(this, { n, mean, m2 })
  }

  /** Takes in what came after. */
  merge(other) {
    if (other.n === 0) return
    if (this.n === 0) {
      Object.assign(this, other)
      return
    }
    const n = this.n + other.n
    const d = other.mean - this.mean
    const share = other.n / n
    this.mean = this.mean + d * share
    this.m2 = this.m2 + other.m2 + d * d * (this.n * share)
    this.n = n
  }

  /** The population standard deviation; 1 where there is none to divide by. */
  deviation() {
    const sd = this.n === 0 ? 0 : Math.sqrt(this.m2 / this.n)
    return sd === 0 ? 1 : sd
  }

  write(writer) {
    writer.u64(this.n).f64(this.mean).f64(this.m2)
  }

  static read(reader) {
    return new Moments(reader.count(), reader.f64(), reader.f64())
  }
}
