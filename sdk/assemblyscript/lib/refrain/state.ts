// States and models as bytes: little-endian, without names, the same bits on every machine.

import { utf8 } from "./column";
import { refuse } from "./failure";

/** Writes values one after another. */
export class Writer {
  private buffer: Uint8Array = new Uint8Array(64);
  private n: i32 = 0;

  u8(value: u8): void {
    store<u8>(this.room(1), value);
  }

  u32(value: u32): void {
    store<u32>(this.room(4), value);
  }

  u64(value: u64): void {
    store<u64>(this.room(8), value);
  }

  f64(value: f64): void {
    store<f64>(this.room(8), value);
  }

  /** A length as u64, then the bytes. */
  bytes(value: Uint8Array): void {
    this.u64(value.length);
    const to = this.room(value.length);
    memory.copy(to, value.dataStart, value.length);
  }

  /** A length as u64, then UTF-8. */
  text(value: string): void {
    this.bytes(utf8(value));
  }

  /** What was written. */
  finish(): Uint8Array {
    return this.buffer.subarray(0, this.n);
  }

  private room(n: i32): usize {
    if (this.n + n > this.buffer.length) {
      const larger = new Uint8Array(2 * (this.n + n));
      larger.set(this.buffer);
      this.buffer = larger;
    }
    this.n += n;
    return this.buffer.dataStart + this.n - n;
  }
}

/** Reads what a `Writer` wrote, and refuses anything else; after a refusal it answers zeros. */
export class Reader {
  private at: i32 = 0;

  constructor(private source: Uint8Array) {}

  u8(): u8 {
    return this.has(1) ? load<u8>(this.take(1)) : 0;
  }

  u32(): u32 {
    return this.has(4) ? load<u32>(this.take(4)) : 0;
  }

  u64(): u64 {
    return this.has(8) ? load<u64>(this.take(8)) : 0;
  }

  f64(): f64 {
    return this.has(8) ? load<f64>(this.take(8)) : 0;
  }

  bytes(): Uint8Array {
    const n = this.u64();
    if (!this.has(n)) return new Uint8Array(0);
    this.at += <i32>n;
    return this.source.subarray(this.at - <i32>n, this.at);
  }

  text(): string {
    const value = this.bytes();
    return String.UTF8.decodeUnsafe(value.dataStart, value.length);
  }

  /** Refuses what is left over. */
  end(): void {
    if (this.at != this.source.length) this.isOther();
  }

  private has(n: u64): bool {
    if (n <= <u64>(this.source.length - this.at)) return true;
    this.isOther();
    return false;
  }

  private take(n: i32): usize {
    this.at += n;
    return this.source.dataStart + this.at - n;
  }

  private isOther(): void {
    refuse.failed("the state cannot be read: it is not of this plugin, or of another version");
  }
}
