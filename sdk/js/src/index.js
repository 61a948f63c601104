// Refrain plugins in JavaScript: write the object of a role, export what the role makes of it under
// the name `plugin`, build a component. It imports nothing: no clock, no files, no randomness but
// the seed it is given.

export { Batch, Column } from './column.js'
export { RefrainError, failed, invalidInput, invalidParams, other } from './errors.js'
export { Moments } from './moments.js'
export * as params from './params.js'
export { adding, drift, evaluator, predictor, replacing, trainer, transform, trigger } from './roles.js'
export { KINDS, Schema, field } from './schema.js'
export { Reader, Writer } from './state.js'

export const version = '0.1.0'
