//! States and models as bytes: little-endian, without names, the same bits on every machine.

const std = @import("std");
const Context = @import("context.zig").Context;

const Allocator = std.mem.Allocator;

/// Writes values one after another.
pub const Writer = struct {
    arena: Allocator,
    bytes: std.ArrayList(u8) = .empty,

    pub fn init(arena: Allocator) Writer {
        return .{ .arena = arena };
    }

    /// An integer or a float, little-endian; a bool as one byte.
    pub fn put(self: *Writer, comptime T: type, value: T) error{OutOfMemory}!void {
        if (T == bool) return self.bytes.append(self.arena, @intFromBool(value));
        const Bits = @Int(.unsigned, @bitSizeOf(T));
        var raw: [@sizeOf(T)]u8 = undefined;
        std.mem.writeInt(Bits, &raw, @bitCast(value), .little);
        try self.bytes.appendSlice(self.arena, &raw);
    }

    /// A length as `u64`, then the bytes.
    pub fn putBytes(self: *Writer, value: []const u8) error{OutOfMemory}!void {
        try self.put(u64, value.len);
        try self.bytes.appendSlice(self.arena, value);
    }

    /// What was written.
    pub fn finish(self: *Writer) []u8 {
        return self.bytes.items;
    }
};

/// Reads what a `Writer` wrote, and refuses anything else.
pub const Reader = struct {
    cx: *Context,
    rest: []const u8,

    pub fn init(cx: *Context, bytes: []const u8) Reader {
        return .{ .cx = cx, .rest = bytes };
    }

    /// The next integer, float or bool.
    pub fn get(self: *Reader, comptime T: type) Context.Error!T {
        if (T == bool) return (try self.take(1))[0] != 0;
        const raw = try self.take(@sizeOf(T));
        const Bits = @Int(.unsigned, @bitSizeOf(T));
        return @bitCast(std.mem.readInt(Bits, raw[0..@sizeOf(T)], .little));
    }

    /// The next bytes; they are not copied.
    pub fn getBytes(self: *Reader) Context.Error![]const u8 {
        const len = try self.get(u64);
        if (len > self.rest.len) return self.isOther();
        return self.take(@intCast(len));
    }

    /// Refuses what is left over.
    pub fn end(self: *Reader) Context.Error!void {
        if (self.rest.len != 0) return self.isOther();
    }

    fn take(self: *Reader, n: usize) Context.Error![]const u8 {
        if (n > self.rest.len) return self.isOther();
        defer self.rest = self.rest[n..];
        return self.rest[0..n];
    }

    fn isOther(self: *Reader) Context.Error {
        return self.cx.failed(
            "the state cannot be read: it is not of this plugin, or of another version",
            .{},
        );
    }
};

test "what was written comes back, and nothing else does" {
    var memory: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer memory.deinit();
    var cx: Context = .{ .arena = memory.allocator(), .gpa = memory.allocator() };
    var writer: Writer = .init(cx.arena);
    try writer.put(u64, 258);
    try writer.put(f64, -1.5);
    try writer.put(bool, true);
    try writer.putBytes("late");
    const bytes = writer.finish();
    try std.testing.expectEqualSlices(u8, &.{ 2, 1, 0, 0, 0, 0, 0, 0 }, bytes[0..8]);
    var reader: Reader = .init(&cx, bytes);
    try std.testing.expectEqual(258, try reader.get(u64));
    try std.testing.expectEqual(-1.5, try reader.get(f64));
    try std.testing.expectEqual(true, try reader.get(bool));
    try std.testing.expectEqualStrings("late", try reader.getBytes());
    try reader.end();
    try std.testing.expectError(error.Refused, reader.get(u8));
}
