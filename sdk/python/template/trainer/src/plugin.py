"""Predicts the mean of the label: the baseline that every model has to beat."""

from dataclasses import dataclass

from refrain_sdk import Batch, Column, Field, Kind, Moments, Schema, trainer
from refrain_sdk.state import Reader, Writer
from refrain_sdk.trainer import Measure, PassEnd


@dataclass(frozen=True)
class Params:
    label: str
    prediction: str = "prediction"


class Mean:
    Params = Params

    def describe(self, params: Params, schema: Schema) -> trainer.Description:
        label = schema.index_of(params.label, [Kind.FLOAT64])
        # A prediction needs no values, but a batch of one column says how many rows there are.
        others = [index for index in range(len(schema)) if index != label]
        return trainer.Description(
            training_reads=[label],
            prediction_reads=others[:1],
            prediction=Schema([Field(params.prediction, Kind.FLOAT64)]),
            mergeable=True,
        )

    def begin_pass(self, params: Params, schema: Schema, seed: int, state: bytes) -> "Pass":
        return Pass()

    def finish(self, params: Params, schema: Schema, state: bytes) -> bytes:
        return Writer().f64(read(state).mean).bytes()

    def model(self, schema: Schema, model: bytes) -> "Model":
        source = Reader(model)
        mean = source.f64()
        source.end()
        return Model(mean)


class Pass:
    def __init__(self) -> None:
        self.moments = Moments()

    def update(self, rows: Batch) -> None:
        self.moments.update(rows.columns[0].float64s())

    def save(self) -> bytes:
        out = Writer()
        self.moments.write(out)
        return out.bytes()

    def merge(self, saved: bytes) -> None:
        self.moments.merge(read(saved))

    def finish(self) -> PassEnd:
        return PassEnd(self.save(), done=True, measures=[Measure("mean", self.moments.mean)])


@dataclass(frozen=True)
class Model:
    mean: float

    def map(self, rows: Batch) -> list[Column]:
        return [Column.float64([self.mean] * rows.rows)]


def read(state: bytes) -> Moments:
    source = Reader(state)
    moments = Moments.read(source)
    source.end()
    return moments


Plugin = trainer.export(Mean())
