//! Multiplies a column by the model, which is one number.

const std = @import("std");
const refrain = @import("refrain");

const Batch = refrain.Batch;
const Column = refrain.Column;
const Context = refrain.Context;
const Schema = refrain.Schema;
const predictor = refrain.predictor;

/// The plugin.
pub const Scale = struct {
    pub const Params = struct { feature: []const u8, prediction: []const u8 = "prediction" };

    pub fn describe(
        cx: *Context,
        params: Params,
        input: Schema,
        model: []const u8,
    ) Context.Error!predictor.Description {
        _ = try load(cx, model);
        const feature = try input.indexOfKind(cx, params.feature, &.{.float64});
        const fields = try cx.arena.dupe(refrain.Field, &.{.{
            .name = params.prediction,
            .kind = .float64,
            .nullable = input.fields[feature].nullable,
        }});
        const reads = try cx.arena.dupe(u32, &.{feature});
        return .{ .reads = reads, .prediction = .{ .fields = fields } };
    }

    /// What predicts.
    pub const Model = struct {
        weight: f64,

        pub fn init(
            cx: *Context,
            _: Params,
            _: Schema,
            model: []const u8,
        ) Context.Error!Model {
            return .{ .weight = try load(cx, model) };
        }

        pub fn map(self: *Model, cx: *Context, rows: Batch) Context.Error![]Column {
            const column = try rows.column(cx, 0);
            const values = try column.as(cx, .float64);
            for (values) |*x| x.* *= self.weight;
            rows.columns[0] = Column.float64(values).withNullsOf(column);
            return rows.columns;
        }
    };
};

/// The model: one number.
fn load(cx: *Context, model: []const u8) Context.Error!f64 {
    var reader: refrain.state.Reader = .init(cx, model);
    const weight = try reader.get(f64);
    try reader.end();
    return weight;
}

comptime {
    predictor.exportPlugin(Scale);
}

test "multiplies, and leaves nulls alone" {
    var bench: refrain.testing.Bench = undefined;
    bench.init();
    defer bench.deinit();
    const cx = &bench.cx;
    const schema: Schema = .{
        .fields = &.{.{ .name = "x", .kind = .float64, .nullable = true }},
    };
    const model = std.mem.asBytes(&@as(f64, 2.5));
    var instance: predictor.Instance(Scale) = .{};
    try instance.predictStart(cx, "{\"feature\":\"x\"}", schema, model);
    var columns = [_]Column{bench.column(.float64, &.{ 2, null })};
    const found = try instance.predict(cx, .{ .rows = 2, .columns = &columns });
    try std.testing.expectEqualDeep(bench.column(.float64, &.{ 5, null }), found.columns[0]);
}
