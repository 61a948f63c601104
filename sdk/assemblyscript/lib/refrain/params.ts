// Parameters: read by name, with refusals that name the parameter.
//
// After `describe` the SDK refuses every key that was not asked for, so ask for all of them there.

import { Failure, FailureKind, refuse } from "./failure";
import { Json, JsonKind } from "./json";
import { quoted } from "./schema";

/** The parameters of a call. After a refusal they answer zeros and empty lists. */
export class Params {
  private asked: string[] = [];
  private missing: string = "";
  private object: Json = new Json(JsonKind.Object);
  private fault: string = "";

  constructor(text: string) {
    const value = text.length == 0 ? this.object : Json.read(text);
    if (value === null) this.fault = "the parameters are not JSON";
    else if (value.kind != JsonKind.Object) this.fault = "the parameters must be an object";
    else this.object = value;
  }

  /** A required text. */
  text(name: string): string {
    const value = this.required(name, JsonKind.Text);
    return value === null ? "" : value.text;
  }

  /** A text that may be left out. */
  textOr(name: string, otherwise: string): string {
    const value = this.optional(name, JsonKind.Text);
    return value === null ? otherwise : value.text;
  }

  /** A required number. */
  number(name: string): f64 {
    const value = this.required(name, JsonKind.Number);
    return value === null ? 0 : value.number;
  }

  /** A number that may be left out. */
  numberOr(name: string, otherwise: f64): f64 {
    const value = this.optional(name, JsonKind.Number);
    return value === null ? otherwise : value.number;
  }

  /** A required number without a fraction, up to 2^53. */
  integer(name: string): i64 {
    return whole(name, this.required(name, JsonKind.Number), 0);
  }

  /** A number without a fraction that may be left out. */
  integerOr(name: string, otherwise: i64): i64 {
    return whole(name, this.optional(name, JsonKind.Number), otherwise);
  }

  /** Yes or no; may be left out. */
  booleanOr(name: string, otherwise: bool): bool {
    const value = this.optional(name, JsonKind.Boolean);
    return value === null ? otherwise : value.boolean;
  }

  /** A required array of texts. */
  texts(name: string): string[] {
    return this.items(name, JsonKind.Text).map<string>((item) => item.text);
  }

  /** The same, and it must not be empty. */
  someTexts(name: string): string[] {
    const value = this.object.get(name);
    const texts = this.texts(name);
    if (texts.length == 0 && value !== null) {
      refuse.invalidParams(`parameter \`${name}\` is empty`);
    }
    return texts;
  }

  /** A required array of numbers. */
  numbers(name: string): f64[] {
    return this.items(name, JsonKind.Number).map<f64>((item) => item.number);
  }

  /** Anything, or null if it is not given: for the plugin to look at. */
  json(name: string): Json | null {
    this.asked.push(name);
    return this.object.get(name);
  }

  /**
   * What is wrong as a whole: no object, unknown keys if all have been asked for, or a missing
   * parameter. It comes before other refusals, which may be its consequence.
   */
  failure(isComplete: bool): Failure | null {
    if (this.fault.length > 0) return new Failure(FailureKind.InvalidParams, this.fault);
    for (let i = 0; isComplete && i < this.object.keys.length; i++) {
      const key = this.object.keys[i];
      if (this.asked.includes(key)) continue;
      const message = `unknown parameter \`${key}\`; known: ${quoted(this.asked)}`;
      return new Failure(FailureKind.InvalidParams, message);
    }
    if (this.missing.length == 0) return null;
    return new Failure(FailureKind.InvalidParams, `missing parameter \`${this.missing}\``);
  }

  private items(name: string, kind: JsonKind): Json[] {
    const value = this.required(name, JsonKind.Array);
    if (value === null) return [];
    for (let i = 0; i < value.items.length; i++) {
      const found = value.items[i].kind;
      if (found == kind) continue;
      isOther(`${name}[${i}]`, found, Json.nameOf(kind));
      return [];
    }
    return value.items;
  }

  private required(name: string, kind: JsonKind): Json | null {
    const value = this.optional(name, kind);
    const isThere = this.object.get(name) !== null;
    if (!isThere && this.missing.length == 0) this.missing = name;
    return value;
  }

  private optional(name: string, kind: JsonKind): Json | null {
    if (!this.asked.includes(name)) this.asked.push(name);
    const value = this.object.get(name);
    if (value === null || value.kind == kind) return value;
    isOther(name, value.kind, Json.nameOf(kind));
    return null;
  }
}

function isOther(name: string, found: JsonKind, expected: string): void {
  refuse.invalidParams(`parameter \`${name}\` is ${Json.nameOf(found)}, and must be ${expected}`);
}

function whole(name: string, value: Json | null, otherwise: i64): i64 {
  if (value === null) return otherwise;
  const number = value.number;
  if (number == Math.floor(number) && Math.abs(number) <= 9007199254740992) return <i64>number;
  isOther(name, JsonKind.Number, "an integer");
  return otherwise;
}
