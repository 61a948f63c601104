//! Trigger policies: facts in, a decision to retrain or not out, with its reason.
//!
//! A trigger is a struct with
//!   pub const Params = struct { … };
//!   pub fn describe(cx, params) Context.Error![]const []const u8    // the facts it looks at
//!   pub fn decide(cx, params, facts: []const Fact) Context.Error!Decision

const std = @import("std");
const exports = @import("exports.zig");
const params = @import("params.zig");

const Context = exports.Context;

/// What a fact says.
pub const FactValue = union(enum) {
    integer: i64,
    number: f64,
    boolean: bool,
    /// Microseconds since the epoch, UTC.
    timestamp_us: i64,
    /// Seconds between two times.
    seconds: f64,
    text: []const u8,

    /// The value as `f64`, if it is a count, a measure or a duration.
    pub fn asNumber(self: FactValue) ?f64 {
        return switch (self) {
            .integer => |count| @floatFromInt(count),
            .number, .seconds => |number| number,
            else => null,
        };
    }
};

/// One thing that the host knows. A fact that the host cannot know now is not in the list.
pub const Fact = struct {
    /// Dotted: `rows.since_training`, `drift.share`, `metric.roc_auc`.
    name: []const u8,
    value: FactValue,
};

/// Three-valued: what is not known decides nothing.
pub const Verdict = enum { fire, hold, inconclusive };

/// What one rule made of the facts.
pub const Evidence = struct {
    /// The rule, as a person would write it.
    rule: []const u8,
    verdict: Verdict,
    /// What it saw: the fact's value beside the bound.
    detail: []const u8,
};

/// The answer.
pub const Decision = struct {
    verdict: Verdict,
    /// One sentence.
    reason: []const u8,
    /// Every rule that was weighed, in the order of the parameters.
    evidence: []const Evidence,
};

/// The value of the fact `name`, if it is known.
pub fn find(facts: []const Fact, name: []const u8) ?FactValue {
    for (facts) |fact| {
        if (std.mem.eql(u8, fact.name, name)) return fact.value;
    }
    return null;
}

/// One instance: the exports of the world, without the component around it.
pub fn Instance(comptime Plugin: type) type {
    return struct {
        const Self = @This();

        /// A trigger has no session; its calls stand alone.
        idle: void = {},

        pub fn describe(
            _: *Self,
            cx: *Context,
            text: []const u8,
        ) Context.Error![]const []const u8 {
            return Plugin.describe(cx, try params.parse(cx, Plugin.Params, text));
        }

        pub fn decide(
            _: *Self,
            cx: *Context,
            text: []const u8,
            facts: []const Fact,
        ) Context.Error!Decision {
            return Plugin.decide(cx, try params.parse(cx, Plugin.Params, text), facts);
        }
    };
}

/// Makes `Plugin` the component's trigger. Call it in a `comptime` block of the root file.
pub fn exportPlugin(comptime Plugin: type) void {
    exports.exportAll("trigger", Instance(Plugin), &.{
        .{ "describe", "describe", .release },
        .{ "decide", "decide", .release },
    });
}
