// JSON as a tree: for parameters of a shape that `Params` has no method for.

import { nearest } from "./number";

export enum JsonKind {
  Null,
  Boolean,
  Number,
  Text,
  Array,
  Object,
}

const NAMES: StaticArray<string> = [
  "null", "a boolean", "a number", "a string", "an array", "an object",
];

/** A value. Which fields count follows from its kind. */
export class Json {
  boolean: bool = false;
  number: f64 = 0;
  text: string = "";
  /** Of an object, in its order. */
  keys: string[] = [];
  /** Of an array or an object. */
  items: Json[] = [];

  constructor(public kind: JsonKind) {}

  /** The value of a key of an object, or null. */
  get(key: string): Json | null {
    const index = this.keys.indexOf(key);
    return index < 0 ? null : this.items[index];
  }

  /** "a boolean", "a number": for messages. */
  static nameOf(kind: JsonKind): string {
    return NAMES[kind];
  }

  /** Reads `text`, which must be one JSON value and nothing else; null if it is not. */
  static read(text: string): Json | null {
    const parser = new Parser(text);
    const value = parser.value(0);
    parser.space();
    return parser.isGood && parser.at == text.length ? value : null;
  }
}

/** Deeper parameters than these are a mistake, and recursion has to end somewhere. */
const DEPTH_MAX = 64;

const DIGITS_MAX = 400;

class Parser {
  at: i32 = 0;
  isGood: bool = true;

  constructor(private text: string) {}

  space(): void {
    for (; this.at < this.text.length; this.at++) {
      const c = this.text.charCodeAt(this.at);
      if (c != 0x20 && c != 0x0a && c != 0x0d && c != 0x09) return;
    }
  }

  value(depth: i32): Json {
    this.space();
    if (depth > DEPTH_MAX) return this.bad();
    const c = this.peek();
    if (c == 0x7b) return this.items(JsonKind.Object, 0x7d, depth); // {
    if (c == 0x5b) return this.items(JsonKind.Array, 0x5d, depth); // [
    if (c == 0x22) {
      const value = new Json(JsonKind.Text);
      value.text = this.string();
      return value;
    }
    if (this.word("null")) return new Json(JsonKind.Null);
    if (this.word("false")) return new Json(JsonKind.Boolean);
    if (this.word("true")) {
      const value = new Json(JsonKind.Boolean);
      value.boolean = true;
      return value;
    }
    return this.number();
  }

  private items(kind: JsonKind, close: i32, depth: i32): Json {
    const value = new Json(kind);
    this.at++;
    if (this.passed(close)) return value;
    do {
      if (kind == JsonKind.Object) {
        this.space();
        value.keys.push(this.string());
        if (!this.passed(0x3a)) return this.bad();
      }
      value.items.push(this.value(depth + 1));
      if (!this.isGood) return value;
    } while (this.passed(0x2c));
    return this.passed(close) ? value : this.bad();
  }

  private string(): string {
    if (!this.passed(0x22)) return this.bad().text;
    let out = "";
    let from = this.at;
    while (this.peek() != 0x22) {
      const c = this.peek();
      if (c < 0x20) return this.bad().text; // the end as well
      this.at++;
      if (c != 0x5c) continue;
      out += this.text.slice(from, this.at - 1) + this.escape();
      if (!this.isGood) return "";
      from = this.at;
    }
    this.at++;
    return out + this.text.slice(from, this.at - 1);
  }

  private escape(): string {
    const c = this.peek();
    this.at++;
    const meaning = "\"\\/bfnrt".indexOf(String.fromCharCode(c));
    if (c >= 0 && meaning >= 0) return "\"\\/\b\f\n\r\t".charAt(meaning);
    if (c != 0x75) return this.bad().text;
    const digits = this.text.slice(this.at, this.at + 4);
    let code = 0;
    for (let i = 0; i < digits.length; i++) {
      const digit = "0123456789abcdef".indexOf(digits.charAt(i).toLowerCase());
      if (digit < 0) return this.bad().text;
      code = code * 16 + digit;
    }
    if (digits.length < 4) return this.bad().text;
    this.at += 4;
    return String.fromCharCode(code);
  }

  private number(): Json {
    const value = new Json(JsonKind.Number);
    const isNegative = this.peek() == 0x2d;
    if (isNegative) this.at++;
    let digits = this.digits();
    if (digits.length == 0) return this.bad();
    let exponent = 0;
    if (this.peek() == 0x2e) {
      this.at++;
      const fraction = this.digits();
      if (fraction.length == 0) return this.bad();
      digits += fraction;
      exponent -= fraction.length;
    }
    if ((this.peek() | 0x20) == 0x65) {
      this.at++;
      const isSmall = this.peek() == 0x2d;
      if (isSmall || this.peek() == 0x2b) this.at++;
      const power = this.digits();
      if (power.length == 0) return this.bad();
      const size = power.length > 5 ? 99999 : <i32>parseInt(power);
      exponent += isSmall ? -size : size;
    }
    if (digits.length > DIGITS_MAX) return this.bad();
    value.number = nearest(digits, exponent);
    if (isNegative) value.number = -value.number;
    return value;
  }

  private digits(): string {
    const from = this.at;
    while (this.peek() >= 0x30 && this.peek() <= 0x39) this.at++;
    return this.text.slice(from, this.at);
  }

  /** The next character, or -1 at the end. */
  private peek(): i32 {
    return this.at < this.text.length ? this.text.charCodeAt(this.at) : -1;
  }

  /** Whether the next character after spaces is `wanted`, which is then passed over. */
  private passed(wanted: i32): bool {
    this.space();
    if (this.peek() != wanted) return false;
    this.at++;
    return true;
  }

  private word(wanted: string): bool {
    if (this.text.substr(this.at, wanted.length) != wanted) return false;
    this.at += wanted.length;
    return true;
  }

  private bad(): Json {
    this.isGood = false;
    return new Json(JsonKind.Null);
  }
}
