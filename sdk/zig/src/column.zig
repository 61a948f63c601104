//! Columns: reading them with their nulls, and making them.
//!
//! Invariant: a null row holds a zero or an empty value, and unused validity bits are 0. Whoever
//! makes a column through this file keeps that; the host checks it.

const std = @import("std");
const Context = @import("context.zig").Context;
const Kind = @import("schema.zig").Kind;

const Allocator = std.mem.Allocator;

/// Values of variable length, laid end to end.
pub const VariableValues = struct {
    /// One more than there are rows, ascending.
    offsets: []u32,
    bytes: []u8,

    /// The value of a row.
    pub fn get(self: VariableValues, row: usize) []const u8 {
        return self.bytes[self.offsets[row]..self.offsets[row + 1]];
    }
};

/// The values of one column.
pub const Values = union(Kind) {
    /// One byte a row: 0 or 1.
    boolean: []u8,
    int64: []i64,
    float64: []f64,
    /// Microseconds since the epoch.
    timestamp_us: []i64,
    utf8: VariableValues,
    binary: VariableValues,
    /// `rows * width` numbers, row after row.
    vector: []f32,
};

/// How one row of a kind reads in Zig. A vector's row is a slice of `width` numbers.
pub fn ElementOf(comptime kind: Kind) type {
    return switch (kind) {
        .boolean => bool,
        .int64, .timestamp_us => i64,
        .float64 => f64,
        .utf8, .binary => []const u8,
        .vector => []const f32,
    };
}

/// One column of a batch. Its memory is the guest's own: a map may work in place.
pub const Column = struct {
    values: Values,
    /// A bitmap, least significant bit first. Empty: every row has a value.
    validity: []u8 = &.{},

    /// Whether a row has a value.
    pub fn isValid(self: Column, row: usize) bool {
        if (self.validity.len == 0) return true;
        return self.validity[row / 8] >> @intCast(row % 8) & 1 == 1;
    }

    /// The values, which must be of `kind`; null rows hold zeros.
    pub fn as(
        self: Column,
        cx: *Context,
        comptime kind: Kind,
    ) Context.Error!@FieldType(Values, @tagName(kind)) {
        const found = std.meta.activeTag(self.values);
        if (found == kind) return @field(self.values, @tagName(kind));
        return cx.invalidInput(
            "a column of {s} was handed over where {s} was expected",
            .{ found.name(), comptime kind.name() },
        );
    }

    /// The rows one by one, null where there is no value. `width` counts for vectors only.
    pub fn rows(
        self: Column,
        cx: *Context,
        comptime kind: Kind,
        width: u32,
    ) Context.Error!Rows(kind) {
        return .{ .values = try self.as(cx, kind), .column = self, .width = width };
    }

    /// A number as `f64` per row; zeros in null rows. Refuses kinds that are no numbers.
    pub fn numbers(self: Column, cx: *Context) Context.Error![]f64 {
        switch (self.values) {
            .float64 => |values| return values,
            .int64 => |values| {
                const out = try cx.arena.alloc(f64, values.len);
                for (out, values) |*number, value| number.* = @floatFromInt(value);
                return out;
            },
            .boolean => |values| {
                const out = try cx.arena.alloc(f64, values.len);
                for (out, values) |*number, value| number.* = @floatFromInt(value);
                return out;
            },
            else => return cx.invalidInput(
                "a column of {s} was handed over where numbers were expected",
                .{std.meta.activeTag(self.values).name()},
            ),
        }
    }

    /// A column of `items`, `?ElementOf(kind)` each. Vectors have their own: `vectors`.
    pub fn from(
        arena: Allocator,
        comptime kind: Kind,
        items: []const ?ElementOf(kind),
    ) error{OutOfMemory}!Column {
        if (kind == .utf8 or kind == .binary) {
            var builder: VariableBuilder = .init(arena);
            for (items) |item| try builder.append(item);
            return builder.finish(kind);
        }
        const Slice = @FieldType(Values, @tagName(kind));
        const out = try arena.alloc(std.meta.Elem(Slice), items.len);
        for (out, items) |*value, item| {
            value.* = switch (kind) {
                .boolean => @intFromBool(item orelse false),
                .vector => @compileError("a vector column is made by `Column.vectors`"),
                else => item orelse 0,
            };
        }
        const values = @unionInit(Values, @tagName(kind), out);
        return .{ .values = values, .validity = try validityOf(arena, items) };
    }

    /// A vector column: each item has `width` numbers, or is null.
    pub fn vectors(
        cx: *Context,
        width: u32,
        items: []const ?[]const f32,
    ) Context.Error!Column {
        const out = try cx.arena.alloc(f32, items.len * width);
        for (items, 0..) |item, row| {
            const here = out[row * width ..][0..width];
            const numbers_ = item orelse {
                @memset(here, 0);
                continue;
            };
            if (numbers_.len != width) {
                return cx.failed(
                    "row {d} of a vector column has {d} numbers, expected {d}",
                    .{ row, numbers_.len, width },
                );
            }
            @memcpy(here, numbers_);
        }
        return .{ .values = .{ .vector = out }, .validity = try validityOf(cx.arena, items) };
    }

    /// A float64 column without nulls; the slice is not copied.
    pub fn float64(values: []f64) Column {
        return .{ .values = .{ .float64 = values } };
    }

    /// The same nulls as `other`: for numbers computed from another column's. Zeroes null rows.
    pub fn withNullsOf(self: Column, other: Column) Column {
        var out = self;
        out.validity = other.validity;
        if (other.validity.len == 0) return out;
        switch (out.values) {
            inline .boolean, .int64, .float64, .timestamp_us => |values| {
                for (values, 0..) |*value, row| {
                    if (!other.isValid(row)) value.* = 0;
                }
            },
            // Values of more than a number are made with their nulls, by `from` and `vectors`.
            .utf8, .binary, .vector => unreachable,
        }
        return out;
    }
};

