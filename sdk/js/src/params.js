// Parameters: canonical JSON, read by what the author declares, with errors that name the parameter.
//
// A reader is `read(value, path)`: it answers the value, or throws. `optional` marks a key that may
// be left out.

import { invalidParams } from './errors.js'
import { names } from './schema.js'

/** A text. */
export const string = scalar('a string', value => typeof value === 'string')

/** `true` or `false`. */
export const boolean = scalar('true or false', value => typeof value === 'boolean')

/** A number. */
export const number = scalar('a number', Number.isFinite)

/** A whole number, as far as a double has them all. */
export const integer = scalar('a whole number', Number.isSafeInteger)

/** Whatever stands there. */
export const any = value => value

/** One of these texts. */
export const oneOf = (...texts) => scalar(names(texts, 'one of'), value => texts.includes(value))

/** A list of values of one type. */
export function list(of, { notEmpty = false } = {}) {
  return (value, path) => {
    if (!Array.isArray(value)) throw wrong(path, 'a list', value)
    if (notEmpty && value.length === 0) throw invalidParams(`parameter \`${path}\` must not be empty`)
    return value.map((item, i) => of(item, `${path}[${i}]`))
  }
}

/** An object whose keys are free and whose values are of one type. */
export function map(of) {
  return (value, path) => {
    if (!isObject(value)) throw wrong(path, 'an object', value)
    const entries = Object.entries(value)
    return Object.fromEntries(entries.map(([key, item]) => [key, of(item, join(path, key))]))
  }
}

/** A key that may be left out. */
export function optional(of, fallback) {
  return Object.assign((value, path) => of(value, path), { optional: true, fallback })
}

/** An object with these keys and no other. */
export function object(readers) {
  return (value, path) => {
    if (!isObject(value)) throw wrong(path, 'an object', value)
    for (const key of Object.keys(value)) {
      if (!Object.hasOwn(readers, key)) {
        const known = names(Object.keys(readers), 'known:')
        throw invalidParams(`unknown parameter \`${join(path, key)}\`; ${known}`)
      }
    }
    const read = {}
    for (const [key, of] of Object.entries(readers)) {
      const inner = join(path, key)
      if (Object.hasOwn(value, key)) read[key] = of(value[key], inner)
      else if (of.optional) read[key] = of.fallback
      else throw invalidParams(`missing parameter \`${inner}\``)
    }
    return read
  }
}

/** Reads the parameters of a call. */
export function parse(readers, text) {
  let value
  try {
    value = JSON.parse(text || '{}')
  } catch (error) {
    throw invalidParams(`the parameters are not JSON: ${error.message}`)
  }
  return object(readers)(value, '')
}

function scalar(wanted, is) {
  return (value, path) => {
    if (!is(value)) throw wrong(path, wanted, value)
    return value
  }
}

function wrong(path, wanted, value) {
  const what = path ? `parameter \`${path}\`` : 'the parameters'
  const list = Array.isArray(value) ? 'a list' : 'an object'
  const found = value !== null && typeof value === 'object' ? list : `\`${JSON.stringify(value)}\``
  return invalidParams(`${what}: expected ${wanted}, found ${found}`)
}

const isObject = value => value !== null && typeof value === 'object' && !Array.isArray(value)

const join = (path, key) => (path ? `${path}.${key}` : key)
