//! Predictors: predictions from a model that was trained elsewhere.
//!
//! A predictor is a struct with
//!   pub const Params = struct { … };
//!   pub fn describe(cx, params, input: Schema, model) Context.Error!Description
//!   pub const Model = struct { init, map };   // init(cx, params, input, model)

const column = @import("column.zig");
const exports = @import("exports.zig");
const params = @import("params.zig");
const schema = @import("schema.zig");
const Session = @import("session.zig").Session;

const Batch = column.Batch;
const Context = exports.Context;
const Schema = schema.Schema;

/// What the predictor will do, known before it sees a row.
pub const Description = struct {
    /// Indices of the input columns that `Model.map` is handed, in that order.
    reads: []const u32,
    /// The columns that `Model.map` returns.
    prediction: Schema,
};

/// One instance: the exports of the world, without the component around it.
pub fn Instance(comptime Plugin: type) type {
    return struct {
        const Self = @This();

        session: Session(void, Plugin.Model) = .idle,

        pub fn describe(
            _: *Self,
            cx: *Context,
            text: []const u8,
            input: Schema,
            model: []const u8,
        ) Context.Error!Description {
            return Plugin.describe(cx, try params.parse(cx, Plugin.Params, text), input, model);
        }

        pub fn predictStart(
            self: *Self,
            cx: *Context,
            text: []const u8,
            input: Schema,
            model: []const u8,
        ) Context.Error!void {
            const parsed = try params.parse(cx, Plugin.Params, text);
            const started = try Plugin.Model.init(cx, parsed, input, model);
            self.session = .{ .mapping = started };
        }

        pub fn predict(self: *Self, cx: *Context, rows: Batch) Context.Error!Batch {
            return self.session.map(cx, "predict", rows);
        }
    };
}

/// Makes `Plugin` the component's predictor. Call it in a `comptime` block of the root file.
pub fn exportPlugin(comptime Plugin: type) void {
    exports.exportAll("predictor", Instance(Plugin), &.{
        .{ "describe", "describe", .release },
        .{ "predictStart", "predict-start", .keep },
        .{ "predict", "predict", .release },
    });
}
