//! How far the mean of each column has moved, in standard deviations of the reference.

const std = @import("std");
const refrain = @import("refrain");

const Batch = refrain.Batch;
const Context = refrain.Context;
const Moments = refrain.kernels.Moments;
const Schema = refrain.Schema;
const drift = refrain.drift;

/// The plugin.
pub const MeanShift = struct {
    pub const Params = struct { columns: []const []const u8, threshold: f64 = 0.1 };

    pub fn describe(cx: *Context, params: Params, input: Schema) Context.Error!drift.Description {
        try refrain.params.notEmpty(cx, "columns", params.columns);
        return .{
            .reads = try input.indicesOfKind(cx, params.columns, &.{.float64}),
            .mergeable = true,
        };
    }

    /// Moments of the reference window, then of the current one; one of each a column.
    pub const Fold = struct {
        params: Params,
        input: Schema,
        reference: []Moments,
        current: []Moments,

        pub fn init(cx: *Context, params: Params, input: Schema) Context.Error!Fold {
            const moments = try cx.arena.alloc(Moments, 2 * input.fields.len);
            @memset(moments, .{});
            return .{
                .params = params,
                .input = input,
                .reference = moments[0..input.fields.len],
                .current = moments[input.fields.len..],
            };
        }

        pub fn update(
            self: *Fold,
            cx: *Context,
            window: drift.Window,
            rows: Batch,
        ) Context.Error!void {
            const of_window = if (window == .reference) self.reference else self.current;
            for (of_window, 0..) |*moments, index| {
                try moments.update(cx, try rows.column(cx, index));
            }
        }

        pub fn save(self: *Fold, cx: *Context) Context.Error![]const u8 {
            var writer: refrain.state.Writer = .init(cx.arena);
            for ([_][]Moments{ self.reference, self.current }) |of_window| {
                for (of_window) |moments| try moments.write(&writer);
            }
            return writer.finish();
        }

        pub fn merge(self: *Fold, cx: *Context, saved: []const u8) Context.Error!void {
            var reader: refrain.state.Reader = .init(cx, saved);
            for ([_][]Moments{ self.reference, self.current }) |of_window| {
                for (of_window) |*moments| moments.merge(try Moments.read(&reader));
            }
            try reader.end();
        }

        pub fn finish(self: *Fold, cx: *Context) Context.Error![]const drift.Score {
            const scores = try cx.arena.alloc(drift.Score, self.input.fields.len);
            for (scores, self.input.fields, self.reference, self.current) |*score, field, a, b| {
                const shift = @abs(b.mean - a.mean) / a.deviationOrOne();
                score.* = .{
                    .column = field.name,
                    .measure = "mean_shift",
                    .value = shift,
                    .threshold = self.params.threshold,
                    .verdict = if (shift >= self.params.threshold) .drifted else .stable,
                    .n_reference = a.n,
                    .n_current = b.n,
                };
            }
            return scores;
        }
    };
};

comptime {
    drift.exportPlugin(MeanShift);
}

test "a mean that moved by two deviations has drifted, whole and in parts" {
    const testing = refrain.testing;
    var bench: testing.Bench = undefined;
    bench.init();
    defer bench.deinit();
    const schema: Schema = .{
        .fields = &.{.{ .name = "x", .kind = .float64, .nullable = true }},
    };
    var before = [_]refrain.Column{bench.column(.float64, &.{ -1, 1, null })};
    var after = [_]refrain.Column{bench.column(.float64, &.{ 2, 2, 2 })};
    const reference: testing.Table = .of(schema, &before, 3);
    const current: testing.Table = .of(schema, &after, 3);
    for ([_]usize{ 1, 2, 3 }) |n_rows| {
        const scores = try testing.runDrift(
            MeanShift,
            &bench,
            "{\"columns\":[\"x\"]}",
            .{ .reference = reference, .current = current },
            n_rows,
        );
        const expected: []const drift.Score = &.{.{
            .column = "x",
            .measure = "mean_shift",
            .value = 2,
            .threshold = 0.1,
            .verdict = .drifted,
            .n_reference = 2,
            .n_current = 3,
        }};
        try std.testing.expectEqualDeep(expected, scores);
    }
}
