//! From the functions of an `Instance` to a component's exports.
//!
//! The contract flattens arguments: a list is an address and a length, a record its fields one
//! after another. The wasm signature of each export follows from the Zig signature here, at
//! compile time, so a world is a table of names.

const std = @import("std");
const builtin = @import("builtin");
const canonical = @import("canonical.zig");
const context = @import("context.zig");
const Turns = @import("memory.zig").Turns;

pub const Context = context.Context;

/// What a call does with the memory it took.
pub const Memory = enum {
    /// Gives it back after the answer.
    release,
    /// Keeps it, for the session that it has started.
    keep,
};

/// One export: the Zig name, the contract's, and what becomes of memory.
pub const Export = struct { []const u8, []const u8, Memory };

/// Exports the functions of `Instance` as those of a world, with what has to follow each call.
/// Only a wasm module has exports; natively this does nothing, so that tests can be linked.
pub fn exportAll(
    comptime world: []const u8,
    comptime Instance: type,
    comptime table: []const Export,
) void {
    if (!builtin.cpu.arch.isWasm()) return;
    @setEvalBranchQuota(100_000); // for the layouts of all answers
    const Held = struct {
        var instance: Instance = .{};
    };
    for (table) |entry| {
        const symbol = "refrain:" ++ world ++ "/plugin@0.1.0#" ++ entry[1];
        const function = Wasm(&Held.instance, @field(Instance, entry[0]), entry[2]).function;
        @export(function, .{ .name = symbol });
        @export(&release, .{ .name = "cabi_post_" ++ symbol });
    }
    @export(&realloc, .{ .name = "cabi_realloc" });
}

/// The component's memory.
var memory: Turns = .init(std.heap.wasm_allocator);

fn release(_: usize) callconv(.c) void {
    memory.release();
}

/// How the host asks for memory. The address of nothing is any aligned number.
fn realloc(old: usize, old_len: usize, alignment: usize, len: usize) callconv(.c) usize {
    if (len == 0) return alignment;
    const kept = if (old_len == 0) "" else @as([*]const u8, @ptrFromInt(old))[0..old_len];
    return @intFromPtr(memory.realloc(kept, alignment, len) orelse @trap());
}

/// The answer of the current call. One is enough: a component is never entered twice.
var answer_bytes: [64]u8 align(8) = undefined;

/// `method` of `instance` as a wasm function that returns the address of its answer.
fn Wasm(comptime instance: anytype, comptime method: anytype, comptime use: Memory) type {
    @setEvalBranchQuota(100_000);
    const info = @typeInfo(@TypeOf(method)).@"fn";
    const Ok = @typeInfo(info.return_type.?).error_union.payload;
    const Answer = union(enum) { ok: Ok, err: context.Failure };
    if (canonical.sizeOf(Answer) > answer_bytes.len) @compileError("the answer has no room");

    return struct {
        const F = flattened(info.param_types[2..]);

        const function = switch (F.len) {
            0 => &f0,
            2 => &f2,
            3 => &f3,
            4 => &f4,
            5 => &f5,
            6 => &f6,
            7 => &f7,
            else => @compileError("no world has such a function"),
        };
        fn f0() callconv(.c) usize {
            return call(.{});
        }
        fn f2(a: F[0], b: F[1]) callconv(.c) usize {
            return call(.{ a, b });
        }
        fn f3(a: F[0], b: F[1], c: F[2]) callconv(.c) usize {
            return call(.{ a, b, c });
        }
        fn f4(a: F[0], b: F[1], c: F[2], d: F[3]) callconv(.c) usize {
            return call(.{ a, b, c, d });
        }
        fn f5(a: F[0], b: F[1], c: F[2], d: F[3], e: F[4]) callconv(.c) usize {
            return call(.{ a, b, c, d, e });
        }
        fn f6(a: F[0], b: F[1], c: F[2], d: F[3], e: F[4], f: F[5]) callconv(.c) usize {
            return call(.{ a, b, c, d, e, f });
        }
        fn f7(a: F[0], b: F[1], c: F[2], d: F[3], e: F[4], f: F[5], g: F[6]) callconv(.c) usize {
            return call(.{ a, b, c, d, e, f, g });
        }

        fn call(flat: anytype) usize {
            var cx = memory.context();
            const answer: Answer = if (run(&cx, flat)) |ok| .{ .ok = ok } else |problem| .{
                .err = cx.failure orelse .{ .failed = @errorName(problem) },
            };
            canonical.store(Answer, cx.arena, &answer_bytes, answer) catch @trap();
            if (use == .keep and answer == .ok) memory.keep();
            return @intFromPtr(&answer_bytes);
        }

        fn run(cx: *Context, flat: anytype) Context.Error!Ok {
            var args: std.meta.ArgsTuple(@TypeOf(method)) = undefined;
            args[0] = instance;
            args[1] = cx;
            comptime var at = 0;
            inline for (info.param_types[2..], 2..) |Param, index| {
                args[index] = try lift(Param.?, cx, flat, at);
                at += comptime flattened(&.{Param}).len;
            }
            return @call(.auto, method, args);
        }
    };
}

/// The wasm types of some arguments.
fn flattened(comptime params: []const ?type) []const type {
    var flat: []const type = &.{};
    for (params) |Param| flat = flat ++ switch (@typeInfo(Param.?)) {
        .int => &[_]type{Param.?},
        .@"enum" => &[_]type{u32},
        .pointer => &[_]type{ usize, usize },
        .@"struct" => |info| fields: {
            var optional: [info.field_types.len]?type = undefined;
            for (&optional, info.field_types) |*to, from| to.* = from;
            break :fields flattened(&optional);
        },
        else => @compileError("no world has such an argument"),
    };
    return flat;
}

fn lift(
    comptime T: type,
    cx: *Context,
    flat: anytype,
    comptime at: usize,
) error{OutOfMemory}!T {
    switch (@typeInfo(T)) {
        .int => return flat[at],
        .@"enum" => return @fromBackingInt(@intCast(flat[at])),
        .pointer => |info| {
            return canonical.loadList(info.child, cx.arena, flat[at], flat[at + 1]);
        },
        .@"struct" => |info| {
            var out: T = undefined;
            comptime var next = at;
            inline for (info.field_names, info.field_types) |name, Field| {
                @field(out, name) = try lift(Field, cx, flat, next);
                next += comptime flattened(&.{Field}).len;
            }
            return out;
        },
        else => unreachable,
    }
}
