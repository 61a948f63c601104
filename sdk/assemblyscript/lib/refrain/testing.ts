// For unit tests: call what was registered, natively to the language, without the component.

import { Column } from "./column";
import { takeFailure } from "./failure";

/** The text of the first refusal since the last time that somebody asked; empty for none. */
export function refusal(): string {
  const failure = takeFailure();
  return failure === null ? "" : failure.message;
}

/** Fails the test, saying what was found, unless both texts are equal. */
export function expectText(found: string, expected: string): void {
  assert(found == expected, `found "${found}", expected "${expected}"`);
}

/** Fails the test, saying what was found, unless both numbers are equal. */
export function expectNumber(found: f64, expected: f64): void {
  assert(found == expected, `found ${found}, expected ${expected}`);
}

/** A column of numbers; NaN becomes a null. */
export function column(values: f64[]): Column {
  const numbers = new Float64Array(values.length);
  for (let row = 0; row < values.length; row++) numbers[row] = values[row];
  const made = Column.float64(numbers);
  for (let row = 0; row < values.length; row++) {
    if (isNaN(values[row])) made.setNull(row);
  }
  return made;
}
