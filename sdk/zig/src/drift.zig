//! Drift detectors: how far a current window has moved from a reference window.
//!
//! A drift detector is a struct with
//!   pub const Params = struct { … };
//!   pub fn describe(cx, params, input: Schema) Context.Error!Description
//!   pub const Fold = struct { init, update, save, merge, finish };
//! where `update(self, cx, window, rows)` is told the window, and `finish` gives `[]const Score`.

const column = @import("column.zig");
const exports = @import("exports.zig");
const params = @import("params.zig");
const schema = @import("schema.zig");
const Session = @import("session.zig").Session;

const Batch = column.Batch;
const Context = exports.Context;
const Schema = schema.Schema;

/// What the detector will read, known before it sees a row.
pub const Description = struct {
    /// Indices of the input columns that the fold is handed, in that order.
    reads: []const u32,
    mergeable: bool,
};

/// Which window some rows belong to. All reference rows come before the first current row.
pub const Window = enum { reference, current };

/// Three-valued: too few rows prove nothing.
pub const Verdict = enum { drifted, stable, inconclusive };

/// One measure on one column.
pub const Score = struct {
    column: []const u8,
    /// In `snake_case`: `psi`, `ks`, `jensen_shannon`.
    measure: []const u8,
    /// The distance or statistic; null where the windows do not define it.
    value: ?f64,
    /// For a hypothesis test: the probability of a value as large without drift.
    p_value: ?f64 = null,
    /// What `value` (or, for a test, `p_value`) was compared with, after correction.
    threshold: f64,
    verdict: Verdict,
    /// Non-null rows in the reference window.
    n_reference: u64,
    /// Non-null rows in the current window.
    n_current: u64,
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

        pub fn update(self: *Self, cx: *Context, window: Window, rows: Batch) Context.Error!void {
            return (try self.session.fold(cx, "update")).update(cx, window, rows);
        }

        pub fn save(self: *Self, cx: *Context) Context.Error![]const u8 {
            return self.session.save(cx, "save");
        }

        pub fn merge(self: *Self, cx: *Context, saved: []const u8) Context.Error!void {
            return self.session.merge(cx, "merge", saved);
        }

        pub fn finish(self: *Self, cx: *Context) Context.Error![]const Score {
            return (try self.session.fold(cx, "finish")).finish(cx);
        }
    };
}

/// Makes `Plugin` the component's drift detector. Call it in a `comptime` block of the root file.
pub fn exportPlugin(comptime Plugin: type) void {
    exports.exportAll("drift", Instance(Plugin), &.{
        .{ "describe", "describe", .release },
        .{ "start", "start", .keep },
        .{ "update", "update", .release },
        .{ "save", "save", .release },
        .{ "merge", "merge", .release },
        .{ "finish", "finish", .release },
    });
}
