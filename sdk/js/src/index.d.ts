import * as params from './params.js'
import type { Read, Readers } from './params.js'

export { params }

/** Of this SDK. */
export declare const version: string

export type Kind = 'boolean' | 'int64' | 'float64' | 'timestamp-us' | 'utf8' | 'binary' | 'vector'
export declare const KINDS: readonly Kind[]

/** One column's name and type. `width` is the number of f32 in a row of a vector, else 0. */
export interface Field {
  name: string
  kind: Kind
  nullable: boolean
  width: number
}

export declare function field(
  name: string, kind: Kind, options?: { nullable?: boolean, width?: number },
): Field

/** The fields of a batch, in the order of its columns. */
export declare class Schema {
  fields: Field[]
  constructor(fields: Field[])
  /** Where the column stands, or -1. */
  find(name: string): number
  /** Where the column stands, which must be of one of `kinds` if there are any. */
  indexOf(name: string, ...kinds: Kind[]): number
  /** Where these columns stand, in schema order; a name that stands twice is refused. */
  indicesOf(names: string[], ...kinds: Kind[]): number[]
  select(indices: ArrayLike<number>): Schema
}

type Rows<T> = ArrayLike<T | null> & Iterable<T | null>

/** One column: to read, one value a row, `null` where there is none. */
export declare class Column {
  readonly kind: Kind
  readonly name: string
  readonly width: number
  readonly length: number
  isValid(row: number): boolean
  booleans(): Rows<boolean>
  /** Refuses what a double does not have: beyond 53 bits. */
  int64s(): Rows<number>
  float64s(): Rows<number>
  /** Microseconds since the epoch. */
  timestampsUs(): Rows<number>
  utf8s(): Rows<string>
  binaries(): Rows<Uint8Array>
  /** `width` numbers a row. */
  vectors(): Rows<number[]>
  /** float64, int64 or boolean. */
  numbers(): Rows<number>
  static boolean(rows: Iterable<boolean | null>): Column
  static int64(rows: Iterable<number | bigint | null>): Column
  static float64(rows: Iterable<number | null>): Column
  static timestampUs(rows: Iterable<number | bigint | null>): Column
  static utf8(rows: Iterable<string | null>): Column
  static binary(rows: Iterable<ArrayLike<number> | null>): Column
  static vector(width: number, rows: Iterable<ArrayLike<number> | null>): Column
}

/** Some rows. */
export declare class Batch {
  rows: number
  columns: Column[]
}

/** Over rows. The host runs it in parts and merges what they saved, in row order. */
export interface Fold<Outcome> {
  update(rows: Batch): void
  /** Needed where the description says `mergeable`. */
  save?(): Uint8Array
  merge?(saved: Uint8Array): void
  finish(): Outcome
}

/** From rows to columns: as many rows out as in, none depending on another. */
export interface Map {
  map(rows: Batch): Column[]
}

export declare class RefrainError extends Error {
  readonly kind: 'invalid-params' | 'invalid-input' | 'failed' | 'other'
  readonly code: number
}
/** The parameters are wrong. Name the parameter and say what it may be. */
export declare function invalidParams(message: string): RefrainError
/** The parameters are right, the data is not. Name the column and say what it lacks. */
export declare function invalidInput(message: string): RefrainError
/** Parameters and data are right, and still it did not work. */
export declare function failed(message: string): RefrainError
/** A plugin's own numbered error. */
export declare function other(code: number, message: string): RefrainError

/** States as bytes: little-endian, without padding. */
export declare class Writer {
  u8(value: number): this
  u32(value: number): this
  u64(value: number | bigint): this
  i64(value: number | bigint): this
  f64(value: number): this
  /** The length as u32, then the bytes. */
  data(bytes: ArrayLike<number> & Iterable<number>): this
  text(value: string): this
  bytes(): Uint8Array
}

export declare class Reader {
  constructor(bytes: Uint8Array)
  u8(): number
  u32(): number
  u64(): bigint
  /** A u64 as a number. */
  count(): number
  i64(): bigint
  f64(): number
  data(): Uint8Array
  text(): string
  /** Refuses a state that is longer than what was read of it. */
  end(): void
}

/** Mean and variance that merge; the same bytes in every SDK. */
export declare class Moments {
  n: number
  mean: number
  m2: number
  constructor(n?: number, mean?: number, m2?: number)
  /** Takes in values in order; skips nulls and NaN. */
  update(values: ArrayLike<number | null>): void
  merge(other: Moments): void
  /** The population standard deviation; 1 where there is none to divide by. */
  deviation(): number
  write(writer: Writer): void
  static read(reader: Reader): Moments
}

