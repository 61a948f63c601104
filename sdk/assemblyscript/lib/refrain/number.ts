// Decimal to f64, correctly rounded. The standard library's own parser is off by a bit at times,
// and a parameter has to be the same number in every language.

/** Room for 10^343 and for 2^1074 times 2^64, with some to spare. */
const WORDS = 128;

const SIGNIFICANT_BITS = 53;
const EXPONENT_MIN = -1074;

/** A natural number, least significant word first. */
class Big {
  words: StaticArray<u32> = new StaticArray<u32>(WORDS);

  copy(other: Big): void {
    memory.copy(changetype<usize>(this.words), changetype<usize>(other.words), WORDS * 4);
  }

  multiply(by: u32): void {
    let carry: u64 = 0;
    for (let i = 0; i < WORDS; i++) {
      carry += <u64>this.words[i] * <u64>by;
      this.words[i] = <u32>carry;
      carry >>= 32;
    }
  }

  add(value: u32): void {
    let carry: u64 = value;
    for (let i = 0; i < WORDS && carry != 0; i++) {
      carry += this.words[i];
      this.words[i] = <u32>carry;
      carry >>= 32;
    }
  }

  double(): void {
    for (let i = WORDS - 1; i > 0; i--) {
      this.words[i] = (this.words[i] << 1) | (this.words[i - 1] >> 31);
    }
    this.words[0] <<= 1;
  }

  subtract(other: Big): void {
    let borrow: i64 = 0;
    for (let i = 0; i < WORDS; i++) {
      borrow += <i64>this.words[i] - <i64>other.words[i];
      this.words[i] = <u32>borrow;
      borrow >>= 32;
    }
  }

  compare(other: Big): i32 {
    for (let i = WORDS - 1; i >= 0; i--) {
      if (this.words[i] != other.words[i]) return this.words[i] < other.words[i] ? -1 : 1;
    }
    return 0;
  }

  isZero(): bool {
    for (let i = 0; i < WORDS; i++) {
      if (this.words[i] != 0) return false;
    }
    return true;
  }
}

/**
 * The f64 nearest to `digits` × 10^`exponent`, ties to even. At most 400 digits, all of them
 * between 0 and 9.
 */
export function nearest(digits: string, exponent: i32): f64 {
  if (digits.length <= 15 && abs(exponent) <= 22) return exact(digits, exponent);
  const numerator = new Big(), denominator = new Big();
  for (let i = 0; i < digits.length; i++) {
    numerator.multiply(10);
    numerator.add(digits.charCodeAt(i) - 48);
  }
  if (numerator.isZero() || exponent + digits.length < -330) return 0;
  if (exponent > 310) return Infinity;
  denominator.add(1);
  for (let i = 0; i < exponent; i++) numerator.multiply(10);
  for (let i = 0; i > exponent; i--) denominator.multiply(10);

  // Make the quotient lie in [1, 2), so that its first bit is the number's.
  let power = 0;
  while (numerator.compare(denominator) < 0) {
    numerator.double();
    power--;
  }
  const twice = new Big();
  twice.copy(denominator);
  twice.double();
  while (numerator.compare(twice) >= 0) {
    denominator.double();
    twice.double();
    power++;
  }

  // The last bit that counts: subnormal numbers have fewer.
  const last = max(power - (SIGNIFICANT_BITS - 1), EXPONENT_MIN);
  if (power < last - 1) return 0;
  let significand: u64 = 0;
  for (let bit = power; bit >= last; bit--) {
    significand <<= 1;
    if (numerator.compare(denominator) >= 0) {
      numerator.subtract(denominator);
      significand |= 1;
    }
    numerator.double();
  }
  // What is left, doubled already, against one: more than half, or half and odd, rounds up.
  const rest = numerator.compare(denominator);
  if (rest > 0 || (rest == 0 && (significand & 1) == 1)) significand++;
  return assembled(significand, last);
}

/** Both numbers are exact below 2^53 and up to 10^22, so one operation rounds correctly. */
function exact(digits: string, exponent: i32): f64 {
  let number: f64 = 0, power: f64 = 1;
  for (let i = 0; i < digits.length; i++) number = number * 10 + <f64>(digits.charCodeAt(i) - 48);
  for (let i = abs(exponent); i > 0; i--) power *= 10;
  return exponent < 0 ? number / power : number * power;
}

/** `significand` × 2^`power`, put together bit by bit. */
function assembled(significand: u64, power: i32): f64 {
  const hidden = <u64>1 << (SIGNIFICANT_BITS - 1);
  if (significand < hidden) return reinterpret<f64>(significand); // subnormal
  // One bit too many after rounding up carries into the exponent, as it should.
  const bits = (<u64>(power - EXPONENT_MIN + 1) << (SIGNIFICANT_BITS - 1)) + (significand - hidden);
  return power > 971 ? Infinity : reinterpret<f64>(bits);
}
