//! Evaluators: labels and predictions in, metrics out, overall and by slice.
//!
//! An evaluator is a struct with
//!   pub const Params = struct { … };
//!   pub fn describe(cx, params, input: Schema) Context.Error!Description
//!   pub const Fold = struct { init, update, save, merge, finish };  // finish: []const Metric

const column = @import("column.zig");
const exports = @import("exports.zig");
const params = @import("params.zig");
const schema = @import("schema.zig");
const Session = @import("session.zig").Session;

const Batch = column.Batch;
const Context = exports.Context;
const Schema = schema.Schema;

/// What the evaluator will read, known before it sees a row.
pub const Description = struct {
    /// Indices of the input columns that the fold is handed, in that order.
    reads: []const u32,
    mergeable: bool,
};

/// A name and a value that together narrow what a metric is about.
pub const Tag = struct { name: []const u8, value: []const u8 };

/// One number.
pub const Metric = struct {
    /// The field's usual name in `snake_case`.
    name: []const u8,
    /// The rows that it was computed on: empty for all rows, else one tag a slicing column.
    slice: []const Tag = &.{},
    /// Which part of the metric it is; empty for a metric that is one number.
    part: []const Tag = &.{},
    /// Null where the rows do not define it.
    value: ?f64,
    /// The number of rows it was computed on.
    n_rows: u64,
};

/// One instance: the exports of the world, without the component around it.
pub fn Instance(comptime Plugin: type) type {
    return struct {
        const Self = @This();

        session: Session(Plugin.Fold, void) = .idle,

        pub fn describe(
            _: *Self,
            cx: *Context,
            text: []const u8,
            input: Schema,
        ) Context.Error!Description {
            return Plugin.describe(cx, try params.parse(cx, Plugin.Params, text), input);
        }

        pub fn start(
            self: *Self,
            cx: *Context,
            text: []const u8,
            input: Schema,
        ) Context.Error!void {
            const parsed = try params.parse(cx, Plugin.Params, text);
            const started = try Plugin.Fold.init(cx, parsed, input);
            self.session = .{ .folding = started };
        }

        pub fn update(self: *Self, cx: *Context, rows: Batch) Context.Error!void {
            return (try self.session.fold(cx, "update")).update(cx, rows);
        }

        pub fn save(self: *Self, cx: *Context) Context.Error![]const u8 {
            return self.session.save(cx, "save");
        }

        pub fn merge(self: *Self, cx: *Context, saved: []const u8) Context.Error!void {
            return self.session.merge(cx, "merge", saved);
        }

        pub fn finish(self: *Self, cx: *Context) Context.Error![]const Metric {
            return (try self.session.fold(cx, "finish")).finish(cx);
        }
    };
}

/// Makes `Plugin` the component's evaluator. Call it in a `comptime` block of the root file.
pub fn exportPlugin(comptime Plugin: type) void {
    exports.exportAll("evaluator", Instance(Plugin), &.{
        .{ "describe", "describe", .release },
        .{ "start", "start", .keep },
        .{ "update", "update", .release },
        .{ "save", "save", .release },
        .{ "merge", "merge", .release },
        .{ "finish", "finish", .release },
    });
}
