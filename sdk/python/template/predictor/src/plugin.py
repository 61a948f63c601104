"""Multiplies a column by the model, which is one number."""

from dataclasses import dataclass

from refrain_sdk import Batch, Column, Field, Kind, Schema, predictor
from refrain_sdk.state import Reader


@dataclass(frozen=True)
class Params:
    feature: str
    prediction: str = "prediction"


class Scale:
    Params = Params

    def describe(self, params: Params, schema: Schema, model: bytes) -> predictor.Description:
        read_model(model)
        feature = schema.index_of(params.feature, [Kind.FLOAT64])
        prediction = Field(params.prediction, Kind.FLOAT64, schema.fields[feature].nullable)
        return predictor.Description([feature], Schema([prediction]))

    def model(self, params: Params, schema: Schema, model: bytes) -> "Model":
        return Model(read_model(model))


@dataclass(frozen=True)
class Model:
    weight: float

    def map(self, rows: Batch) -> list[Column]:
        feature = rows.columns[0].float64s()
        return [Column.float64(None if x is None else x * self.weight for x in feature)]


def read_model(model: bytes) -> float:
    source = Reader(model)
    weight = source.f64()
    source.end()
    return weight


Plugin = predictor.export(Scale())
