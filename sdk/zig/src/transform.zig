//! Transforms: new columns from columns, row by row, after an optional fit.
//!
//! A transform is a struct with
//!   pub const Params = struct { … };
//!   pub fn describe(cx, params, input: Schema) Context.Error!Description
//!   pub const Fit = struct { init, update, save, merge, finish };   // only where it learns
//!   pub const Apply = struct { init, map };
//! `save` and `merge` may be left out by a fit that says `mergeable = false`.

const column = @import("column.zig");
const exports = @import("exports.zig");
const params = @import("params.zig");
const schema = @import("schema.zig");
const Session = @import("session.zig").Session;

const Batch = column.Batch;
const Context = exports.Context;
const Field = schema.Field;
const Schema = schema.Schema;

/// Where a column of the output comes from.
pub const OutputColumn = union(enum) {
    /// The input column at this index, untouched; it never enters the sandbox.
    kept: u32,
    /// A column that `Apply.map` computes, in the order in which these stand.
    computed: Field,
};

/// What the transform will do, known before it sees a row.
pub const Description = struct {
    /// Indices of the input columns that `Fit` and `Apply` are handed, in that order.
    reads: []const u32,
    /// The output's columns in order.
    outputs: []const OutputColumn,
    needs_fit: bool,
    mergeable: bool,
};

/// Keeps all columns of `input` in order, but replaces those at `reads[i]` by `computed[i]`.
/// `reads` is in schema order, so `map` answers in the order in which it reads.
pub fn replacing(
    cx: *Context,
    input: Schema,
    reads: []const u32,
    computed: []const Field,
) Context.Error![]OutputColumn {
    const outputs = try cx.arena.alloc(OutputColumn, input.fields.len);
    for (outputs, 0..) |*output, index| output.* = .{ .kept = @intCast(index) };
    for (reads[0..computed.len], computed) |index, field| {
        outputs[index] = .{ .computed = field };
    }
    return outputs;
}

/// Keeps all columns of `input` in order, then adds `computed`.
pub fn adding(
    cx: *Context,
    input: Schema,
    computed: []const Field,
) Context.Error![]OutputColumn {
    const outputs = try cx.arena.alloc(OutputColumn, input.fields.len + computed.len);
    for (outputs[0..input.fields.len], 0..) |*output, index| {
        output.* = .{ .kept = @intCast(index) };
    }
    for (outputs[input.fields.len..], computed) |*output, field| {
        output.* = .{ .computed = field };
    }
    return outputs;
}

/// One instance: the exports of the world, without the component around it.
pub fn Instance(comptime Plugin: type) type {
    return struct {
        const Self = @This();
        const Fit = if (@hasDecl(Plugin, "Fit")) Plugin.Fit else void;

        session: Session(Fit, Plugin.Apply) = .idle,

        pub fn describe(
            _: *Self,
            cx: *Context,
            text: []const u8,
            input: Schema,
        ) Context.Error!Description {
            return Plugin.describe(cx, try params.parse(cx, Plugin.Params, text), input);
        }

        pub fn fitStart(
            self: *Self,
            cx: *Context,
            text: []const u8,
            input: Schema,
            seed: u64,
        ) Context.Error!void {
            if (Fit == void) return cx.failed("this transform needs no fit", .{});
            const parsed = try params.parse(cx, Plugin.Params, text);
            const started = try Fit.init(cx, parsed, input, seed);
            self.session = .{ .folding = started };
        }

        pub fn fitUpdate(self: *Self, cx: *Context, rows: Batch) Context.Error!void {
            const fit = try self.session.fold(cx, "fit-update");
            if (Fit != void) return fit.update(cx, rows);
        }

        pub fn fitSave(self: *Self, cx: *Context) Context.Error![]const u8 {
            return self.session.save(cx, "fit-save");
        }

        pub fn fitMerge(self: *Self, cx: *Context, saved: []const u8) Context.Error!void {
            return self.session.merge(cx, "fit-merge", saved);
        }

        pub fn fitFinish(self: *Self, cx: *Context) Context.Error![]const u8 {
            const fit = try self.session.fold(cx, "fit-finish");
            if (Fit == void) return &.{};
            return fit.finish(cx);
        }

        pub fn applyStart(
            self: *Self,
            cx: *Context,
            text: []const u8,
            input: Schema,
            state: []const u8,
        ) Context.Error!void {
            const parsed = try params.parse(cx, Plugin.Params, text);
            const started = try Plugin.Apply.init(cx, parsed, input, state);
            self.session = .{ .mapping = started };
        }

        pub fn apply(self: *Self, cx: *Context, rows: Batch) Context.Error!Batch {
            return self.session.map(cx, "apply", rows);
        }
    };
}

/// Makes `Plugin` the component's transform. Call it in a `comptime` block of the root file.
pub fn exportPlugin(comptime Plugin: type) void {
    exports.exportAll("transform", Instance(Plugin), &.{
        .{ "describe", "describe", .release },
        .{ "fitStart", "fit-start", .keep },
        .{ "fitUpdate", "fit-update", .release },
        .{ "fitSave", "fit-save", .release },
        .{ "fitMerge", "fit-merge", .release },
        .{ "fitFinish", "fit-finish", .release },
        .{ "applyStart", "apply-start", .keep },
        .{ "apply", "apply", .release },
    });
}
