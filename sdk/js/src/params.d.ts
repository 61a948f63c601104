/** Answers a value of `T`, or throws an error that names `path`. */
export interface Reader<T> {
  (value: unknown, path: string): T
}

/** A reader of a key that may be left out. */
export interface Optional<T> extends Reader<T> {
  optional: true
  fallback: T
}

/** What an object of readers reads. */
export type Read<R> = { [K in keyof R]: R[K] extends Reader<infer T> ? T : never }

export type Readers = Record<string, Reader<any>>

export declare const string: Reader<string>
export declare const boolean: Reader<boolean>
export declare const number: Reader<number>
/** A whole number, as far as a double has them all. */
export declare const integer: Reader<number>
export declare const any: Reader<unknown>
export declare function oneOf<T extends string>(...texts: T[]): Reader<T>
export declare function list<T>(of: Reader<T>, options?: { notEmpty?: boolean }): Reader<T[]>
/** An object whose keys are free. */
export declare function map<T>(of: Reader<T>): Reader<Record<string, T>>
export declare function object<R extends Readers>(readers: R): Reader<Read<R>>
export declare function optional<T>(of: Reader<T>, fallback: T): Optional<T>
export declare function optional<T>(of: Reader<T>): Optional<T | undefined>
export declare function parse<R extends Readers>(readers: R, text: string): Read<R>
