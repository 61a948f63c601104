//! Sums and moments with a fixed order, so with the same bits everywhere.

const std = @import("std");
const Column = @import("column.zig").Column;
const Context = @import("context.zig").Context;
const state = @import("state.zig");

/// The number of independent accumulators of `sum`. A serial sum leaves the sandbox waiting for
/// every addition and for the NaN check behind it; sixteen lanes hide that.
pub const lanes = 16;

/// The sum of all values, in sixteen fixed lanes that meet pairwise.
pub fn sum(values: []const f64) f64 {
    var totals: @Vector(lanes, f64) = @splat(0);
    var at: usize = 0;
    while (at + lanes <= values.len) : (at += lanes) {
        totals += @as(@Vector(lanes, f64), values[at..][0..lanes].*);
    }
    var met: [lanes]f64 = totals;
    for (values[at..], 0..) |value, lane| met[lane] += value;
    var half: usize = lanes / 2;
    while (half > 0) : (half /= 2) {
        for (0..half) |lane| met[lane] += met[lane + half];
    }
    return met[0];
}

/// Mean and variance in one pass, mergeable.
///
/// Source: Welford (1962), "Note on a method for calculating corrected sums of squares and
/// products"; Chan, Golub & LeVeque (1979) for the merge.
pub const Moments = struct {
    n: u64 = 0,
    mean: f64 = 0,
    /// The sum of squared differences from the mean.
    m2: f64 = 0,

    /// Takes in one value.
    pub fn add(self: *Moments, x: f64) void {
        self.n += 1;
        const d = x - self.mean;
        self.mean += d / @as(f64, @floatFromInt(self.n));
        self.m2 += d * (x - self.mean);
    }

    /// Takes in a column of float64, in order, without its nulls and NaNs.
    pub fn update(self: *Moments, cx: *Context, column: Column) Context.Error!void {
        for (try column.as(cx, .float64), 0..) |x, row| {
            if (column.isValid(row) and !std.math.isNan(x)) self.add(x);
        }
    }

    /// Takes in what another part of the rows gave.
    pub fn merge(self: *Moments, b: Moments) void {
        if (b.n == 0) return;
        if (self.n == 0) {
            self.* = b;
            return;
        }
        const n = self.n + b.n;
        const a_n: f64 = @floatFromInt(self.n);
        const share = @as(f64, @floatFromInt(b.n)) / @as(f64, @floatFromInt(n));
        const d = b.mean - self.mean;
        self.* = .{
            .n = n,
            .mean = self.mean + d * share,
            .m2 = self.m2 + b.m2 + d * d * (a_n * share),
        };
    }

    /// The population standard deviation; 1 where there is none to speak of.
    pub fn deviationOrOne(self: Moments) f64 {
        if (self.n == 0) return 1;
        const deviation = @sqrt(self.m2 / @as(f64, @floatFromInt(self.n)));
        return if (deviation == 0) 1 else deviation;
    }

    /// As 24 bytes: the same in every SDK.
    pub fn write(self: Moments, writer: *state.Writer) error{OutOfMemory}!void {
        try writer.put(u64, self.n);
        try writer.put(f64, self.mean);
        try writer.put(f64, self.m2);
    }

    /// What `write` wrote.
    pub fn read(reader: *state.Reader) Context.Error!Moments {
        return .{
            .n = try reader.get(u64),
            .mean = try reader.get(f64),
            .m2 = try reader.get(f64),
        };
    }
};

test "parts merge into the whole" {
    var whole: Moments = .{};
    var parts: Moments = .{};
    for ([_]f64{ 1, 2, 6 }) |x| {
        whole.add(x);
        var part: Moments = .{};
        part.add(x);
        parts.merge(part);
    }
    try std.testing.expectEqual(whole, parts);
    try std.testing.expectEqual(3, whole.mean);
}

test "the lanes of a sum meet at the ends" {
    for ([_]usize{ 0, 1, lanes - 1, lanes, lanes + 1, 5 * lanes + 3 }) |n| {
        const values: [5 * lanes + 3]f64 = @splat(1);
        try std.testing.expectEqual(@as(f64, @floatFromInt(n)), sum(values[0..n]));
    }
}