/// Rows of one column, one by one.
pub fn Rows(comptime kind: Kind) type {
    return struct {
        values: @FieldType(Values, @tagName(kind)),
        column: Column,
        width: u32,

        /// The value of a row, null if it has none.
        pub fn get(self: @This(), row: usize) ?ElementOf(kind) {
            if (!self.column.isValid(row)) return null;
            return switch (kind) {
                .boolean => self.values[row] != 0,
                .utf8, .binary => self.values.get(row),
                .vector => self.values[row * self.width ..][0..self.width],
                else => self.values[row],
            };
        }
    };
}

/// Makes a utf8 or binary column, value by value.
pub const VariableBuilder = struct {
    arena: Allocator,
    offsets: std.ArrayList(u32) = .empty,
    bytes: std.ArrayList(u8) = .empty,
    validity: std.ArrayList(u8) = .empty,
    has_nulls: bool = false,

    pub fn init(arena: Allocator) VariableBuilder {
        return .{ .arena = arena };
    }

    /// Appends a value, or a null.
    pub fn append(self: *VariableBuilder, value: ?[]const u8) error{OutOfMemory}!void {
        const row = self.offsets.items.len;
        try self.offsets.append(self.arena, @intCast(self.bytes.items.len));
        if (row % 8 == 0) try self.validity.append(self.arena, 0);
        if (value) |bytes| {
            try self.bytes.appendSlice(self.arena, bytes);
            self.validity.items[row / 8] |= @as(u8, 1) << @intCast(row % 8);
        } else self.has_nulls = true;
    }

    /// The column. `kind` is `.utf8` or `.binary`.
    pub fn finish(self: *VariableBuilder, comptime kind: Kind) error{OutOfMemory}!Column {
        try self.offsets.append(self.arena, @intCast(self.bytes.items.len));
        const values: VariableValues = .{
            .offsets = self.offsets.items,
            .bytes = self.bytes.items,
        };
        return .{
            .values = @unionInit(Values, @tagName(kind), values),
            .validity = if (self.has_nulls) self.validity.items else &.{},
        };
    }
};

/// Some rows.
pub const Batch = struct {
    /// The length of every column.
    rows: u32,
    /// In schema order.
    columns: []Column,

    /// The column at `index`; refuses a batch that has fewer.
    pub fn column(self: Batch, cx: *Context, index: usize) Context.Error!Column {
        if (index < self.columns.len) return self.columns[index];
        return cx.invalidInput(
            "the batch has {d} columns, and column {d} is needed",
            .{ self.columns.len, index },
        );
    }
};

/// The bitmap of a slice of optionals; empty if there is no null.
fn validityOf(arena: Allocator, items: anytype) error{OutOfMemory}![]u8 {
    const has_nulls = for (items) |item| {
        if (item == null) break true;
    } else false;
    if (!has_nulls) return &.{};
    const bitmap = try arena.alloc(u8, (items.len + 7) / 8);
    @memset(bitmap, 0);
    for (items, 0..) |item, row| {
        if (item != null) bitmap[row / 8] |= @as(u8, 1) << @intCast(row % 8);
    }
    return bitmap;
}

test "every kind comes back row by row, with its nulls" {
    var memory: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer memory.deinit();
    var cx: Context = .{ .arena = memory.allocator(), .gpa = memory.allocator() };
    inline for (.{
        .{ .boolean, &[_]?bool{ true, null, false } },
        .{ .int64, &[_]?i64{ 1, null, -3 } },
        .{ .float64, &[_]?f64{ 1.5, null, -0.25 } },
        .{ .timestamp_us, &[_]?i64{ 1, null, 2 } },
        .{ .utf8, &[_]?[]const u8{ "a", null, "" } },
        .{ .binary, &[_]?[]const u8{ "\xff", null, "bc" } },
    }) |case| {
        const column = try Column.from(cx.arena, case[0], case[1]);
        const rows = try column.rows(&cx, case[0], 0);
        for (case[1], 0..) |expected, row| {
            try std.testing.expectEqualDeep(expected, rows.get(row));
        }
    }
    const vectors = try Column.vectors(&cx, 2, &.{ &.{ 1, 2 }, null });
    const rows = try vectors.rows(&cx, .vector, 2);
    try std.testing.expectEqualSlices(f32, &.{ 1, 2 }, rows.get(0).?);
    try std.testing.expectEqual(null, rows.get(1));
}

test "a column of another kind is refused, not read" {
    var memory: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer memory.deinit();
    var cx: Context = .{ .arena = memory.allocator(), .gpa = memory.allocator() };
    const column = try Column.from(cx.arena, .utf8, &.{"late"});
    try std.testing.expectError(error.Refused, column.as(&cx, .float64));
    try std.testing.expectEqualStrings(
        "a column of utf8 was handed over where float64 was expected",
        cx.failure.?.invalid_input,
    );
}
