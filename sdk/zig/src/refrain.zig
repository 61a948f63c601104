//! Refrain plugins in Zig: declare a role's functions in a struct, export it, build it.
//!
//! Invariant: a component made with this library imports nothing, and no memory outlives the call
//! or the session that it belongs to (see `memory.zig`).
//! Absent on purpose: clocks, files, randomness other than the seed that a plugin is given.

/// The SDK's version, which follows the contracts': 0.1.x speaks worlds 0.1.0.
pub const version = "0.1.0";

const columns = @import("column.zig");
const schema = @import("schema.zig");

pub const Batch = columns.Batch;
pub const Column = columns.Column;
pub const ElementOf = columns.ElementOf;
pub const Values = columns.Values;
pub const VariableBuilder = columns.VariableBuilder;
pub const VariableValues = columns.VariableValues;

pub const Field = schema.Field;
pub const Kind = schema.Kind;
pub const Schema = schema.Schema;

pub const Context = @import("context.zig").Context;
pub const Failure = @import("context.zig").Failure;

pub const kernels = @import("kernels.zig");
pub const params = @import("params.zig");
pub const Rng = @import("rng.zig").Rng;
pub const state = @import("state.zig");

pub const drift = @import("drift.zig");
pub const evaluator = @import("evaluator.zig");
pub const predictor = @import("predictor.zig");
pub const trainer = @import("trainer.zig");
pub const transform = @import("transform.zig");
pub const trigger = @import("trigger.zig");

/// For unit tests: runs a plugin natively, the way the host does.
pub const testing = @import("testing.zig");

test {
    _ = @import("canonical.zig");
    _ = @import("column.zig");
    _ = @import("kernels.zig");
    _ = @import("memory.zig");
    _ = @import("params.zig");
    _ = @import("schema.zig");
    _ = @import("session.zig");
    _ = @import("state.zig");
}
