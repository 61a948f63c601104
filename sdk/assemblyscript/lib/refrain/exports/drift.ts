// The exports of the world `drift`. The build names them as the contract does:
// `drift__update` becomes `refrain:drift/plugin@0.1.0#update`.

import {
  batchAt, bytesAt, PAYLOAD, putBytes, putIndices, putList, putOption, putText, realloc, release,
  reply, replyTo, room, schemaAt, textAt,
} from "refrain/canonical";
import { Comparison, plugin, Score, Window } from "refrain/drift";
import { Params } from "refrain/params";
import { wasNotStarted } from "refrain/session";

const SCORE_BYTES = 80;

let fold: Comparison | null = null;

export function drift__describe(p: usize, pLen: usize, s: usize, sLen: usize): usize {
  const params = new Params(textAt(p, pLen));
  const description = plugin().describe(params, schemaAt(s, sLen));
  putIndices(PAYLOAD, description.reads);
  store<bool>(PAYLOAD, description.mergeable, 8);
  return replyTo(params, true);
}

export function drift__start(p: usize, pLen: usize, s: usize, sLen: usize): usize {
  const params = new Params(textAt(p, pLen));
  fold = plugin().start(params, schemaAt(s, sLen));
  return replyTo(params, false);
}

export function drift__update(window: u32, rows: u32, columns: usize, n: usize): usize {
  const held = fold;
  if (held === null) wasNotStarted("update");
  else held.updateWindow(<Window>window, batchAt(rows, columns, n));
  return reply();
}

export function drift__save(): usize {
  const held = fold;
  if (held === null) wasNotStarted("save");
  else putBytes(PAYLOAD, held.save());
  return reply();
}

export function drift__merge(saved: usize, n: usize): usize {
  const held = fold;
  if (held === null) wasNotStarted("merge");
  else held.merge(bytesAt(saved, n));
  return reply();
}

export function drift__finish(): usize {
  const held = fold;
  if (held === null) wasNotStarted("finish");
  else putScores(held.finish());
  return reply();
}

function putScores(scores: Score[]): void {
  const items = room(scores.length, SCORE_BYTES);
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i], at = items + i * SCORE_BYTES;
    putText(at, score.column);
    putText(at + 8, score.measure);
    putOption(at + 16, score.value);
    putOption(at + 32, score.pValue);
    store<f64>(at, score.threshold, 48);
    store<u8>(at, <u8>score.verdict, 56);
    store<u64>(at, score.nReference, 64);
    store<u64>(at, score.nCurrent, 72);
  }
  putList(PAYLOAD, items, scores.length);
}

export function cabi_realloc(old: usize, oldBytes: usize, align: usize, n: usize): usize {
  return realloc(old, oldBytes, align, n);
}

export function cabi_post_drift__describe(_answer: usize): void {
  release();
}

export function cabi_post_drift__start(_answer: usize): void {
  release();
}

export function cabi_post_drift__update(_answer: usize): void {
  release();
}

export function cabi_post_drift__save(_answer: usize): void {
  release();
}

export function cabi_post_drift__merge(_answer: usize): void {
  release();
}

export function cabi_post_drift__finish(_answer: usize): void {
  release();
}
