//! The mean absolute error.

const std = @import("std");
const refrain = @import("refrain");

const Batch = refrain.Batch;
const Context = refrain.Context;
const Schema = refrain.Schema;
const evaluator = refrain.evaluator;

/// The plugin.
pub const AbsoluteError = struct {
    pub const Params = struct { label: []const u8, prediction: []const u8 = "prediction" };

    pub fn describe(
        cx: *Context,
        params: Params,
        input: Schema,
    ) Context.Error!evaluator.Description {
        // In this order the fold is handed them, wherever they stand in the input.
        const reads = try cx.arena.dupe(u32, &.{
            try input.indexOfKind(cx, params.label, &.{.float64}),
            try input.indexOfKind(cx, params.prediction, &.{.float64}),
        });
        return .{ .reads = reads, .mergeable = true };
    }

    /// The sum of the errors, of rows that have both a label and a prediction.
    pub const Fold = struct {
        n: u64 = 0,
        sum: f64 = 0,

        pub fn init(_: *Context, _: Params, _: Schema) Context.Error!Fold {
            return .{};
        }

        pub fn update(self: *Fold, cx: *Context, rows: Batch) Context.Error!void {
            const labels = try (try rows.column(cx, 0)).rows(cx, .float64, 0);
            const predictions = try (try rows.column(cx, 1)).rows(cx, .float64, 0);
            for (0..rows.rows) |row| {
                const label = labels.get(row) orelse continue;
                const prediction = predictions.get(row) orelse continue;
                self.n += 1;
                self.sum += @abs(prediction - label);
            }
        }

        pub fn save(self: *Fold, cx: *Context) Context.Error![]const u8 {
            var writer: refrain.state.Writer = .init(cx.arena);
            try writer.put(u64, self.n);
            try writer.put(f64, self.sum);
            return writer.finish();
        }

        pub fn merge(self: *Fold, cx: *Context, saved: []const u8) Context.Error!void {
            var reader: refrain.state.Reader = .init(cx, saved);
            self.n += try reader.get(u64);
            self.sum += try reader.get(f64);
            try reader.end();
        }

        pub fn finish(self: *Fold, cx: *Context) Context.Error![]const evaluator.Metric {
            const n: f64 = @floatFromInt(self.n);
            return cx.arena.dupe(evaluator.Metric, &.{.{
                .name = "mean_absolute_error",
                .value = if (self.n == 0) null else self.sum / n,
                .n_rows = self.n,
            }});
        }
    };
};

comptime {
    evaluator.exportPlugin(AbsoluteError);
}

test "rows without a label do not count" {
    const testing = refrain.testing;
    var bench: testing.Bench = undefined;
    bench.init();
    defer bench.deinit();
    const schema: Schema = .{ .fields = &.{
        .{ .name = "prediction", .kind = .float64 },
        .{ .name = "y", .kind = .float64, .nullable = true },
    } };
    var columns = [_]refrain.Column{
        bench.column(.float64, &.{ 1, 1, 1 }),
        bench.column(.float64, &.{ 2, null, 0.5 }),
    };
    const table: testing.Table = .of(schema, &columns, 3);
    for ([_]usize{ 1, 2, 3 }) |n_rows| {
        const params = "{\"label\":\"y\"}";
        const found = try testing.runEvaluator(AbsoluteError, &bench, params, table, n_rows);
        try std.testing.expectEqual(0.75, found[0].value.?);
        try std.testing.expectEqual(2, found[0].n_rows);
    }
}
