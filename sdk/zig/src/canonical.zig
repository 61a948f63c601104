//! The canonical ABI, from Zig types: records are structs, variants tagged unions, lists slices.
//!
//! Invariant: the fields and cases of a Zig type stand in the contract's order. Names are not
//! part of the ABI, order is. Slices of plain numbers cross without a copy.

const std = @import("std");

const Allocator = std.mem.Allocator;

/// Lists as they lie in memory: an address and a length. Native tests have wider addresses.
const word = @sizeOf(usize);

/// Bytes that a value takes.
pub fn sizeOf(comptime T: type) usize {
    return switch (@typeInfo(T)) {
        .void => 0,
        .bool, .@"enum" => 1,
        .int, .float => @sizeOf(T),
        .pointer => 2 * word,
        .@"struct" => |info| size: {
            const last = info.field_types.len - 1;
            const end = offsetOf(T, last) + sizeOf(info.field_types[last]);
            break :size std.mem.alignForward(usize, end, alignOf(T));
        },
        .optional => |info| variantSize(T, sizeOf(info.child)),
        .@"union" => |info| size: {
            var largest: usize = 0;
            for (info.field_types) |Case| largest = @max(largest, sizeOf(Case));
            break :size variantSize(T, largest);
        },
        else => @compileError("no canonical form: " ++ @typeName(T)),
    };
}

/// What a value's address is a multiple of.
pub fn alignOf(comptime T: type) usize {
    return switch (@typeInfo(T)) {
        .void, .bool, .@"enum" => 1,
        .int, .float => @sizeOf(T),
        .pointer => word,
        .optional => |info| alignOf(info.child),
        inline .@"struct", .@"union" => |info| alignment: {
            var largest: usize = 1;
            for (info.field_types) |Field| largest = @max(largest, alignOf(Field));
            break :alignment largest;
        },
        else => @compileError("no canonical form: " ++ @typeName(T)),
    };
}

/// Reads a value at `address`. Lists of lists are allocated, plain numbers stay where they are.
pub fn load(comptime T: type, arena: Allocator, address: [*]u8) error{OutOfMemory}!T {
    switch (@typeInfo(T)) {
        .void => return {},
        .bool => return address[0] != 0,
        .int, .float => return @as(*T, @ptrCast(@alignCast(address))).*,
        .@"enum" => return @fromBackingInt(@intCast(address[0])),
        .pointer => |info| {
            const list: *[2]usize = @ptrCast(@alignCast(address));
            return loadList(info.child, arena, list[0], list[1]);
        },
        .@"struct" => |info| {
            var out: T = undefined;
            inline for (info.field_names, info.field_types, 0..) |name, Field, index| {
                const at = comptime offsetOf(T, index);
                @field(out, name) = try load(Field, arena, address + at);
            }
            return out;
        },
        .@"union" => |info| {
            const payload = address + comptime payloadAt(T);
            inline for (info.field_names, info.field_types, 0..) |name, Case, index| {
                if (address[0] == index) return @unionInit(T, name, try load(Case, arena, payload));
            }
            unreachable; // the host never lowers another case
        },
        else => @compileError("nothing of this kind goes in: " ++ @typeName(T)),
    }
}

/// The list whose address and length were handed over as arguments.
pub fn loadList(
    comptime Child: type,
    arena: Allocator,
    address: usize,
    len: usize,
) error{OutOfMemory}![]Child {
    // The address of an empty list is any number.
    if (len == 0) return &.{};
    const bytes: [*]u8 = @ptrFromInt(address);
    if (isPlain(Child)) return @as([*]Child, @ptrCast(@alignCast(bytes)))[0..len];
    const out = try arena.alloc(Child, len);
    const size = comptime sizeOf(Child);
    for (out, 0..) |*item, index| item.* = try load(Child, arena, bytes + index * size);
    return out;
}

