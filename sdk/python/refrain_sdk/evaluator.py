"""Evaluators: labels and predictions in, metrics out, overall and by slice."""

from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from . import params, wire
from .column import Batch
from .fold import Fold, Stage
from .schema import Schema

P = TypeVar("P")


@dataclass
class Description:
    """What the evaluator will read, known before it sees a row."""

    reads: list[int]
    mergeable: bool = False


@dataclass(frozen=True)
class Tag:
    """A name and a value that together narrow what a metric is about."""

    name: str
    value: str


@dataclass
class Metric:
    """One number; `value` is `None` where the rows do not define it."""

    name: str
    slice: list[Tag] = field(default_factory=list)
    part: list[Tag] = field(default_factory=list)
    value: float | None = None
    n_rows: int = 0


class Evaluator(Protocol[P]):
    """An evaluator. `Params` is a dataclass of its parameters."""

    Params: type[P]

    def describe(self, params: P, schema: Schema) -> Description:
        """Checks the parameters against the schema."""
        ...

    def start(self, params: P, schema: Schema) -> Fold:
        """Begins the fold, whose `finish` answers a list of `Metric`. `schema`: columns read."""
        ...


class Instance(Generic[P]):
    """The exports of the world, in their order, without the component around them."""

    CALLS = ["describe", "start", "update", "save", "merge", "finish"]

    def __init__(self, plugin: Evaluator[P]) -> None:
        self._plugin = plugin
        self._stage = Stage()

    def describe(self, text: str, schema: Schema) -> Description:
        return self._plugin.describe(params.parse(self._plugin.Params, text), schema)

    def start(self, text: str, schema: Schema) -> None:
        read = params.parse(self._plugin.Params, text)
        self._stage.begin_fold(self._plugin.start(read, schema), schema)

    def update(self, rows: Batch) -> None:
        self._stage.fold("update", "start").update(self._stage.rows(rows))

    def save(self) -> bytes:
        return self._stage.fold("save", "start").save()

    def merge(self, saved: bytes) -> None:
        self._stage.fold("merge", "start").merge(saved)

    def finish(self) -> list[Metric]:
        return self._stage.finish("finish", "start")


def export(plugin: Evaluator[Any]) -> type:
    """Makes the component's exports: `Plugin = export(MyEvaluator())`."""
    return wire.export(Instance(plugin), Instance.CALLS)
