// The exports of the world `evaluator`. The build names them as the contract does:
// `evaluator__update` becomes `refrain:evaluator/plugin@0.1.0#update`.

import {
  batchAt, bytesAt, PAYLOAD, putBytes, putIndices, putList, putOption, putText, realloc, release,
  reply, replyTo, room, schemaAt, textAt,
} from "refrain/canonical";
import { Evaluation, Metric, plugin, Tag } from "refrain/evaluator";
import { Params } from "refrain/params";
import { wasNotStarted } from "refrain/session";

const METRIC_BYTES = 48;
const TAG_BYTES = 16;

let fold: Evaluation | null = null;

export function evaluator__describe(p: usize, pLen: usize, s: usize, sLen: usize): usize {
  const params = new Params(textAt(p, pLen));
  const description = plugin().describe(params, schemaAt(s, sLen));
  putIndices(PAYLOAD, description.reads);
  store<bool>(PAYLOAD, description.mergeable, 8);
  return replyTo(params, true);
}

export function evaluator__start(p: usize, pLen: usize, s: usize, sLen: usize): usize {
  const params = new Params(textAt(p, pLen));
  fold = plugin().start(params, schemaAt(s, sLen));
  return replyTo(params, false);
}

export function evaluator__update(rows: u32, columns: usize, n: usize): usize {
  const held = fold;
  if (held === null) wasNotStarted("update");
  else held.update(batchAt(rows, columns, n));
  return reply();
}

export function evaluator__save(): usize {
  const held = fold;
  if (held === null) wasNotStarted("save");
  else putBytes(PAYLOAD, held.save());
  return reply();
}

export function evaluator__merge(saved: usize, n: usize): usize {
  const held = fold;
  if (held === null) wasNotStarted("merge");
  else held.merge(bytesAt(saved, n));
  return reply();
}

export function evaluator__finish(): usize {
  const held = fold;
  if (held === null) wasNotStarted("finish");
  else putMetrics(held.finish());
  return reply();
}

function putMetrics(metrics: Metric[]): void {
  const items = room(metrics.length, METRIC_BYTES);
  for (let i = 0; i < metrics.length; i++) {
    const metric = metrics[i], at = items + i * METRIC_BYTES;
    putText(at, metric.name);
    putTags(at + 8, metric.slice);
    putTags(at + 16, metric.part);
    putOption(at + 24, metric.value);
    store<u64>(at, metric.nRows, 40);
  }
  putList(PAYLOAD, items, metrics.length);
}

function putTags(at: usize, tags: Tag[]): void {
  const items = room(tags.length, TAG_BYTES);
  for (let i = 0; i < tags.length; i++) {
    putText(items + i * TAG_BYTES, tags[i].name);
    putText(items + i * TAG_BYTES + 8, tags[i].value);
  }
  putList(at, items, tags.length);
}

export function cabi_realloc(old: usize, oldBytes: usize, align: usize, n: usize): usize {
  return realloc(old, oldBytes, align, n);
}

export function cabi_post_evaluator__describe(_answer: usize): void {
  release();
}

export function cabi_post_evaluator__start(_answer: usize): void {
  release();
}

export function cabi_post_evaluator__update(_answer: usize): void {
  release();
}

export function cabi_post_evaluator__save(_answer: usize): void {
  release();
}

export function cabi_post_evaluator__merge(_answer: usize): void {
  release();
}

export function cabi_post_evaluator__finish(_answer: usize): void {
  release();
}
