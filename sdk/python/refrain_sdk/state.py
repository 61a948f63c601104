"""States as bytes: little-endian, without padding, the same on every machine."""

import struct

from .errors import Failed


class Writer:
    """Collects bytes; every call answers the writer, so calls chain."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def u8(self, value: int) -> "Writer":
        return self._pack("<B", value)

    def u32(self, value: int) -> "Writer":
        return self._pack("<I", value)

    def u64(self, value: int) -> "Writer":
        return self._pack("<Q", value)

    def i64(self, value: int) -> "Writer":
        return self._pack("<q", value)

    def f64(self, value: float) -> "Writer":
        return self._pack("<d", value)

    def data(self, value: bytes) -> "Writer":
        """The length as u32, then the bytes."""
        self.u32(len(value))
        self._bytes += value
        return self

    def text(self, value: str) -> "Writer":
        return self.data(value.encode())

    def bytes(self) -> bytes:
        """All that was written."""
        return bytes(self._bytes)

    def _pack(self, form: str, value: int | float) -> "Writer":
        try:
            self._bytes += struct.pack(form, value)
        except struct.error as error:
            raise Failed(f"{value} does not fit into a state: {error}") from error
        return self


class Reader:
    """Takes bytes apart in the order in which they were written."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def u8(self) -> int:
        return self._unpack("<B")

    def u32(self) -> int:
        return self._unpack("<I")

    def u64(self) -> int:
        return self._unpack("<Q")

    def i64(self) -> int:
        return self._unpack("<q")

    def f64(self) -> float:
        return self._unpack("<d")

    def data(self) -> bytes:
        return self._take(self.u32())

    def text(self) -> str:
        try:
            return self.data().decode()
        except UnicodeDecodeError as error:
            raise Failed("the state is not of this plugin: a text is not UTF-8") from error

    def end(self) -> None:
        """Refuses a state that is longer than what was read of it."""
        rest = len(self._data) - self._at
        if rest:
            raise Failed(f"the state is not of this plugin: {rest} bytes too many")

    def _unpack(self, form: str):
        return struct.unpack(form, self._take(struct.calcsize(form)))[0]

    def _take(self, size: int) -> bytes:
        at = self._at
        if len(self._data) - at < size:
            raise Failed(f"the state is not of this plugin: it ends at byte {len(self._data)}")
        self._at = at + size
        return self._data[at : at + size]
