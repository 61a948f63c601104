//! Drift by how far the share of nulls moved.

const std = @import("std");
const refrain = @import("refrain");

const Batch = refrain.Batch;
const Context = refrain.Context;
const Schema = refrain.Schema;
const drift = refrain.drift;

/// The plugin.
pub const NullShare = struct {
    pub const Params = struct { columns: []const []const u8, threshold: f64 = 0.1 };

    pub fn describe(cx: *Context, params: Params, input: Schema) Context.Error!drift.Description {
        try refrain.params.notEmpty(cx, "columns", params.columns);
        return .{
            .reads = try input.indicesOfKind(cx, params.columns, std.enums.values(refrain.Kind)),
            .mergeable = true,
        };
    }

    /// Rows and nulls of each column, in each window.
    pub const Fold = struct {
        params: Params,
        input: Schema,
        windows: [2][]Count,

        pub fn init(cx: *Context, params: Params, input: Schema) Context.Error!Fold {
            const counts = try cx.arena.alloc(Count, 2 * input.fields.len);
            @memset(counts, .{});
            const n = input.fields.len;
            return .{ .params = params, .input = input, .windows = .{ counts[0..n], counts[n..] } };
        }

        pub fn update(
            self: *Fold,
            cx: *Context,
            window: drift.Window,
            rows: Batch,
        ) Context.Error!void {
            for (self.windows[@backingInt(window)], 0..) |*count, index| {
                const column = try rows.column(cx, index);
                count.rows += rows.rows;
                for (0..rows.rows) |row| count.nulls += @intFromBool(!column.isValid(row));
            }
        }

        pub fn save(self: *Fold, cx: *Context) Context.Error![]const u8 {
            var writer: refrain.state.Writer = .init(cx.arena);
            for (self.windows) |counts| {
                for (counts) |count| {
                    try writer.put(u64, count.rows);
                    try writer.put(u64, count.nulls);
                }
            }
            return writer.finish();
        }

        pub fn merge(self: *Fold, cx: *Context, saved: []const u8) Context.Error!void {
            var reader: refrain.state.Reader = .init(cx, saved);
            for (self.windows) |counts| {
                for (counts) |*count| {
                    count.rows += try reader.get(u64);
                    count.nulls += try reader.get(u64);
                }
            }
            try reader.end();
        }

        pub fn finish(self: *Fold, cx: *Context) Context.Error![]const drift.Score {
            const scores = try cx.arena.alloc(drift.Score, self.input.fields.len);
            const reference, const current = self.windows;
            for (scores, self.input.fields, reference, current) |*score, field, a, b| {
                const value = if (a.rows > 0 and b.rows > 0) @abs(b.share() - a.share()) else null;
                score.* = .{
                    .column = field.name,
                    .measure = "null_share",
                    .value = value,
                    .threshold = self.params.threshold,
                    .verdict = self.verdict(value),
                    .n_reference = a.rows - a.nulls,
                    .n_current = b.rows - b.nulls,
                };
            }
            return scores;
        }

        fn verdict(self: *Fold, value: ?f64) drift.Verdict {
            const moved = value orelse return .inconclusive;
            return if (moved >= self.params.threshold) .drifted else .stable;
        }
    };
};

const Count = struct {
    rows: u64 = 0,
    nulls: u64 = 0,

    fn share(self: Count) f64 {
        return @as(f64, @floatFromInt(self.nulls)) / @as(f64, @floatFromInt(self.rows));
    }
};

comptime {
    drift.exportPlugin(NullShare);
}

test "half of a column became null" {
    const testing = refrain.testing;
    var bench: testing.Bench = undefined;
    bench.init();
    defer bench.deinit();
    const schema: Schema = .{ .fields = &.{.{ .name = "x", .kind = .utf8, .nullable = true }} };
    var before = [_]refrain.Column{bench.column(.utf8, &.{ "a", "b" })};
    var after = [_]refrain.Column{bench.column(.utf8, &.{ "a", null })};
    for ([_]usize{ 1, 2 }) |n_rows| {
        const scores = try testing.runDrift(
            NullShare,
            &bench,
            "{\"columns\":[\"x\"],\"threshold\":0.5}",
            .{ .reference = .of(schema, &before, 2), .current = .of(schema, &after, 2) },
            n_rows,
        );
        try std.testing.expectEqual(0.5, scores[0].value.?);
        try std.testing.expectEqual(.drifted, scores[0].verdict);
    }
}
