// UTF-8 by hand: the component's engine has neither TextEncoder nor TextDecoder.

/** The bytes of a text; a lone surrogate becomes U+FFFD. */
export function encode(text) {
  const bytes = []
  for (const char of text) {
    let code = char.codePointAt(0)
    if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd
    if (code < 0x80) bytes.push(code)
    else if (code < 0x800) bytes.push(0xc0 | code >> 6, tail(code))
    else if (code < 0x10000) bytes.push(0xe0 | code >> 12, tail(code >> 6), tail(code))
    else bytes.push(0xf0 | code >> 18, tail(code >> 12), tail(code >> 6), tail(code))
  }
  return bytes
}

/** The text of bytes that are valid UTF-8. */
export function decode(bytes, start, end) {
  let text = ''
  for (let i = start; i < end;) {
    const lead = bytes[i++]
    let more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3
    let code = more === 0 ? lead : lead & (0x3f >> more)
    for (; more > 0; more--) code = code << 6 | bytes[i++] & 0x3f
    text += String.fromCodePoint(code)
  }
  return text
}

const tail = code => 0x80 | code & 0x3f
