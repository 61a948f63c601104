//! What an instance is doing: nothing, a fold, or a map; and the calls that fit each.

const std = @import("std");
const column = @import("column.zig");
const Context = @import("context.zig").Context;

/// An instance of a role that folds, or maps, or both. A role without one of them says `void`.
/// It changes only after a start has succeeded: assign what was started, never what is starting.
pub fn Session(comptime Fold: type, comptime Map: type) type {
    return union(enum) {
        const Self = @This();

        idle,
        folding: Fold,
        mapping: Map,

        /// The fold that `call` is for.
        pub fn fold(self: *Self, cx: *Context, comptime call: []const u8) Context.Error!*Fold {
            if (self.* == .folding) return &self.folding;
            return cx.failed("`" ++ call ++ "` was called before the fold was started", .{});
        }

        /// The fold's bytes, for `merge`.
        pub fn save(self: *Self, cx: *Context, comptime call: []const u8) Context.Error![]const u8 {
            const current = try self.fold(cx, call);
            if (Fold == void or !@hasDecl(Fold, "save")) return doesNotMerge(cx);
            return current.save(cx);
        }

        /// Takes in what another instance saved.
        pub fn merge(
            self: *Self,
            cx: *Context,
            comptime call: []const u8,
            saved: []const u8,
        ) Context.Error!void {
            const current = try self.fold(cx, call);
            if (Fold == void or !@hasDecl(Fold, "merge")) return doesNotMerge(cx);
            return current.merge(cx, saved);
        }

        /// The computed columns of these rows.
        pub fn map(
            self: *Self,
            cx: *Context,
            comptime call: []const u8,
            rows: column.Batch,
        ) Context.Error!column.Batch {
            if (self.* != .mapping) {
                return cx.failed("`" ++ call ++ "` was called before `" ++ call ++ "-start`", .{});
            }
            return .{ .rows = rows.rows, .columns = try self.mapping.map(cx, rows) };
        }
    };
}

fn doesNotMerge(cx: *Context) Context.Error {
    return cx.failed("this fold does not merge: its description says `mergeable: false`", .{});
}

/// Whether folds of this type merge: what a description says of them.
pub fn merges(comptime Fold: type) bool {
    return @hasDecl(Fold, "save") and @hasDecl(Fold, "merge");
}
