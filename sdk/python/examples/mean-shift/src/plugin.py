"""Drift by how far the mean moved, in standard deviations of the reference window."""

from dataclasses import dataclass

from refrain_sdk import Batch, Kind, Moments, Schema, drift
from refrain_sdk.drift import Score, Verdict, Window
from refrain_sdk.params import not_empty
from refrain_sdk.state import Reader, Writer


@dataclass(frozen=True)
class Params:
    columns: list[str]
    threshold: float = 0.1

    def __post_init__(self) -> None:
        not_empty("columns", self.columns)


class MeanShift:
    Params = Params

    def describe(self, params: Params, schema: Schema) -> drift.Description:
        reads = schema.indices_of(params.columns, [Kind.FLOAT64])
        return drift.Description(reads, mergeable=True)

    def start(self, params: Params, schema: Schema) -> "Windows":
        return Windows(params.threshold, [field.name for field in schema.fields])


class Windows:
    """The moments of each column, in each window."""

    def __init__(self, threshold: float, columns: list[str]) -> None:
        self.threshold = threshold
        self.columns = columns
        self.moments = {window: [Moments() for _ in columns] for window in Window}

    def update(self, window: Window, rows: Batch) -> None:
        for moments, column in zip(self.moments[window], rows.columns):
            moments.update(column.float64s())

    def save(self) -> bytes:
        out = Writer()
        for window in Window:
            for moments in self.moments[window]:
                moments.write(out)
        return out.bytes()

    def merge(self, saved: bytes) -> None:
        source = Reader(saved)
        for window in Window:
            for moments in self.moments[window]:
                moments.merge(Moments.read(source))
        source.end()

    def finish(self) -> list[Score]:
        windows = (self.moments[Window.REFERENCE], self.moments[Window.CURRENT])
        return [self.score(*of) for of in zip(self.columns, *windows)]

    def score(self, column: str, reference: Moments, current: Moments) -> Score:
        value = abs(current.mean - reference.mean) / reference.deviation()
        return Score(
            column=column,
            measure="mean_shift",
            value=value,
            p_value=None,
            threshold=self.threshold,
            verdict=Verdict.DRIFTED if value >= self.threshold else Verdict.STABLE,
            n_reference=reference.n,
            n_current=current.n,
        )


Plugin = drift.export(MeanShift())
