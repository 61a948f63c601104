//! Trains again when there are enough new rows.

const std = @import("std");
const refrain = @import("refrain");

const Context = refrain.Context;
const trigger = refrain.trigger;

const new_rows = "rows.since_training";

/// The plugin.
pub const NewRows = struct {
    pub const Params = struct { rows: i64 };

    pub fn describe(_: *Context, _: Params) Context.Error![]const []const u8 {
        return &.{new_rows};
    }

    pub fn decide(
        cx: *Context,
        params: Params,
        facts: []const trigger.Fact,
    ) Context.Error!trigger.Decision {
        const rule = try cx.print(new_rows ++ " >= {d}", .{params.rows});
        const fact = trigger.find(facts, new_rows) orelse {
            const reason = "nobody knows how many rows are new";
            return one(cx, rule, .inconclusive, reason, new_rows ++ " is not known");
        };
        if (fact != .integer) return cx.invalidInput(new_rows ++ " is not a count", .{});
        const detail = try cx.print(new_rows ++ " is {d}", .{fact.integer});
        if (fact.integer >= params.rows) {
            return one(cx, rule, .fire, try cx.print("{d} rows are new", .{fact.integer}), detail);
        }
        return one(cx, rule, .hold, try cx.print("only {d} rows are new", .{fact.integer}), detail);
    }
};

/// A decision by one rule.
fn one(
    cx: *Context,
    rule: []const u8,
    verdict: trigger.Verdict,
    reason: []const u8,
    detail: []const u8,
) Context.Error!trigger.Decision {
    const evidence = try cx.arena.dupe(trigger.Evidence, &.{
        .{ .rule = rule, .verdict = verdict, .detail = detail },
    });
    return .{ .verdict = verdict, .reason = reason, .evidence = evidence };
}

comptime {
    trigger.exportPlugin(NewRows);
}

test "fires from the bound on, and says what it saw" {
    var bench: refrain.testing.Bench = undefined;
    bench.init();
    defer bench.deinit();
    var instance: trigger.Instance(NewRows) = .{};
    const cases = [_]struct { ?i64, trigger.Verdict, []const u8 }{
        .{ 100, .fire, "rows.since_training is 100" },
        .{ 99, .hold, "rows.since_training is 99" },
        .{ null, .inconclusive, "rows.since_training is not known" },
    };
    for (cases) |case| {
        const n_rows, const verdict, const detail = case;
        const fact: trigger.Fact = .{ .name = new_rows, .value = .{ .integer = n_rows orelse 0 } };
        const facts: []const trigger.Fact = if (n_rows == null) &.{} else &.{fact};
        const found = try instance.decide(&bench.cx, "{\"rows\":100}", facts);
        try std.testing.expectEqual(verdict, found.verdict);
        try std.testing.expectEqualStrings(detail, found.evidence[0].detail);
    }
}
