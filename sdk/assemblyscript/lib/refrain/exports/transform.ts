// The exports of the world `transform`. The build names them as the contract does:
// `transform__fit_start` becomes `refrain:transform/plugin@0.1.0#fit-start`.

import {
  batchAt, bytesAt, PAYLOAD, putBatch, putBytes, putField, putIndices, putList, realloc, release,
  reply, replyTo, room, schemaAt, textAt,
} from "refrain/canonical";
import { hasFailed } from "refrain/failure";
import { Params } from "refrain/params";
import { Mapper, wasNotStarted } from "refrain/session";
import { Description, Fit, plugin } from "refrain/transform";

const OUTPUT_BYTES = 20;

let fit: Fit | null = null;
let mapper: Mapper | null = null;

export function transform__describe(p: usize, pLen: usize, s: usize, sLen: usize): usize {
  const params = new Params(textAt(p, pLen));
  putDescription(plugin().describe(params, schemaAt(s, sLen)));
  return replyTo(params, true);
}

function putDescription(description: Description): void {
  const n = description.outputs.length;
  const outputs = room(n, OUTPUT_BYTES);
  for (let i = 0; i < n; i++) {
    const output = description.outputs[i], at = outputs + i * OUTPUT_BYTES;
    const computed = output.computed;
    store<u8>(at, computed === null ? 0 : 1);
    if (computed === null) store<u32>(at, output.kept, 4);
    else putField(at + 4, computed);
  }
  putIndices(PAYLOAD, description.reads);
  putList(PAYLOAD + 8, outputs, n);
  store<bool>(PAYLOAD, description.needsFit, 16);
  store<bool>(PAYLOAD, description.mergeable, 17);
}

export function transform__fit_start(
  p: usize, pLen: usize, s: usize, sLen: usize, seed: u64,
): usize {
  const params = new Params(textAt(p, pLen));
  fit = plugin().fit(params, schemaAt(s, sLen), seed);
  return replyTo(params, false);
}

export function transform__fit_update(rows: u32, columns: usize, n: usize): usize {
  const held = fit;
  if (held === null) wasNotStarted("fit-update");
  else held.update(batchAt(rows, columns, n));
  return reply();
}

export function transform__fit_save(): usize {
  const held = fit;
  if (held === null) wasNotStarted("fit-save");
  else putBytes(PAYLOAD, held.save());
  return reply();
}

export function transform__fit_merge(saved: usize, n: usize): usize {
  const held = fit;
  if (held === null) wasNotStarted("fit-merge");
  else held.merge(bytesAt(saved, n));
  return reply();
}

export function transform__fit_finish(): usize {
  const held = fit;
  if (held === null) wasNotStarted("fit-finish");
  else putBytes(PAYLOAD, held.finish());
  return reply();
}

export function transform__apply_start(
  p: usize, pLen: usize, s: usize, sLen: usize, state: usize, stateLen: usize,
): usize {
  const params = new Params(textAt(p, pLen));
  mapper = plugin().apply(params, schemaAt(s, sLen), bytesAt(state, stateLen));
  return replyTo(params, false);
}

export function transform__apply(rows: u32, columns: usize, n: usize): usize {
  const held = mapper;
  if (held === null) {
    wasNotStarted("apply");
    return reply();
  }
  const computed = held.map(batchAt(rows, columns, n));
  if (!hasFailed()) putBatch(PAYLOAD, rows, computed);
  return reply();
}

export function cabi_realloc(old: usize, oldBytes: usize, align: usize, n: usize): usize {
  return realloc(old, oldBytes, align, n);
}

export function cabi_post_transform__describe(_answer: usize): void {
  release();
}

export function cabi_post_transform__fit_start(_answer: usize): void {
  release();
}

export function cabi_post_transform__fit_update(_answer: usize): void {
  release();
}

export function cabi_post_transform__fit_save(_answer: usize): void {
  release();
}

export function cabi_post_transform__fit_merge(_answer: usize): void {
  release();
}

export function cabi_post_transform__fit_finish(_answer: usize): void {
  release();
}

export function cabi_post_transform__apply_start(_answer: usize): void {
  release();
}

export function cabi_post_transform__apply(_answer: usize): void {
  release();
}
