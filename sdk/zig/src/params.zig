//! Parameters: JSON into the author's own struct, with refusals that name the parameter.
//!
//! The struct's fields are the parameters: `bool`, integers, floats, `[]const u8`, enums, slices
//! and optionals of these, and structs. A field with a default may be left out; a key that no
//! field has is refused.

const std = @import("std");
const Context = @import("context.zig").Context;
const quoted = @import("schema.zig").quoted;

const Value = std.json.Value;

/// Refuses a list without items.
pub fn notEmpty(cx: *Context, comptime name: []const u8, items: anytype) Context.Error!void {
    if (items.len == 0) return cx.invalidParams("parameter `" ++ name ++ "` is empty", .{});
}

/// Reads `text` into a `T`, which lives as long as `cx.arena`.
pub fn parse(cx: *Context, comptime T: type, text: []const u8) Context.Error!T {
    const json = if (text.len == 0) "{}" else text;
    const value = std.json.parseFromSliceLeaky(Value, cx.arena, json, .{}) catch |problem| {
        if (problem == error.OutOfMemory) return error.OutOfMemory;
        return cx.invalidParams("the parameters are not JSON: {s}", .{@errorName(problem)});
    };
    return read(cx, T, value, "");
}

fn read(cx: *Context, comptime T: type, value: Value, path: []const u8) Context.Error!T {
    switch (@typeInfo(T)) {
        .bool => if (value == .bool) return value.bool,
        .int => if (value == .integer) {
            if (std.math.cast(T, value.integer)) |number| return number;
            return cx.invalidParams(
                "parameter `{s}` is {d}, which is out of range",
                .{ path, value.integer },
            );
        },
        .float => switch (value) {
            .float => |number| return @floatCast(number),
            .integer => |number| return @floatFromInt(number),
            // An integer beyond 64 bits is still a number.
            .number_string => |digits| {
                const number = std.fmt.parseFloat(f64, digits) catch unreachable;
                if (std.math.isFinite(number)) return @floatCast(number);
            },
            else => {},
        },
        .optional => |optional| {
            if (value == .null) return null;
            return try read(cx, optional.child, value, path);
        },
        .@"enum" => if (value == .string) {
            if (std.meta.stringToEnum(T, value.string)) |found| return found;
            const names = try quoted(cx.arena, std.meta.fieldNames(T));
            return cx.invalidParams(
                "parameter `{s}` is `{s}`, and must be one of {s}",
                .{ path, value.string, names },
            );
        },
        .pointer => |pointer| {
            if (pointer.child == u8) {
                if (value == .string) return value.string;
            } else if (value == .array) {
                const items = try cx.arena.alloc(pointer.child, value.array.items.len);
                for (items, value.array.items, 0..) |*item, found, index| {
                    const here = try cx.print("{s}[{d}]", .{ path, index });
                    item.* = try read(cx, pointer.child, found, here);
                }
                return items;
            }
        },
        .@"struct" => if (value == .object) return readStruct(cx, T, value, path),
        else => @compileError("no parameter can be a " ++ @typeName(T)),
    }
    const expected = comptime expectation(T);
    if (path.len == 0) return cx.invalidParams("the parameters must be {s}", .{expected});
    return cx.invalidParams(
        "parameter `{s}` is {s}, and must be {s}",
        .{ path, nameOf(value), expected },
    );
}

fn readStruct(cx: *Context, comptime T: type, value: Value, path: []const u8) Context.Error!T {
    const dot = if (path.len == 0) "" else ".";
    const info = @typeInfo(T).@"struct";
    for (value.object.keys()) |key| {
        const is_known = inline for (info.field_names) |name| {
            if (std.mem.eql(u8, name, key)) break true;
        } else false;
        if (is_known) continue;
        const known = try quoted(cx.arena, std.meta.fieldNames(T));
        return cx.invalidParams(
            "unknown parameter `{s}{s}{s}`; known: {s}",
            .{ path, dot, key, known },
        );
    }
    var out: T = undefined;
    inline for (info.field_names, info.field_types, info.field_attrs) |name, Type, attrs| {
        if (value.object.get(name)) |found| {
            const here = try cx.print("{s}{s}{s}", .{ path, dot, name });
            @field(out, name) = try read(cx, Type, found, here);
        } else if (attrs.defaultValue(Type)) |default| {
            @field(out, name) = default;
        } else return cx.invalidParams("missing parameter `{s}{s}{s}`", .{ path, dot, name });
    }
    return out;
}

fn nameOf(value: Value) []const u8 {
    return switch (value) {
        .null => "null",
        .bool => "a boolean",
        .integer => "an integer",
        .float, .number_string => "a number",
        .string => "a string",
        .array => "an array",
        .object => "an object",
    };
}

fn expectation(comptime T: type) []const u8 {
    return switch (@typeInfo(T)) {
        .bool => "a boolean",
        .int => "an integer",
        .float => "a number",
        .optional => |optional| expectation(optional.child) ++ " or null",
        .@"enum" => "a string",
        .pointer => |pointer| if (pointer.child == u8)
            "a string"
        else
            "an array, each item " ++ expectation(pointer.child),
        else => "an object",
    };
}

test "values, defaults and refusals" {
    const Sample = struct {
        columns: []const []const u8,
        rate: f64 = 0.5,
        mode: enum { fast, exact } = .fast,
        limit: ?u8 = null,
    };
    var memory: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer memory.deinit();
    var cx: Context = .{ .arena = memory.allocator(), .gpa = memory.allocator() };
    const found = try parse(&cx, Sample, "{\"columns\":[\"a\"],\"mode\":\"exact\",\"rate\":1}");
    const expected: Sample = .{ .columns = &.{"a"}, .rate = 1, .mode = .exact };
    try std.testing.expectEqualDeep(expected, found);

    const refusals = [_][2][]const u8{
        .{ "", "missing parameter `columns`" },
        .{ "null", "the parameters must be an object" },
        .{ "{\"columns\":[1]}", "parameter `columns[0]` is an integer, and must be a string" },
        .{
            "{\"columns\":[],\"mode\":\"slow\"}",
            "parameter `mode` is `slow`, and must be one of `fast`, `exact`",
        },
        .{ "{\"columns\":[],\"limit\":256}", "parameter `limit` is 256, which is out of range" },
        .{
            "{\"columns\":[],\"rate\":\"x\"}",
            "parameter `rate` is a string, and must be a number",
        },
        .{
            "{\"colums\":[]}",
            "unknown parameter `colums`; known: `columns`, `rate`, `mode`, `limit`",
        },
    };
    for (refusals) |case| {
        try std.testing.expectError(error.Refused, parse(&cx, Sample, case[0]));
        try std.testing.expectEqualStrings(case[1], cx.failure.?.invalid_params);
    }
}
