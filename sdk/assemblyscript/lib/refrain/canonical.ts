// The canonical ABI of our worlds, written down: how rows lie in memory on their way in and out.
//
// Memory that the host asks for is that of an ArrayBuffer, so a list of numbers that was lowered
// into it *is* one, and crosses without a copy. The collector runs only after an answer was read;
// until then, nothing that the host holds an address of can go.

import { Batch, Column, utf8 } from "./column";
import { Failure, FailureKind, takeFailure } from "./failure";
import { Params } from "./params";
import { Field, Kind, Schema } from "./schema";

const FIELD_BYTES = 16;
const COLUMN_BYTES = 28;

/** The answer of the current call; the largest is a trainer's description of 32 bytes. */
const answer = memory.data(64, 8);

/** Where an answer that is no refusal goes: after the byte that says so, aligned to 4. */
export const PAYLOAD: usize = answer + 4;

/** Memory for `n` records of `size` bytes. */
export function room(n: i32, size: i32): usize {
  return __new(n * size, idof<ArrayBuffer>());
}

/** How the host asks for memory. The address of nothing is any aligned number. */
export function realloc(old: usize, oldBytes: usize, align: usize, n: usize): usize {
  if (n == 0) return align;
  const memoryOf = __new(n, idof<ArrayBuffer>());
  memory.copy(memoryOf, old, min(oldBytes, n));
  return memoryOf;
}

/** After the host has read the answer. */
export function release(): void {
  __collect();
}

/** Answers with what lies at `PAYLOAD`, or with why the call refused. */
export function reply(): usize {
  return replyTo(null, false);
}

/** The same for a call that read parameters; in `describe` it has asked for all of them. */
export function replyTo(params: Params | null, isComplete: bool): usize {
  let failure = takeFailure();
  if (params !== null) {
    const ofParams = params.failure(isComplete);
    if (ofParams !== null) failure = ofParams;
  }
  store<u8>(answer, failure === null ? 0 : 1);
  if (failure !== null) putFailure(failure);
  return answer;
}

function putFailure(failure: Failure): void {
  const payload = PAYLOAD + 4;
  store<u8>(PAYLOAD, <u8>failure.kind);
  if (failure.kind == FailureKind.Other) {
    store<u32>(payload, failure.code);
    putText(payload + 4, failure.message);
  } else putText(payload, failure.message);
}

export function putText(at: usize, text: string): void {
  putBytes(at, utf8(text));
}

export function putBytes(at: usize, bytes: Uint8Array): void {
  putList(at, bytes.dataStart, bytes.length);
}

export function putList(at: usize, address: usize, n: i32): void {
  // Of an empty list only the alignment counts.
  store<u32>(at, n == 0 ? 8 : <u32>address);
  store<u32>(at, n, 4);
}

export function putIndices(at: usize, indices: u32[]): void {
  putList(at, indices.dataStart, indices.length);
}

export function putTexts(at: usize, texts: string[]): void {
  const items = room(texts.length, 8);
  for (let i = 0; i < texts.length; i++) putText(items + i * 8, texts[i]);
  putList(at, items, texts.length);
}

/** `option<f64>`: NaN is none, since no number that is defined is one. */
export function putOption(at: usize, value: f64): void {
  store<u8>(at, isNaN(value) ? 0 : 1);
  store<f64>(at, value, 8);
}

export function putField(at: usize, field: Field): void {
  putText(at, field.name);
  store<u8>(at, <u8>field.kind, 8);
  store<bool>(at, field.nullable, 9);
  store<u32>(at, field.width, 12);
}

export function putSchema(at: usize, schema: Schema): void {
  const n = schema.fields.length;
  const fields = room(n, FIELD_BYTES);
  for (let i = 0; i < n; i++) putField(fields + i * FIELD_BYTES, schema.fields[i]);
  putList(at, fields, n);
}

export function putBatch(at: usize, rows: i32, columns: Column[]): void {
  const items = room(columns.length, COLUMN_BYTES);
  for (let i = 0; i < columns.length; i++) putColumn(items + i * COLUMN_BYTES, columns[i]);
  store<u32>(at, rows);
  putList(at + 4, items, columns.length);
}

function putColumn(at: usize, column: Column): void {
  store<u8>(at, <u8>column.kind);
  if (column.kind == Kind.Utf8 || column.kind == Kind.Binary) {
    putList(at + 4, column.offsets.dataStart, column.offsets.length);
    putBytes(at + 12, column.data);
  } else {
    putList(at + 4, column.data.dataStart, column.data.length / bytesOf(column.kind));
  }
  putBytes(at + 20, column.validity);
}

/** Bytes of one number of a kind. */
function bytesOf(kind: Kind): i32 {
  if (kind == Kind.Boolean) return 1;
  return kind == Kind.Vector ? 4 : 8;
}

export function textAt(address: usize, n: usize): string {
  return String.UTF8.decodeUnsafe(address, n);
}

/** Bytes that were lowered into memory of `realloc`, in place. */
export function bytesAt(address: usize, n: usize): Uint8Array {
  // The address of nothing is that of no object.
  if (n == 0) return new Uint8Array(0);
  return Uint8Array.wrap(changetype<ArrayBuffer>(address), 0, <i32>n);
}

export function schemaAt(address: usize, n: usize): Schema {
  const fields: Field[] = [];
  for (let i: usize = 0; i < n; i++) {
    const at = address + i * FIELD_BYTES;
    const name = textAt(load<u32>(at), load<u32>(at, 4));
    fields.push(new Field(name, load<u8>(at, 8), load<bool>(at, 9), load<u32>(at, 12)));
  }
  return new Schema(fields);
}

export function batchAt(rows: u32, address: usize, n: usize): Batch {
  const columns: Column[] = [];
  for (let i: usize = 0; i < n; i++) columns.push(columnAt(rows, address + i * COLUMN_BYTES));
  return new Batch(rows, columns);
}

function columnAt(rows: u32, at: usize): Column {
  const kind = <Kind>load<u8>(at);
  const first = load<u32>(at, 4), n = load<u32>(at, 8);
  const validity = bytesAt(load<u32>(at, 20), load<u32>(at, 24));
  if (kind == Kind.Utf8 || kind == Kind.Binary) {
    const offsets = Uint32Array.wrap(bytesAt(first, n * 4).buffer);
    return new Column(kind, rows, bytesAt(load<u32>(at, 12), load<u32>(at, 16)), offsets, validity);
  }
  const data = bytesAt(first, n * bytesOf(kind));
  return new Column(kind, rows, data, new Uint32Array(0), validity);
}
