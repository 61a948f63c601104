//! Subtracts the mean and divides by the population standard deviation, column by column.

const std = @import("std");
const refrain = @import("refrain");

const Batch = refrain.Batch;
const Column = refrain.Column;
const Context = refrain.Context;
const Moments = refrain.kernels.Moments;
const Schema = refrain.Schema;
const transform = refrain.transform;

/// The plugin.
pub const ZScore = struct {
    pub const Params = struct { columns: []const []const u8 };

    pub fn describe(
        cx: *Context,
        params: Params,
        input: Schema,
    ) Context.Error!transform.Description {
        try refrain.params.notEmpty(cx, "columns", params.columns);
        const reads = try input.indicesOfKind(cx, params.columns, &.{.float64});
        const computed = try cx.arena.alloc(refrain.Field, reads.len);
        for (computed, reads) |*field, index| field.* = input.fields[index];
        return .{
            .reads = reads,
            .outputs = try transform.replacing(cx, input, reads, computed),
            .needs_fit = true,
            .mergeable = true,
        };
    }

    /// One set of moments a column.
    pub const Fit = struct {
        moments: []Moments,

        pub fn init(cx: *Context, _: Params, input: Schema, _: u64) Context.Error!Fit {
            const moments = try cx.arena.alloc(Moments, input.fields.len);
            @memset(moments, .{});
            return .{ .moments = moments };
        }

        pub fn update(self: *Fit, cx: *Context, rows: Batch) Context.Error!void {
            for (self.moments, 0..) |*moments, index| {
                try moments.update(cx, try rows.column(cx, index));
            }
        }

        pub fn save(self: *Fit, cx: *Context) Context.Error![]const u8 {
            var writer: refrain.state.Writer = .init(cx.arena);
            for (self.moments) |moments| try moments.write(&writer);
            return writer.finish();
        }

        pub fn merge(self: *Fit, cx: *Context, saved: []const u8) Context.Error!void {
            const others = try load(cx, saved, self.moments.len);
            for (self.moments, others) |*moments, other| moments.merge(other);
        }

        pub fn finish(self: *Fit, cx: *Context) Context.Error![]const u8 {
            return self.save(cx);
        }
    };

    /// What computes columns, in place.
    pub const Apply = struct {
        moments: []Moments,

        pub fn init(
            cx: *Context,
            _: Params,
            input: Schema,
            state: []const u8,
        ) Context.Error!Apply {
            return .{ .moments = try load(cx, state, input.fields.len) };
        }

        pub fn map(self: *Apply, cx: *Context, rows: Batch) Context.Error![]Column {
            for (self.moments, 0..) |moments, index| {
                const column = try rows.column(cx, index);
                const values = try column.as(cx, .float64);
                const deviation = moments.deviationOrOne();
                for (values) |*x| x.* = (x.* - moments.mean) / deviation;
                rows.columns[index] = Column.float64(values).withNullsOf(column);
            }
            return rows.columns;
        }
    };
};

/// What `Fit.save` wrote.
fn load(cx: *Context, bytes: []const u8, n_columns: usize) Context.Error![]Moments {
    var reader: refrain.state.Reader = .init(cx, bytes);
    const moments = try cx.arena.alloc(Moments, n_columns);
    for (moments) |*each| each.* = try Moments.read(&reader);
    try reader.end();
    return moments;
}

comptime {
    transform.exportPlugin(ZScore);
}

test "whole and in parts give the same" {
    var bench: refrain.testing.Bench = undefined;
    bench.init();
    defer bench.deinit();
    var columns = [_]Column{bench.column(.float64, &.{ 1, null, 3 })};
    const schema: Schema = .{
        .fields = &.{.{ .name = "x", .kind = .float64, .nullable = true }},
    };
    const table: refrain.testing.Table = .of(schema, &columns, 3);
    const expected = bench.column(.float64, &.{ -1, null, 1 });
    for ([_]usize{ 1, 2, 3 }) |n_rows| {
        const params = "{\"columns\":[\"x\"]}";
        const found = try refrain.testing.runTransform(ZScore, &bench, params, table, n_rows);
        try std.testing.expectEqualDeep(expected, found[0]);
    }
}

test "refusals name what is wrong" {
    const cases = [_][2][]const u8{
        .{ "{\"columns\":[]}", "parameter `columns` is empty" },
        .{ "{}", "missing parameter `columns`" },
        .{ "{\"columns\":[\"x\"],\"x\":1}", "unknown parameter `x`; known: `columns`" },
        .{ "{\"columns\":[\"y\"]}", "no column `y` in the input; there are `x`, `id`" },
        .{ "{\"columns\":[\"id\"]}", "column `id` is int64, and must be float64" },
        .{ "{\"columns\":[\"x\",\"x\"]}", "column `x` is named twice" },
    };
    for (cases) |case| {
        var bench: refrain.testing.Bench = undefined;
        bench.init();
        defer bench.deinit();
        var instance: transform.Instance(ZScore) = .{};
        const input: Schema = .{ .fields = &.{
            .{ .name = "x", .kind = .float64 },
            .{ .name = "id", .kind = .int64 },
        } };
        const outcome = instance.describe(&bench.cx, case[0], input);
        try std.testing.expectError(error.Refused, outcome);
        try std.testing.expectEqualStrings(case[1], bench.refusal());
    }
}