/// Writes a value at `address`.
pub fn store(
    comptime T: type,
    arena: Allocator,
    address: [*]u8,
    value: T,
) error{OutOfMemory}!void {
    switch (@typeInfo(T)) {
        .void => {},
        .bool => address[0] = @intFromBool(value),
        .int, .float => @as(*T, @ptrCast(@alignCast(address))).* = value,
        .@"enum" => address[0] = @backingInt(value),
        .pointer => |info| {
            const list: *[2]usize = @ptrCast(@alignCast(address));
            list.* = .{ try storeList(info.child, arena, value), value.len };
        },
        .@"struct" => |info| {
            inline for (info.field_names, info.field_types, 0..) |name, Field, index| {
                const at = comptime offsetOf(T, index);
                try store(Field, arena, address + at, @field(value, name));
            }
        },
        .optional => |info| {
            address[0] = @intFromBool(value != null);
            if (value) |some| {
                try store(info.child, arena, address + comptime payloadAt(T), some);
            }
        },
        .@"union" => |info| {
            const payload = address + comptime payloadAt(T);
            inline for (info.field_names, info.field_types, 0..) |name, Case, index| {
                if (value == @field(info.tag_type.?, name)) {
                    address[0] = index;
                    try store(Case, arena, payload, @field(value, name));
                }
            }
        },
        else => @compileError("nothing of this kind goes out: " ++ @typeName(T)),
    }
}

fn storeList(
    comptime Child: type,
    arena: Allocator,
    items: []const Child,
) error{OutOfMemory}!usize {
    if (items.len == 0) return comptime alignOf(Child);
    if (isPlain(Child)) return @intFromPtr(items.ptr);
    const size = comptime sizeOf(Child);
    const alignment = comptime std.mem.Alignment.fromByteUnits(alignOf(Child));
    const bytes = try arena.alignedAlloc(u8, alignment, items.len * size);
    for (items, 0..) |item, index| try store(Child, arena, bytes.ptr + index * size, item);
    return @intFromPtr(bytes.ptr);
}

fn isPlain(comptime T: type) bool {
    return @typeInfo(T) == .int or @typeInfo(T) == .float;
}

/// Where the field at `index` of a record lies: after the one before, aligned.
fn offsetOf(comptime T: type, comptime index: usize) usize {
    const types = @typeInfo(T).@"struct".field_types;
    if (index == 0) return 0;
    const end = offsetOf(T, index - 1) + sizeOf(types[index - 1]);
    return std.mem.alignForward(usize, end, alignOf(types[index]));
}

/// A variant begins with the byte that says which case it is.
fn payloadAt(comptime T: type) usize {
    return @max(1, alignOf(T));
}

fn variantSize(comptime T: type, payload: usize) usize {
    return std.mem.alignForward(usize, payloadAt(T) + payload, alignOf(T));
}

test "a record of lists, variants and options lies as the contract says" {
    const Inner = union(enum) { none: bool, number: f64, text: []const u8 };
    const Outer = struct { flag: bool, names: []const []const u8, value: Inner };
    if (word == 4) try std.testing.expectEqual(@as(usize, 32), sizeOf(Outer));
    var memory: std.heap.ArenaAllocator = .init(std.testing.allocator);
    defer memory.deinit();
    const arena = memory.allocator();
    var bytes: [sizeOf(Outer)]u8 align(16) = undefined;
    for ([_]Inner{ .{ .none = true }, .{ .number = -0.5 }, .{ .text = "late" } }) |inner| {
        const value: Outer = .{ .flag = true, .names = &.{ "a", "" }, .value = inner };
        try store(Outer, arena, &bytes, value);
        try std.testing.expectEqualDeep(value, try load(Outer, arena, &bytes));
    }
}

test "an option is a variant of none and some" {
    var bytes: [sizeOf(?f64)]u8 align(8) = undefined;
    try store(?f64, std.testing.allocator, &bytes, 2.5);
    try std.testing.expectEqual(@as(u8, 1), bytes[0]);
    try std.testing.expectEqual(@as(f64, 2.5), @as(*f64, @ptrCast(bytes[8..])).*);
    try store(?f64, std.testing.allocator, &bytes, null);
    try std.testing.expectEqual(@as(u8, 0), bytes[0]);
}
