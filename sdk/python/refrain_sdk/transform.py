"""Feature transforms: new columns from columns, row by row, after an optional fit."""

from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, Sequence, TypeVar

from . import params, wire
from .column import Batch
from .errors import Failed
from .fold import Fold, Map, Stage
from .schema import Field, Schema

P = TypeVar("P")


@dataclass(frozen=True)
class OutputColumn_Kept:
    """The input column at this index, untouched; it never enters the sandbox."""

    value: int


@dataclass(frozen=True)
class OutputColumn_Computed:
    """A column that the map computes."""

    value: Field


OutputColumn = OutputColumn_Kept | OutputColumn_Computed


@dataclass
class Description:
    """What the transform will do, known before it sees a row."""

    reads: list[int]
    outputs: list[OutputColumn] = field(default_factory=list)
    needs_fit: bool = False
    mergeable: bool = False

    @staticmethod
    def stateless(reads: list[int]) -> "Description":
        """Learns nothing; add outputs to it."""
        return Description(reads)

    @staticmethod
    def fitted(reads: list[int], mergeable: bool = True) -> "Description":
        """Needs a fit; add outputs to it."""
        return Description(reads, needs_fit=True, mergeable=mergeable)

    def replacing(self, schema: Schema, computed: Sequence[Field]) -> "Description":
        """Keeps all columns in order, but puts `computed[i]` in the place of `reads[i]`."""
        places = dict(zip(self.reads, computed))
        self.outputs = [
            OutputColumn_Computed(places[i]) if i in places else OutputColumn_Kept(i)
            for i in range(len(schema))
        ]
        return self

    def adding(self, schema: Schema, computed: Sequence[Field]) -> "Description":
        """Keeps all columns in order, then adds `computed`."""
        kept = [OutputColumn_Kept(i) for i in range(len(schema))]
        self.outputs = [*kept, *map(OutputColumn_Computed, computed)]
        return self

    def output(self, schema: Schema) -> Schema:
        """The schema of the output."""

        def one(output: OutputColumn) -> Field:
            kept = isinstance(output, OutputColumn_Kept)
            return schema.fields[output.value] if kept else output.value

        return Schema([one(output) for output in self.outputs])


class Transform(Protocol[P]):
    """A feature transform. `Params` is a dataclass of its parameters."""

    Params: type[P]

    def describe(self, params: P, schema: Schema) -> Description:
        """Checks the parameters against the schema."""
        ...

    def fit(self, params: P, schema: Schema, seed: int) -> Fold:
        """Begins a fit, whose `finish` answers the state as bytes. `schema`: the columns read."""
        raise Failed("this transform needs no fit")

    def apply(self, params: P, schema: Schema, state: bytes) -> Map:
        """Prepares to compute. `state` is what the fit ended in, or empty."""
        ...


class Instance(Generic[P]):
    """The exports of the world, in their order, without the component around them."""

    CALLS = [
        "describe",
        "fit_start",
        "fit_update",
        "fit_save",
        "fit_merge",
        "fit_finish",
        "apply_start",
        "apply",
    ]

    def __init__(self, plugin: Transform[P]) -> None:
        self._plugin = plugin
        self._stage = Stage()

    def describe(self, text: str, schema: Schema) -> Description:
        return self._plugin.describe(params.parse(self._plugin.Params, text), schema)

    def fit_start(self, text: str, schema: Schema, seed: int) -> None:
        read = params.parse(self._plugin.Params, text)
        self._stage.begin_fold(self._plugin.fit(read, schema, seed), schema)

    def fit_update(self, rows: Batch) -> None:
        self._stage.fold("fit-update", "fit-start").update(self._stage.rows(rows))

    def fit_save(self) -> bytes:
        return self._stage.fold("fit-save", "fit-start").save()

    def fit_merge(self, saved: bytes) -> None:
        self._stage.fold("fit-merge", "fit-start").merge(saved)

    def fit_finish(self) -> bytes:
        return self._stage.finish("fit-finish", "fit-start")

    def apply_start(self, text: str, schema: Schema, state: bytes) -> None:
        read = params.parse(self._plugin.Params, text)
        self._stage.begin_map(self._plugin.apply(read, schema, state), schema)

    def apply(self, rows: Batch) -> Batch:
        return self._stage.map(rows, "apply", "apply-start")


def export(plugin: Transform[Any]) -> type:
    """Makes the component's exports: `Plugin = export(MyTransform())`."""
    return wire.export(Instance(plugin), Instance.CALLS)