/** What a role makes of its plugin: to be exported under the name `plugin`. */
export type Exports = Record<string, (...args: any[]) => any>

export type OutputColumn = { tag: 'kept', val: number } | { tag: 'computed', val: Field }

export interface TransformDescription {
  reads: number[]
  outputs: OutputColumn[]
  needsFit: boolean
  mergeable: boolean
}

/** All columns kept, but `computed[i]` in the place of `reads[i]`. Needs a fit unless it says so. */
export declare function replacing(
  input: Schema, reads: number[], computed: Field[],
  options?: { needsFit?: boolean, mergeable?: boolean },
): TransformDescription
/** All columns kept, then `computed`. Needs no fit unless it says so. */
export declare function adding(
  input: Schema, reads: number[], computed: Field[],
  options?: { needsFit?: boolean, mergeable?: boolean },
): TransformDescription

export declare function transform<R extends Readers>(plugin: {
  params: R
  describe(params: Read<R>, input: Schema): TransformDescription
  /** `input` is the schema of the columns read; the outcome is the state. */
  fit?(params: Read<R>, input: Schema, seed: bigint): Fold<Uint8Array>
  apply(params: Read<R>, input: Schema, state: Uint8Array): Map
}): Exports

export interface TrainerDescription {
  trainingReads: number[]
  /** Never the label. */
  predictionReads: number[]
  prediction: Schema
  mergeable: boolean
}

export interface PassEnd {
  state: Uint8Array
  done: boolean
  measures: { name: string, value: number }[]
}

export declare function trainer<R extends Readers>(plugin: {
  params: R
  describe(params: Read<R>, input: Schema): TrainerDescription
  /** `state` is empty on the first pass. */
  pass(params: Read<R>, input: Schema, seed: bigint, state: Uint8Array): Fold<PassEnd>
  /** The model, from the state of the last pass: all that predicting needs. */
  finish(params: Read<R>, input: Schema, state: Uint8Array): Uint8Array
  model(input: Schema, model: Uint8Array): Map
}): Exports

export declare function predictor<R extends Readers>(plugin: {
  params: R
  describe(params: Read<R>, input: Schema, model: Uint8Array): { reads: number[], prediction: Schema }
  model(params: Read<R>, input: Schema, model: Uint8Array): Map
}): Exports

export interface FoldDescription {
  reads: number[]
  mergeable: boolean
}

export interface Tag {
  name: string
  value: string
}

export interface Metric {
  name: string
  slice: Tag[]
  part: Tag[]
  /** `undefined` where the rows do not define it. */
  value: number | undefined
  nRows: number
}

export declare function evaluator<R extends Readers>(plugin: {
  params: R
  describe(params: Read<R>, input: Schema): FoldDescription
  start(params: Read<R>, input: Schema): Fold<Metric[]>
}): Exports

export type Window = 'reference' | 'current'

export interface Score {
  column: string
  measure: string
  /** `undefined` where the windows do not define it. */
  value: number | undefined
  /** Of a hypothesis test. */
  pValue: number | undefined
  threshold: number
  verdict: 'drifted' | 'stable' | 'inconclusive'
  nReference: number
  nCurrent: number
}

export declare function drift<R extends Readers>(plugin: {
  params: R
  describe(params: Read<R>, input: Schema): FoldDescription
  start(params: Read<R>, input: Schema): {
    update(window: Window, rows: Batch): void
    save?(): Uint8Array
    merge?(saved: Uint8Array): void
    finish(): Score[]
  }
}): Exports

export type Fact = { name: string } & (
  | { kind: 'integer' | 'number' | 'timestamp-us' | 'seconds', value: number }
  | { kind: 'boolean', value: boolean }
  | { kind: 'text', value: string }
)

export type TriggerVerdict = 'fire' | 'hold' | 'inconclusive'

export interface Decision {
  verdict: TriggerVerdict
  /** One sentence. */
  reason: string
  evidence: { rule: string, verdict: TriggerVerdict, detail: string }[]
}

export declare function trigger<R extends Readers>(plugin: {
  params: R
  /** The names of the facts that the policy looks at. */
  describe(params: Read<R>): string[]
  decide(params: Read<R>, facts: Fact[]): Decision
}): Exports
