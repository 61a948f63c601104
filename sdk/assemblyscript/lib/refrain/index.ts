// Refrain plugins in AssemblyScript: extend the class of a role, register it, build it.
//
// Invariant: a component made with this library imports nothing, and what a call allocated and
// nobody holds any more is collected after the call.
// Absent on purpose: clocks, files, randomness other than the seed that a plugin is given.

export { Batch, Column } from "./column";
export { hasFailed, refuse } from "./failure";
export { Json, JsonKind } from "./json";
export { Moments, sum } from "./moments";
export { Params } from "./params";
export { Rng } from "./rng";
export { Field, Kind, kindName, Schema } from "./schema";
export { Reader, Writer } from "./state";
