//! Schemas: finding columns by name, with refusals that say what is there.

const std = @import("std");
const Context = @import("context.zig").Context;

const Allocator = std.mem.Allocator;

/// What a column holds, in the contract's order.
pub const Kind = enum {
    boolean,
    int64,
    float64,
    timestamp_us,
    utf8,
    binary,
    vector,

    /// The name in the contract, which is also the name in pipelines.
    pub fn name(self: Kind) []const u8 {
        return if (self == .timestamp_us) "timestamp-us" else @tagName(self);
    }
};

/// One column's name and type.
pub const Field = struct {
    /// Unique within its schema, not empty.
    name: []const u8,
    kind: Kind,
    /// Whether a row may lack a value.
    nullable: bool = false,
    /// The number of `f32` in each row of a `vector` column; 0 for every other kind.
    width: u32 = 0,
};

/// The fields of a batch, in the order of its columns.
pub const Schema = struct {
    fields: []const Field,

    /// Where the column `wanted` stands, if it does.
    pub fn find(self: Schema, wanted: []const u8) ?u32 {
        for (self.fields, 0..) |field, index| {
            if (std.mem.eql(u8, field.name, wanted)) return @intCast(index);
        }
        return null;
    }

    /// Where the column `wanted` stands; refuses with the names of all columns.
    pub fn indexOf(self: Schema, cx: *Context, wanted: []const u8) Context.Error!u32 {
        if (self.find(wanted)) |index| return index;
        const names = try cx.arena.alloc([]const u8, self.fields.len);
        for (names, self.fields) |*name, field| name.* = field.name;
        const list = try quoted(cx.arena, names);
        return cx.invalidParams("no column `{s}` in the input; there are {s}", .{ wanted, list });
    }

    /// Where the column `wanted` stands, which must be of one of `kinds`.
    pub fn indexOfKind(
        self: Schema,
        cx: *Context,
        wanted: []const u8,
        kinds: []const Kind,
    ) Context.Error!u32 {
        const index = try self.indexOf(cx, wanted);
        const found = self.fields[index].kind;
        if (std.mem.findScalar(Kind, kinds, found) != null) return index;
        var allowed: []const u8 = kinds[0].name();
        for (kinds[1..]) |kind| allowed = try cx.print("{s} or {s}", .{ allowed, kind.name() });
        return cx.invalidParams(
            "column `{s}` is {s}, and must be {s}",
            .{ wanted, found.name(), allowed },
        );
    }

    /// Where these columns stand, in schema order, each of one of `kinds`; refuses a name that
    /// stands twice.
    pub fn indicesOfKind(
        self: Schema,
        cx: *Context,
        wanted: []const []const u8,
        kinds: []const Kind,
    ) Context.Error![]u32 {
        const indices = try cx.arena.alloc(u32, wanted.len);
        for (wanted, 0..) |name, n| {
            const index = try self.indexOfKind(cx, name, kinds);
            if (std.mem.findScalar(u32, indices[0..n], index) != null) {
                return cx.invalidParams("column `{s}` is named twice", .{name});
            }
            indices[n] = index;
        }
        std.mem.sort(u32, indices, {}, std.sort.asc(u32));
        return indices;
    }
};

/// `` `a`, `b` ``, or a word for none. Long lists are cut, and say so.
pub fn quoted(arena: Allocator, names: []const []const u8) error{OutOfMemory}![]const u8 {
    const names_max = 24;
    if (names.len == 0) return "none";
    var text: std.ArrayList(u8) = .empty;
    for (names[0..@min(names.len, names_max)], 0..) |name, index| {
        if (index > 0) try text.appendSlice(arena, ", ");
        try text.append(arena, '`');
        try text.appendSlice(arena, name);
        try text.append(arena, '`');
    }
    if (names.len > names_max) try text.appendSlice(arena, ", …");
    return text.items;
}
