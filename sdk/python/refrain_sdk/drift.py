"""Drift detectors: how far a current window has moved from a reference window."""

from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, Protocol, TypeVar

from . import params, wire
from .column import Batch
from .fold import Stage
from .schema import Schema

P = TypeVar("P")


@dataclass
class Description:
    """What the detector will read, known before it sees a row."""

    reads: list[int]
    mergeable: bool = False


class Window(Enum):
    """Which window some rows belong to. All reference rows come first."""

    REFERENCE = "reference"
    CURRENT = "current"


class Verdict(Enum):
    """Three-valued: too few rows prove nothing."""

    DRIFTED = "drifted"
    STABLE = "stable"
    INCONCLUSIVE = "inconclusive"


@dataclass
class Score:
    """One measure on one column; `value` is `None` where the windows do not define it."""

    column: str
    measure: str
    value: float | None
    p_value: float | None
    threshold: float
    verdict: Verdict
    n_reference: int
    n_current: int


class DriftFold(Protocol):
    """A fold over two windows."""

    def update(self, window: Window, rows: Batch) -> None:
        """Takes in the next rows."""
        ...

    def save(self) -> bytes:
        """The fold so far. Needed where the description says `mergeable`."""
        ...

    def merge(self, saved: bytes) -> None:
        """Takes in what another part saved."""
        ...

    def finish(self) -> list[Score]:
        """The scores, by column in schema order, then by measure."""
        ...


class Drift(Protocol[P]):
    """A drift detector. `Params` is a dataclass of its parameters."""

    Params: type[P]

    def describe(self, params: P, schema: Schema) -> Description:
        """Checks the parameters against the schema."""
        ...

    def start(self, params: P, schema: Schema) -> DriftFold:
        """Begins the fold. `schema`: the columns read."""
        ...


class Instance(Generic[P]):
    """The exports of the world, in their order, without the component around them."""

    CALLS = ["describe", "start", "update", "save", "merge", "finish"]

    def __init__(self, plugin: Drift[P]) -> None:
        self._plugin = plugin
        self._stage = Stage()

    def describe(self, text: str, schema: Schema) -> Description:
        return self._plugin.describe(params.parse(self._plugin.Params, text), schema)

    def start(self, text: str, schema: Schema) -> None:
        read = params.parse(self._plugin.Params, text)
        self._stage.begin_fold(self._plugin.start(read, schema), schema)

    def update(self, window: Window, rows: Batch) -> None:
        self._stage.fold("update", "start").update(window, self._stage.rows(rows))

    def save(self) -> bytes:
        return self._stage.fold("save", "start").save()

    def merge(self, saved: bytes) -> None:
        self._stage.fold("merge", "start").merge(saved)

    def finish(self) -> list[Score]:
        return self._stage.finish("finish", "start")


def export(plugin: Drift[Any]) -> type:
    """Makes the component's exports: `Plugin = export(MyDetector())`."""
    wire.lifts("Window", lambda window: Window[window.name])
    return wire.export(Instance(plugin), Instance.CALLS)
