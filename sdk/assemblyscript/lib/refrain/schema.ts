// Schemas: finding columns by name, with refusals that say what is there.

import { refuse } from "./failure";

/** What a column holds, in the contract's order. */
export enum Kind {
  Boolean,
  Int64,
  Float64,
  TimestampUs,
  Utf8,
  Binary,
  Vector,
}

const NAMES: StaticArray<string> = [
  "boolean", "int64", "float64", "timestamp-us", "utf8", "binary", "vector",
];

/** The name in the contract, which is also the name in pipelines. */
export function kindName(kind: Kind): string {
  return NAMES[kind];
}

/** One column's name and type. */
export class Field {
  constructor(
    /** Unique within its schema, not empty. */
    public name: string,
    public kind: Kind,
    /** Whether a row may lack a value. */
    public nullable: bool = false,
    /** The number of f32 in each row of a vector; 0 for every other kind. */
    public width: u32 = 0,
  ) {}
}

/** The fields of a batch, in the order of its columns. */
export class Schema {
  constructor(public fields: Field[] = []) {}

  /** Where the column stands, or -1. */
  find(name: string): i32 {
    for (let i = 0; i < this.fields.length; i++) {
      if (this.fields[i].name == name) return i;
    }
    return -1;
  }

  /** Where the column stands; refuses with the names of all columns, and answers 0. */
  indexOf(name: string): i32 {
    const index = this.find(name);
    if (index >= 0) return index;
    const names = this.fields.map<string>((field) => field.name);
    refuse.invalidParams(`no column \`${name}\` in the input; there are ${quoted(names)}`);
    return 0;
  }

  /** The same, and the column must be of one of `kinds`. */
  indexOfKind(name: string, kinds: Kind[]): i32 {
    const index = this.indexOf(name);
    const found = this.field(index).kind;
    if (kinds.includes(found)) return index;
    const allowed = kinds.map<string>((kind) => kindName(kind)).join(" or ");
    refuse.invalidParams(`column \`${name}\` is ${kindName(found)}, and must be ${allowed}`);
    return index;
  }

  /**
   * Where these columns stand, in schema order, each of one of `kinds`; refuses a name that stands
   * twice. Empty after a refusal.
   */
  indicesOfKind(names: string[], kinds: Kind[]): u32[] {
    const indices: u32[] = [];
    for (let i = 0; i < names.length; i++) {
      if (this.find(names[i]) < 0) {
        this.indexOf(names[i]);
        return [];
      }
      const index = this.indexOfKind(names[i], kinds);
      if (indices.includes(index)) {
        refuse.invalidParams(`column \`${names[i]}\` is named twice`);
      }
      indices.push(index);
    }
    return indices.sort((a, b) => <i32>a - <i32>b);
  }

  /** The field at `index`; some field where there is none. */
  field(index: i32): Field {
    return index < this.fields.length ? this.fields[index] : new Field("", Kind.Float64);
  }

  /** The fields at `indices`. */
  select(indices: u32[]): Schema {
    const fields: Field[] = [];
    for (let i = 0; i < indices.length; i++) fields.push(this.field(indices[i]));
    return new Schema(fields);
  }
}

/** `a`, `b`: a list for a message. Long lists are cut, and say so. */
export function quoted(names: string[]): string {
  const NAMES_MAX = 24;
  if (names.length == 0) return "none";
  const list = names.slice(0, NAMES_MAX).map<string>((name) => "`" + name + "`").join(", ");
  return names.length > NAMES_MAX ? list + ", …" : list;
}
