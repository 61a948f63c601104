"""Predictors: predictions from a model that was trained elsewhere."""

from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from . import params, wire
from .column import Batch
from .fold import Map, Stage
from .schema import Schema

P = TypeVar("P")


@dataclass
class Description:
    """What the predictor will do, known before it sees a row."""

    reads: list[int]
    prediction: Schema


class Predictor(Protocol[P]):
    """A predictor. `Params` is a dataclass of its parameters."""

    Params: type[P]

    def describe(self, params: P, schema: Schema, model: bytes) -> Description:
        """Checks the model and the parameters against the schema."""
        ...

    def model(self, params: P, schema: Schema, model: bytes) -> Map:
        """Loads a model. `schema`: the columns read."""
        ...


class Instance(Generic[P]):
    """The exports of the world, in their order, without the component around them."""

    CALLS = ["describe", "predict_start", "predict"]

    def __init__(self, plugin: Predictor[P]) -> None:
        self._plugin = plugin
        self._stage = Stage()

    def describe(self, text: str, schema: Schema, model: bytes) -> Description:
        return self._plugin.describe(params.parse(self._plugin.Params, text), schema, model)

    def predict_start(self, text: str, schema: Schema, model: bytes) -> None:
        read = params.parse(self._plugin.Params, text)
        self._stage.begin_map(self._plugin.model(read, schema, model), schema)

    def predict(self, rows: Batch) -> Batch:
        return self._stage.map(rows, "predict", "predict-start")


def export(plugin: Predictor[Any]) -> type:
    """Makes the component's exports: `Plugin = export(MyPredictor())`."""
    return wire.export(Instance(plugin), Instance.CALLS)
