// The exports of the world `trainer`. The build names them as the contract does:
// `trainer__pass_start` becomes `refrain:trainer/plugin@0.1.0#pass-start`.

import {
  batchAt, bytesAt, PAYLOAD, putBatch, putBytes, putIndices, putList, putSchema, putText, realloc,
  release, reply, replyTo, room, schemaAt, textAt,
} from "refrain/canonical";
import { hasFailed } from "refrain/failure";
import { Params } from "refrain/params";
import { Mapper, wasNotStarted } from "refrain/session";
import { Pass, PassEnd, plugin } from "refrain/trainer";

const MEASURE_BYTES = 16;

let pass: Pass | null = null;
let mapper: Mapper | null = null;

export function trainer__describe(p: usize, pLen: usize, s: usize, sLen: usize): usize {
  const params = new Params(textAt(p, pLen));
  const description = plugin().describe(params, schemaAt(s, sLen));
  putIndices(PAYLOAD, description.trainingReads);
  putIndices(PAYLOAD + 8, description.predictionReads);
  putSchema(PAYLOAD + 16, description.prediction);
  store<bool>(PAYLOAD, description.mergeable, 24);
  return replyTo(params, true);
}

export function trainer__pass_start(
  p: usize, pLen: usize, s: usize, sLen: usize, seed: u64, state: usize, stateLen: usize,
): usize {
  const params = new Params(textAt(p, pLen));
  pass = plugin().pass(params, schemaAt(s, sLen), seed, bytesAt(state, stateLen));
  return replyTo(params, false);
}

export function trainer__pass_update(rows: u32, columns: usize, n: usize): usize {
  const held = pass;
  if (held === null) wasNotStarted("pass-update");
  else held.update(batchAt(rows, columns, n));
  return reply();
}

export function trainer__pass_save(): usize {
  const held = pass;
  if (held === null) wasNotStarted("pass-save");
  else putBytes(PAYLOAD, held.save());
  return reply();
}

export function trainer__pass_merge(saved: usize, n: usize): usize {
  const held = pass;
  if (held === null) wasNotStarted("pass-merge");
  else held.merge(bytesAt(saved, n));
  return reply();
}

export function trainer__pass_finish(): usize {
  const held = pass;
  if (held === null) wasNotStarted("pass-finish");
  else putPassEnd(held.finish());
  return reply();
}

function putPassEnd(end: PassEnd): void {
  const n = end.measures.length;
  const measures = room(n, MEASURE_BYTES);
  for (let i = 0; i < n; i++) {
    putText(measures + i * MEASURE_BYTES, end.measures[i].name);
    store<f64>(measures + i * MEASURE_BYTES, end.measures[i].value, 8);
  }
  putBytes(PAYLOAD, end.state);
  store<bool>(PAYLOAD, end.done, 8);
  putList(PAYLOAD + 12, measures, n);
}

export function trainer__finish(
  p: usize, pLen: usize, s: usize, sLen: usize, state: usize, stateLen: usize,
): usize {
  const params = new Params(textAt(p, pLen));
  putBytes(PAYLOAD, plugin().finish(params, schemaAt(s, sLen), bytesAt(state, stateLen)));
  return replyTo(params, false);
}

export function trainer__predict_start(s: usize, sLen: usize, model: usize, n: usize): usize {
  mapper = plugin().model(schemaAt(s, sLen), bytesAt(model, n));
  return reply();
}

export function trainer__predict(rows: u32, columns: usize, n: usize): usize {
  const held = mapper;
  if (held === null) {
    wasNotStarted("predict");
    return reply();
  }
  const predictions = held.map(batchAt(rows, columns, n));
  if (!hasFailed()) putBatch(PAYLOAD, rows, predictions);
  return reply();
}

export function cabi_realloc(old: usize, oldBytes: usize, align: usize, n: usize): usize {
  return realloc(old, oldBytes, align, n);
}

export function cabi_post_trainer__describe(_answer: usize): void {
  release();
}

export function cabi_post_trainer__pass_start(_answer: usize): void {
  release();
}

export function cabi_post_trainer__pass_update(_answer: usize): void {
  release();
}

export function cabi_post_trainer__pass_save(_answer: usize): void {
  release();
}

export function cabi_post_trainer__pass_merge(_answer: usize): void {
  release();
}

export function cabi_post_trainer__pass_finish(_answer: usize): void {
  release();
}

export function cabi_post_trainer__finish(_answer: usize): void {
  release();
}

export function cabi_post_trainer__predict_start(_answer: usize): void {
  release();
}

export function cabi_post_trainer__predict(_answer: usize): void {
  release();
}
