"""The mean absolute error."""

from dataclasses import dataclass

from refrain_sdk import Batch, Kind, Schema, evaluator
from refrain_sdk.evaluator import Metric
from refrain_sdk.state import Reader, Writer


@dataclass(frozen=True)
class Params:
    label: str
    prediction: str = "prediction"


class AbsoluteError:
    Params = Params

    def describe(self, params: Params, schema: Schema) -> evaluator.Description:
        # In this order the fold is handed them, wherever they stand in the input.
        names = (params.label, params.prediction)
        reads = [schema.index_of(name, [Kind.FLOAT64]) for name in names]
        return evaluator.Description(reads, mergeable=True)

    def start(self, params: Params, schema: Schema) -> "Errors":
        return Errors()


class Errors:
    """The sum of the errors, of rows that have both a label and a prediction."""

    def __init__(self) -> None:
        self.n, self.sum = 0, 0.0

    def update(self, rows: Batch) -> None:
        labels, predictions = (column.float64s() for column in rows.columns)
        for label, prediction in zip(labels, predictions):
            if label is not None and prediction is not None:
                self.n += 1
                self.sum += abs(prediction - label)

    def save(self) -> bytes:
        return Writer().u64(self.n).f64(self.sum).bytes()

    def merge(self, saved: bytes) -> None:
        source = Reader(saved)
        self.n += source.u64()
        self.sum += source.f64()
        source.end()

    def finish(self) -> list[Metric]:
        value = self.sum / self.n if self.n else None
        return [Metric("mean_absolute_error", value=value, n_rows=self.n)]


Plugin = evaluator.export(AbsoluteError())
