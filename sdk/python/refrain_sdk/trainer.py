"""Trainers: rows in, a model out, and predictions from that model."""

from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from . import params, wire
from .column import Batch
from .fold import Fold, Map, Stage
from .schema import Schema

P = TypeVar("P")


@dataclass
class Description:
    """What the trainer will do. A label is not among `prediction_reads`."""

    training_reads: list[int]
    prediction_reads: list[int]
    prediction: Schema
    mergeable: bool = False


@dataclass(frozen=True)
class Measure:
    """A number worth watching; `name` in `snake_case`."""

    name: str
    value: float


@dataclass
class PassEnd:
    """The end of a pass: what the next one, or `finish`, starts from."""

    state: bytes
    done: bool
    measures: list[Measure] = field(default_factory=list)


class Trainer(Protocol[P]):
    """A trainer: passes over all rows, then a model. `Params` is a dataclass."""

    Params: type[P]

    def describe(self, params: P, schema: Schema) -> Description:
        """Checks the parameters against the schema."""
        ...

    def begin_pass(self, params: P, schema: Schema, seed: int, state: bytes) -> Fold:
        """Begins a pass, whose `finish` answers a `PassEnd`. `state` is empty on the first."""
        ...

    def finish(self, params: P, schema: Schema, state: bytes) -> bytes:
        """The model, from the state of the last pass: all that predicting needs."""
        ...

    def model(self, schema: Schema, model: bytes) -> Map:
        """Loads a model. `schema`: the prediction columns."""
        ...


class Instance(Generic[P]):
    """The exports of the world, in their order, without the component around them."""

    CALLS = [
        "describe",
        "pass_start",
        "pass_update",
        "pass_save",
        "pass_merge",
        "pass_finish",
        "finish",
        "predict_start",
        "predict",
    ]

    def __init__(self, plugin: Trainer[P]) -> None:
        self._plugin = plugin
        self._stage = Stage()

    def describe(self, text: str, schema: Schema) -> Description:
        return self._plugin.describe(params.parse(self._plugin.Params, text), schema)

    def pass_start(self, text: str, schema: Schema, seed: int, state: bytes) -> None:
        read = params.parse(self._plugin.Params, text)
        self._stage.begin_fold(self._plugin.begin_pass(read, schema, seed, state), schema)

    def pass_update(self, rows: Batch) -> None:
        self._stage.fold("pass-update", "pass-start").update(self._stage.rows(rows))

    def pass_save(self) -> bytes:
        return self._stage.fold("pass-save", "pass-start").save()

    def pass_merge(self, saved: bytes) -> None:
        self._stage.fold("pass-merge", "pass-start").merge(saved)

    def pass_finish(self) -> PassEnd:
        return self._stage.finish("pass-finish", "pass-start")

    def finish(self, text: str, schema: Schema, state: bytes) -> bytes:
        return self._plugin.finish(params.parse(self._plugin.Params, text), schema, state)

    def predict_start(self, schema: Schema, model: bytes) -> None:
        self._stage.begin_map(self._plugin.model(schema, model), schema)

    def predict(self, rows: Batch) -> Batch:
        return self._stage.map(rows, "predict", "predict-start")


def export(plugin: Trainer[Any]) -> type:
    """Makes the component's exports: `Plugin = export(MyTrainer())`."""
    return wire.export(Instance(plugin), Instance.CALLS)
