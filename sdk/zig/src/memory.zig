//! Two arenas that take turns: one for the call, one for the session.
//!
//! Everything that the host lowers into the guest, and everything that a call allocates, lies in
//! the call's arena and goes when the host is done with the answer. A call that starts something
//! keeps its arena: it becomes the session's, and the one before is emptied for the next call.
//!
//! Invariant: a call that starts nothing leaves no memory behind, so a long run does not grow.

const std = @import("std");
const Context = @import("context.zig").Context;

const Allocator = std.mem.Allocator;
const Arena = std.heap.ArenaAllocator;

/// The pair.
pub const Turns = struct {
    gpa: Allocator,
    arenas: [2]Arena,
    of_call: u1 = 0,

    pub fn init(gpa: Allocator) Turns {
        return .{ .gpa = gpa, .arenas = .{ .init(gpa), .init(gpa) } };
    }

    /// The context of the call that is beginning.
    pub fn context(self: *Turns) Context {
        return .{ .arena = self.arenas[self.of_call].allocator(), .gpa = self.gpa };
    }

    /// The call has started a session: what it allocated has to stay.
    pub fn keep(self: *Turns) void {
        self.of_call = 1 - self.of_call;
    }

    /// The host has read the answer.
    pub fn release(self: *Turns) void {
        _ = self.arenas[self.of_call].reset(.retain_capacity);
    }

    /// Memory for an argument, aligned as the host asks.
    pub fn realloc(self: *Turns, old: []const u8, alignment: usize, len: usize) ?[*]u8 {
        const arena = self.arenas[self.of_call].allocator();
        const new = arena.rawAlloc(len, .fromByteUnits(alignment), @returnAddress()) orelse
            return null;
        const n_kept = @min(old.len, len);
        @memcpy(new[0..n_kept], old[0..n_kept]);
        return new;
    }
};

test "a thousand calls take no more memory than a few" {
    var turns: Turns = .init(std.testing.allocator);
    defer for (turns.arenas) |arena| arena.deinit();
    var after_ten: usize = 0;
    for (0..1_000) |call| {
        for ([_]usize{ 8, 1, 4 }) |alignment| {
            const argument = turns.realloc(&.{}, alignment, 1_000 + call % 7).?;
            try std.testing.expect(@intFromPtr(argument) % alignment == 0);
        }
        const cx = turns.context();
        _ = try cx.arena.alloc(f64, 500);
        turns.release();
        const now = turns.arenas[0].queryCapacity() + turns.arenas[1].queryCapacity();
        if (call == 10) after_ten = now;
        if (call > 10) try std.testing.expect(now <= after_ten);
    }
}

test "what a starting call allocates stays until the next start" {
    var turns: Turns = .init(std.testing.allocator);
    defer for (turns.arenas) |arena| arena.deinit();
    const cx = turns.context();
    const kept = try cx.arena.dupe(u8, "kept");
    turns.keep();
    turns.release();
    for (0..10) |_| {
        @memset(turns.realloc(&.{}, 1, 64).?[0..64], 0xff);
        turns.release();
    }
    try std.testing.expectEqualStrings("kept", kept);
}
