// The exports of the world `trigger`. The build names them as the contract does:
// `trigger__decide` becomes `refrain:trigger/plugin@0.1.0#decide`.

import {
  PAYLOAD, putList, putText, putTexts, realloc, release, replyTo, room, textAt,
} from "refrain/canonical";
import { Params } from "refrain/params";
import { Decision, Fact, FactKind, plugin } from "refrain/trigger";

const FACT_BYTES = 24;
const EVIDENCE_BYTES = 20;

export function trigger__describe(p: usize, pLen: usize): usize {
  const params = new Params(textAt(p, pLen));
  putTexts(PAYLOAD, plugin().describe(params));
  return replyTo(params, true);
}

export function trigger__decide(p: usize, pLen: usize, facts: usize, n: usize): usize {
  const params = new Params(textAt(p, pLen));
  const known: Fact[] = [];
  for (let i: usize = 0; i < n; i++) known.push(factAt(facts + i * FACT_BYTES));
  putDecision(plugin().decide(params, known));
  return replyTo(params, false);
}

function factAt(at: usize): Fact {
  const kind = <FactKind>load<u8>(at, 8), value = at + 16;
  const fact = new Fact(textAt(load<u32>(at), load<u32>(at, 4)), kind);
  switch (kind) {
    case FactKind.Integer:
    case FactKind.TimestampUs:
      fact.integer = load<i64>(value);
      break;
    case FactKind.Number:
    case FactKind.Seconds:
      fact.number = load<f64>(value);
      break;
    case FactKind.Boolean:
      fact.boolean = load<bool>(value);
      break;
    default:
      fact.text = textAt(load<u32>(value), load<u32>(value, 4));
  }
  return fact;
}

function putDecision(decision: Decision): void {
  const n = decision.evidence.length;
  const items = room(n, EVIDENCE_BYTES);
  for (let i = 0; i < n; i++) {
    const evidence = decision.evidence[i], at = items + i * EVIDENCE_BYTES;
    putText(at, evidence.rule);
    store<u8>(at, <u8>evidence.verdict, 8);
    putText(at + 12, evidence.detail);
  }
  store<u8>(PAYLOAD, <u8>decision.verdict);
  putText(PAYLOAD + 4, decision.reason);
  putList(PAYLOAD + 12, items, n);
}

export function cabi_realloc(old: usize, oldBytes: usize, align: usize, n: usize): usize {
  return realloc(old, oldBytes, align, n);
}

export function cabi_post_trigger__describe(_answer: usize): void {
  release();
}

export function cabi_post_trigger__decide(_answer: usize): void {
  release();
}
