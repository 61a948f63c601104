// The exports of the world `predictor`. The build names them as the contract does:
// `predictor__predict_start` becomes `refrain:predictor/plugin@0.1.0#predict-start`.

import {
  batchAt, bytesAt, PAYLOAD, putBatch, putIndices, putSchema, realloc, release, reply, replyTo,
  schemaAt, textAt,
} from "refrain/canonical";
import { hasFailed } from "refrain/failure";
import { Params } from "refrain/params";
import { plugin } from "refrain/predictor";
import { Mapper, wasNotStarted } from "refrain/session";

let mapper: Mapper | null = null;

export function predictor__describe(
  p: usize, pLen: usize, s: usize, sLen: usize, model: usize, n: usize,
): usize {
  const params = new Params(textAt(p, pLen));
  const description = plugin().describe(params, schemaAt(s, sLen), bytesAt(model, n));
  putIndices(PAYLOAD, description.reads);
  putSchema(PAYLOAD + 8, description.prediction);
  return replyTo(params, true);
}

export function predictor__predict_start(
  p: usize, pLen: usize, s: usize, sLen: usize, model: usize, n: usize,
): usize {
  const params = new Params(textAt(p, pLen));
  mapper = plugin().model(params, schemaAt(s, sLen), bytesAt(model, n));
  return replyTo(params, false);
}

export function predictor__predict(rows: u32, columns: usize, n: usize): usize {
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

export function cabi_post_predictor__describe(_answer: usize): void {
  release();
}

export function cabi_post_predictor__predict_start(_answer: usize): void {
  release();
}

export function cabi_post_predictor__predict(_answer: usize): void {
  release();
}
