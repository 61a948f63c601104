"""One plugin of each role that passes on what it is given: for the tests of the exports."""

from refrain_sdk import Column, Field, Kind, Other, Schema
from refrain_sdk import drift, evaluator, predictor, trainer, transform, trigger
from refrain_sdk.params import NoParams


class Echo:
    """A map that answers its input, and a fold that counts rows."""

    def __init__(self) -> None:
        self.n_rows = 0

    def map(self, rows):
        return rows.columns

    def update(self, *rows):
        self.n_rows += rows[-1].rows

    def save(self):
        return bytes([self.n_rows])

    def merge(self, saved):
        self.n_rows += saved[0]


class Transform:
    Params = NoParams

    def describe(self, params, schema):
        reads = list(range(len(schema)))
        return transform.Description.fitted(reads).replacing(schema, schema.fields[1:])

    def fit(self, params, schema, seed):
        fold = Echo()
        fold.finish = fold.save
        return fold

    def apply(self, params, schema, state):
        if state == b"other":
            raise Other(7, "seven")
        if state == b"bug":
            return {}["key"]
        return Echo()


class Trainer:
    Params = NoParams

    def describe(self, params, schema):
        prediction = Schema([Field("p", Kind.FLOAT64)])
        return trainer.Description([0], [0], prediction, mergeable=True)

    def begin_pass(self, params, schema, seed, state):
        fold = Echo()
        measures = [trainer.Measure("rows", 1.5)]
        fold.finish = lambda: trainer.PassEnd(fold.save(), True, measures)
        return fold

    def finish(self, params, schema, state):
        return state

    def model(self, schema, model):
        return Echo()


class Predictor:
    Params = NoParams

    def describe(self, params, schema, model):
        return predictor.Description([0], Schema([Field("p", Kind.VECTOR, True, 2)]))

    def model(self, params, schema, model):
        return Echo()


class Evaluator:
    Params = NoParams

    def describe(self, params, schema):
        return evaluator.Description([0], mergeable=True)

    def start(self, params, schema):
        fold = Echo()
        tags = [evaluator.Tag("carrier", "AA")]
        fold.finish = lambda: [evaluator.Metric("rows", tags, [], None, fold.n_rows)]
        return fold


class Drift:
    Params = NoParams

    def describe(self, params, schema):
        return drift.Description([0], mergeable=True)

    def start(self, params, schema):
        fold = Echo()
        verdict = drift.Verdict.INCONCLUSIVE
        fold.finish = lambda: [drift.Score("x", "m", None, 0.5, 0.1, verdict, 1, 2)]
        return fold


class Trigger:
    Params = NoParams

    def describe(self, params):
        return ["a", "b"]

    def decide(self, params, facts):
        evidence = [
            trigger.Evidence(fact.name, trigger.Verdict.HOLD, f"{fact.kind.value} {fact.value!r}")
            for fact in facts
        ]
        return trigger.Decision(trigger.Verdict.FIRE, "because", evidence)


def every_kind() -> tuple[Schema, list[Column]]:
    columns = [
        Column.boolean([True, None]),
        Column.int64([1, None]),
        Column.float64([1.5, None]),
        Column.timestamp_us([2, None]),
        Column.utf8(["é", None]),
        Column.binary([b"\xff", None]),
        Column.vector(2, [[1.0, 2.0], None]),
    ]
    kinds = [column.kind for column in columns]
    fields = [Field(kind.value, kind, True, 2 if kind is Kind.VECTOR else 0) for kind in kinds]
    return Schema(fields), columns
