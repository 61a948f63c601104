// Sums and moments with a fixed order, so with the same bits everywhere.

import { Column } from "./column";
import { Reader, Writer } from "./state";

/**
 * Mean and variance in one pass, mergeable: the same bytes in every SDK.
 *
 * Source: Welford (1962), "Note on a method for calculating corrected sums of squares and
 * products"; Chan, Golub & LeVeque (1979) for the merge.
 */
export class Moments {
  constructor(
    public n: u64 = 0,
    public mean: f64 = 0,
    /** The sum of squared differences from the mean. */
    public m2: f64 = 0,
  ) {}

  /** Takes in one value. */
  add(x: f64): void {
    this.n += 1;
    const d = x - this.mean;
    this.mean += d / <f64>this.n;
    this.m2 += d * (x - this.mean);
  }

  /** Takes in a column of float64, in order, without its nulls and NaNs. */
  update(column: Column): void {
    const values = column.float64s();
    for (let row = 0; row < values.length; row++) {
      const x = values[row];
      if (column.isValid(row) && !isNaN(x)) this.add(x);
    }
  }

  /** Takes in what another part of the rows gave. */
  merge(b: Moments): void {
    if (b.n == 0) return;
    if (this.n == 0) {
      this.n = b.n;
      this.mean = b.mean;
      this.m2 = b.m2;
      return;
    }
    const n = this.n + b.n;
    const share = <f64>b.n / <f64>n;
    const d = b.mean - this.mean;
    this.mean = this.mean + d * share;
    this.m2 = this.m2 + b.m2 + d * d * (<f64>this.n * share);
    this.n = n;
  }

  /** The population standard deviation; 1 where there is none to speak of. */
  deviationOrOne(): f64 {
    if (this.n == 0) return 1;
    const deviation = sqrt<f64>(this.m2 / <f64>this.n);
    return deviation == 0 ? 1 : deviation;
  }

  /** As 24 bytes. */
  write(writer: Writer): void {
    writer.u64(this.n);
    writer.f64(this.mean);
    writer.f64(this.m2);
  }

  /** What `write` wrote. */
  static read(reader: Reader): Moments {
    return new Moments(reader.u64(), reader.f64(), reader.f64());
  }

  /** So many of them. */
  static list(n: i32): Moments[] {
    const moments: Moments[] = [];
    for (let i = 0; i < n; i++) moments.push(new Moments());
    return moments;
  }
}

const LANES = 16;

/**
 * The sum of all values, in sixteen fixed lanes that meet pairwise: quick in the sandbox, where a
 * serial sum waits for every addition and for the NaN check behind it.
 */
export function sum(values: Float64Array): f64 {
  const totals = new StaticArray<f64>(LANES);
  for (let at = 0; at < values.length; at++) totals[at & (LANES - 1)] += values[at];
  for (let half = LANES / 2; half > 0; half /= 2) {
    for (let lane = 0; lane < half; lane++) totals[lane] += totals[lane + half];
  }
  return totals[0];
}
