//! Trainers: rows in, a model out, and predictions from that model.
//!
//! A trainer is a struct with
//!   pub const Params = struct { … };
//!   pub fn describe(cx, params, input: Schema) Context.Error!Description
//!   pub const Pass = struct { init, update, save, merge, finish };  // finish: PassEnd
//!   pub fn finish(cx, params, input: Schema, state) Context.Error![]const u8
//!   pub const Model = struct { init, map };

const column = @import("column.zig");
const exports = @import("exports.zig");
const params = @import("params.zig");
const schema = @import("schema.zig");
const Session = @import("session.zig").Session;

const Batch = column.Batch;
const Context = exports.Context;
const Schema = schema.Schema;

/// What the trainer will do, known before it sees a row.
pub const Description = struct {
    /// Indices of the input columns that a pass is handed, in that order.
    training_reads: []const u32,
    /// Indices of the input columns that `Model.map` is handed. A label is not among them.
    prediction_reads: []const u32,
    /// The columns that `Model.map` returns.
    prediction: Schema,
    mergeable: bool,
};

/// A number worth watching: loss, gradient norm, trees grown.
pub const Measure = struct { name: []const u8, value: f64 };

/// The end of a pass.
pub const PassEnd = struct {
    /// What the next pass, or `finish`, starts from.
    state: []const u8,
    /// Whether training has ended.
    done: bool,
    /// For people.
    measures: []const Measure = &.{},
};

/// One instance: the exports of the world, without the component around it.
pub fn Instance(comptime Plugin: type) type {
    return struct {
        const Self = @This();

        session: Session(Plugin.Pass, Plugin.Model) = .idle,

        pub fn describe(
            _: *Self,
            cx: *Context,
            text: []const u8,
            input: Schema,
        ) Context.Error!Description {
            return Plugin.describe(cx, try params.parse(cx, Plugin.Params, text), input);
        }

        pub fn passStart(
            self: *Self,
            cx: *Context,
            text: []const u8,
            input: Schema,
            seed: u64,
            state: []const u8,
        ) Context.Error!void {
            const parsed = try params.parse(cx, Plugin.Params, text);
            const started = try Plugin.Pass.init(cx, parsed, input, seed, state);
            self.session = .{ .folding = started };
        }

        pub fn passUpdate(self: *Self, cx: *Context, rows: Batch) Context.Error!void {
            return (try self.session.fold(cx, "pass-update")).update(cx, rows);
        }

        pub fn passSave(self: *Self, cx: *Context) Context.Error![]const u8 {
            return self.session.save(cx, "pass-save");
        }

        pub fn passMerge(self: *Self, cx: *Context, saved: []const u8) Context.Error!void {
            return self.session.merge(cx, "pass-merge", saved);
        }

        pub fn passFinish(self: *Self, cx: *Context) Context.Error!PassEnd {
            return (try self.session.fold(cx, "pass-finish")).finish(cx);
        }

        pub fn finish(
            _: *Self,
            cx: *Context,
            text: []const u8,
            input: Schema,
            state: []const u8,
        ) Context.Error![]const u8 {
            return Plugin.finish(cx, try params.parse(cx, Plugin.Params, text), input, state);
        }

        pub fn predictStart(
            self: *Self,
            cx: *Context,
            input: Schema,
            model: []const u8,
        ) Context.Error!void {
            const started = try Plugin.Model.init(cx, input, model);
            self.session = .{ .mapping = started };
        }

        pub fn predict(self: *Self, cx: *Context, rows: Batch) Context.Error!Batch {
            return self.session.map(cx, "predict", rows);
        }
    };
}

/// Makes `Plugin` the component's trainer. Call it in a `comptime` block of the root file.
pub fn exportPlugin(comptime Plugin: type) void {
    exports.exportAll("trainer", Instance(Plugin), &.{
        .{ "describe", "describe", .release },
        .{ "passStart", "pass-start", .keep },
        .{ "passUpdate", "pass-update", .release },
        .{ "passSave", "pass-save", .release },
        .{ "passMerge", "pass-merge", .release },
        .{ "passFinish", "pass-finish", .release },
        .{ "finish", "finish", .release },
        .{ "predictStart", "predict-start", .keep },
        .{ "predict", "predict", .release },
    });
}
