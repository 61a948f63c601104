import type { Exports } from './index.js'

export type Role = 'transform' | 'trainer' | 'predictor' | 'evaluator' | 'drift' | 'trigger'

/** Runs every case of a folder, in parts of several sizes; answers how many there are. */
export declare function checkCases(role: Role, fresh: () => Exports, folder: string | { href: string }): number
/** What the plugin makes of a case, in the form of `expect`. */
export declare function runCase(
  role: Role, fresh: () => Exports, golden: any, partRows: number,
): unknown
/** The first difference; of an object, the keys that `expect` has count. */
export declare function difference(
  expect: unknown, found: unknown, about?: boolean, path?: string,
): string | undefined
