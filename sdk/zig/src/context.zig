//! What a call is given besides its arguments: memory, and a way to refuse.

const std = @import("std");

const Allocator = std.mem.Allocator;

/// The contract's `error`: whose mistake it is, and a text for that person.
pub const Failure = union(enum) {
    invalid_params: []const u8,
    invalid_input: []const u8,
    failed: []const u8,
    other: struct { code: u32, message: []const u8 },

    /// The text for a person.
    pub fn message(self: Failure) []const u8 {
        return switch (self) {
            .other => |other| other.message,
            inline else => |text| text,
        };
    }
};

/// Memory and refusals of one call. Zig's errors carry no text, so the text waits here.
pub const Context = struct {
    /// Freed after the call. In a call that starts something (`fit-start`, `predict-start`) it
    /// lives as long as what was started: parameters and schema may be kept as they are.
    arena: Allocator,
    /// Lives as long as the instance. For what grows from call to call: free what you outgrow.
    gpa: Allocator,
    /// Why the call refused.
    failure: ?Failure = null,

    /// What every function of a plugin may fail with. `Refused` means that `failure` says why.
    pub const Error = error{ Refused, OutOfMemory };

    /// The parameters are wrong. Name the parameter and say what it may be.
    pub fn invalidParams(self: *Context, comptime format: []const u8, args: anytype) Error {
        return self.refuse(.{ .invalid_params = try self.print(format, args) });
    }

    /// The parameters are right, the data is not. Name the column and say what it lacks.
    pub fn invalidInput(self: *Context, comptime format: []const u8, args: anytype) Error {
        return self.refuse(.{ .invalid_input = try self.print(format, args) });
    }

    /// Parameters and data are right, and still it did not work.
    pub fn failed(self: *Context, comptime format: []const u8, args: anytype) Error {
        return self.refuse(.{ .failed = try self.print(format, args) });
    }

    /// An error of the plugin's own numbering.
    pub fn other(self: *Context, code: u32, comptime format: []const u8, args: anytype) Error {
        const message = try self.print(format, args);
        return self.refuse(.{ .other = .{ .code = code, .message = message } });
    }

    /// Refuses the call.
    pub fn refuse(self: *Context, failure: Failure) Error {
        self.failure = failure;
        return error.Refused;
    }

    /// A text that lives as long as `arena`.
    pub fn print(
        self: *Context,
        comptime format: []const u8,
        args: anytype,
    ) error{OutOfMemory}![]const u8 {
        return std.fmt.allocPrint(self.arena, format, args);
    }
};
