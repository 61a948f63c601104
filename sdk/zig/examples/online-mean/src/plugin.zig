//! Predicts the mean of the label for every row: the trainer that every other one has to beat.

const std = @import("std");
const refrain = @import("refrain");

const Batch = refrain.Batch;
const Column = refrain.Column;
const Context = refrain.Context;
const Moments = refrain.kernels.Moments;
const Schema = refrain.Schema;
const trainer = refrain.trainer;

/// The plugin.
pub const OnlineMean = struct {
    pub const Params = struct { label: []const u8, prediction: []const u8 = "prediction" };

    pub fn describe(
        cx: *Context,
        params: Params,
        input: Schema,
    ) Context.Error!trainer.Description {
        const label = try input.indexOfKind(cx, params.label, &.{.float64});
        const training = try cx.arena.dupe(u32, &.{label});
        // Only the number of rows matters, and some column has to carry it.
        const other: u32 = if (label == 0) 1 else 0;
        const prediction = try cx.arena.dupe(u32, &.{other});
        const fields = try cx.arena.dupe(refrain.Field, &.{
            .{ .name = params.prediction, .kind = .float64 },
        });
        return .{
            .training_reads = training,
            .prediction_reads = if (input.fields.len > 1) prediction else &.{},
            .prediction = .{ .fields = fields },
            .mergeable = true,
        };
    }

    /// One pass is enough.
    pub const Pass = struct {
        moments: Moments = .{},

        pub fn init(
            cx: *Context,
            _: Params,
            _: Schema,
            _: u64,
            state: []const u8,
        ) Context.Error!Pass {
            if (state.len != 0) return cx.failed("there is no second pass", .{});
            return .{};
        }

        pub fn update(self: *Pass, cx: *Context, rows: Batch) Context.Error!void {
            try self.moments.update(cx, try rows.column(cx, 0));
        }

        pub fn save(self: *Pass, cx: *Context) Context.Error![]const u8 {
            var writer: refrain.state.Writer = .init(cx.arena);
            try self.moments.write(&writer);
            return writer.finish();
        }

        pub fn merge(self: *Pass, cx: *Context, saved: []const u8) Context.Error!void {
            self.moments.merge(try load(cx, saved));
        }

        pub fn finish(self: *Pass, cx: *Context) Context.Error!trainer.PassEnd {
            const measures = try cx.arena.dupe(trainer.Measure, &.{
                .{ .name = "mean", .value = self.moments.mean },
            });
            return .{ .state = try self.save(cx), .done = true, .measures = measures };
        }
    };

    /// The model: the mean, and nothing else.
    pub fn finish(
        cx: *Context,
        _: Params,
        _: Schema,
        state: []const u8,
    ) Context.Error![]const u8 {
        var writer: refrain.state.Writer = .init(cx.arena);
        try writer.put(f64, (try load(cx, state)).mean);
        return writer.finish();
    }

    /// What predicts.
    pub const Model = struct {
        mean: f64,

        pub fn init(cx: *Context, _: Schema, model: []const u8) Context.Error!Model {
            var reader: refrain.state.Reader = .init(cx, model);
            const mean = try reader.get(f64);
            try reader.end();
            return .{ .mean = mean };
        }

        pub fn map(self: *Model, cx: *Context, rows: Batch) Context.Error![]Column {
            const predictions = try cx.arena.alloc(f64, rows.rows);
            @memset(predictions, self.mean);
            const columns = try cx.arena.alloc(Column, 1);
            columns[0] = Column.float64(predictions);
            return columns;
        }
    };
};

/// What `Pass.save` wrote.
fn load(cx: *Context, bytes: []const u8) Context.Error!Moments {
    var reader: refrain.state.Reader = .init(cx, bytes);
    const moments = try Moments.read(&reader);
    try reader.end();
    return moments;
}

comptime {
    trainer.exportPlugin(OnlineMean);
}

test "predicts the mean of the labels that are there" {
    const testing = refrain.testing;
    var bench: testing.Bench = undefined;
    bench.init();
    defer bench.deinit();
    const schema: Schema = .{ .fields = &.{
        .{ .name = "y", .kind = .float64, .nullable = true },
        .{ .name = "x", .kind = .int64 },
    } };
    var columns = [_]Column{
        bench.column(.float64, &.{ 1, null, 3 }),
        bench.column(.int64, &.{ 7, 8, 9 }),
    };
    const table: testing.Table = .of(schema, &columns, 3);
    const expected = bench.column(.float64, &.{ 2, 2, 2 });
    for ([_]usize{ 1, 2, 3 }) |n_rows| {
        const params = "{\"label\":\"y\"}";
        const found = try testing.runTrainer(OnlineMean, &bench, params, table, n_rows);
        try std.testing.expectEqualDeep(expected, found[0]);
    }
}
