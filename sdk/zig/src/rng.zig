//! Random numbers from a seed: the only randomness that a plugin has.

/// SplitMix64: 64 bits of state, fast, equidistributed. Not for secrets.
///
/// Source: Steele, Lea & Flood (2014), "Fast splittable pseudorandom number generators".
pub const Rng = struct {
    state: u64,

    pub fn init(seed: u64) Rng {
        return .{ .state = seed };
    }

    /// All 64 bits.
    pub fn next(self: *Rng) u64 {
        self.state +%= 0x9e37_79b9_7f4a_7c15;
        var bits = self.state;
        bits = (bits ^ (bits >> 30)) *% 0xbf58_476d_1ce4_e5b9;
        bits = (bits ^ (bits >> 27)) *% 0x94d0_49bb_1331_11eb;
        return bits ^ (bits >> 31);
    }

    /// Uniform in `[0, 1)`, 53 bits.
    pub fn float(self: *Rng) f64 {
        const bits: f64 = @floatFromInt(self.next() >> 11);
        return bits * (1.0 / @as(f64, 1 << 53));
    }
};
