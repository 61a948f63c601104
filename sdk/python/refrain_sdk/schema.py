"""Schemas: finding columns by name, with errors that say what is there."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Iterable, Sequence

from .errors import InvalidParams

# More names than this help nobody.
_NAMES_MAX = 24


class Kind(Enum):
    """What a column holds; the value is the name that pipelines use."""

    BOOLEAN = "boolean"
    INT64 = "int64"
    FLOAT64 = "float64"
    TIMESTAMP_US = "timestamp-us"
    UTF8 = "utf8"
    BINARY = "binary"
    VECTOR = "vector"


@dataclass(frozen=True)
class Field:
    """One column's name and type. `width` is the number of f32 in a row of a vector, else 0."""

    name: str
    kind: Kind
    nullable: bool = False
    width: int = 0


@dataclass
class Schema:
    """The fields of a batch, in the order of its columns."""

    fields: list[Field] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.fields)

    def find(self, name: str) -> int | None:
        """Where the column `name` stands, if it does."""
        for index, known in enumerate(self.fields):
            if known.name == name:
                return index
        return None

    def index_of(self, name: str, kinds: Sequence[Kind] = ()) -> int:
        """Where the column `name` stands, which must be of one of `kinds` if there are any.

        Raises `InvalidParams`: it is a parameter that named the column.
        """
        index = self.find(name)
        if index is None:
            there = names((known.name for known in self.fields), "there are", "there is none")
            raise InvalidParams(f"no column `{name}` in the input; {there}")
        kind = self.fields[index].kind
        if kinds and kind not in kinds:
            allowed = " or ".join(kind.value for kind in kinds)
            raise InvalidParams(f"column `{name}` is {kind.value}, and must be {allowed}")
        return index

    def indices_of(self, wanted: Sequence[str], kinds: Sequence[Kind] = ()) -> list[int]:
        """Where these columns stand, in schema order; a name that stands twice is refused."""
        found: list[int] = []
        for name in wanted:
            index = self.index_of(name, kinds)
            if index in found:
                raise InvalidParams(f"column `{name}` is named twice")
            found.append(index)
        return sorted(found)

    def select(self, indices: Sequence[int]) -> "Schema":
        """The schema of the columns at `indices`: what a fold or a map is started with."""
        return Schema([self.fields[index] for index in indices])


def names(known: Iterable[str], some: str, none: str) -> str:
    """`some` and the names in backquotes, or `none`."""
    quoted = [f"`{name}`" for name in known]
    if not quoted:
        return none
    rest = [] if len(quoted) <= _NAMES_MAX else [f"{len(quoted) - _NAMES_MAX} more"]
    return f"{some} " + ", ".join(quoted[:_NAMES_MAX] + rest)
