// Random numbers from a seed: the only randomness that a plugin has.

/**
 * SplitMix64: 64 bits of state, fast, equidistributed. Not for secrets.
 *
 * Source: Steele, Lea & Flood (2014), "Fast splittable pseudorandom number generators".
 */
export class Rng {
  constructor(private state: u64) {}

  /** All 64 bits. */
  next(): u64 {
    this.state += 0x9e3779b97f4a7c15;
    let bits = this.state;
    bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;
    bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
    return bits ^ (bits >> 31);
  }

  /** Uniform in [0, 1), 53 bits. */
  float(): f64 {
    return <f64>(this.next() >> 11) * (1.0 / <f64>(<u64>1 << 53));
  }
}
