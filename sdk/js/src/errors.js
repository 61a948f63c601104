// Errors: whose mistake it is, and a text for that person.

export class RefrainError extends Error {
  /** `kind` is the case of the contract's error; `code` goes with `other`. */
  constructor(kind, message, code = 0) {
    super(message)
    this.kind = kind
    this.code = code
  }
}

/** The parameters are wrong. Name the parameter and say what it may be. */
export const invalidParams = message => new RefrainError('invalid-params', message)

/** The parameters are right, the data is not. Name the column and say what it lacks. */
export const invalidInput = message => new RefrainError('invalid-input', message)

/** Parameters and data are right, and still it did not work. */
export const failed = message => new RefrainError('failed', message)

/** A plugin's own numbered error. */
export const other = (code, message) => new RefrainError('other', message, code)

/** A host that calls `call` before `before`: its mistake, not the user's. */
export const outOfOrder = (call, before) => failed(`\`${call}\` was called before \`${before}\``)

/** Any exception as the contract's error: what is not one of ours becomes a failure. */
export function toContract(error) {
  if (error instanceof RefrainError) {
    const val = error.kind === 'other' ? [error.code, error.message] : error.message
    return { tag: error.kind, val }
  }
  // The plugin's own mistake: its author wants to know where.
  const place = String(error?.stack ?? '').match(/\(?([^\s()/]+:\d+)(:\d+)?\)?/)?.[1]
  return { tag: 'failed', val: `${error}${place ? ` (${place})` : ''}` }
}
