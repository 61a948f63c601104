"""Runs the golden cases of `cases/*.json` without a component, in parts of several sizes.

Absent on purpose: this is not `refrain plugin test`, which runs the same files on the component.
"""

import base64
import json
from dataclasses import asdict, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Iterable

from . import drift, evaluator, predictor, trainer, transform, trigger
from .column import Batch, Column, bitmap
from .column import _lay as lay
from .errors import Error
from .schema import Field, Kind, Schema

# All rows at once, one by one, and parts that do not divide the rows evenly.
PART_ROWS = (1 << 20, 1, 2)


def check_cases(world: Any, plugin: Any, folder: str | Path) -> int:
    """Runs every case of a folder on `plugin`, of the module `world`; answers how many."""
    paths = sorted(Path(folder).glob("*.json"))
    for path in paths:
        case = json.loads(path.read_text())
        for part_rows in PART_ROWS:
            found = run_case(world, plugin, case, part_rows)
            # A merge rounds otherwise than one run over all rows, so only that one is exact.
            problem = difference(case["expect"], found, part_rows != PART_ROWS[0])
            if problem:
                raise AssertionError(f"{path.name}, in parts of {part_rows}: {problem}")
    return len(paths)


def run_case(world: Any, plugin: Any, case: dict, part_rows: int) -> dict:
    """What the plugin makes of a case, in the form of `expect`."""
    text = json.dumps(case["params"], sort_keys=True, separators=(",", ":"))
    try:
        return _RUN[world.__name__.rpartition(".")[2]](plugin, text, case, part_rows)
    except Error as error:
        return {"error": error.message}


def difference(expect: Any, found: Any, about: bool = False, path: str = "") -> str | None:
    """The first difference; of an object, the keys that `expect` has count.

    `about` forgives numbers a relative 1e-9.
    """
    if path == ".error":
        return None if str(expect) in str(found) else f"{path}: {found!r} lacks {expect!r}"
    if isinstance(expect, dict) and isinstance(found, dict):
        pairs = ((f"{path}.{key}", expect[key], found.get(key)) for key in expect)
    elif isinstance(expect, list) and isinstance(found, list) and len(expect) == len(found):
        pairs = ((f"{path}[{i}]", *pair) for i, pair in enumerate(zip(expect, found)))
    else:
        same = expect == found and isinstance(expect, bool) == isinstance(found, bool)
        if about and isinstance(expect, float) and isinstance(found, float):
            same = abs(expect - found) <= 1e-9 * max(abs(expect), abs(found), 1.0)
        return None if same else f"{path}: expected {expect!r}, found {found!r}"
    return next((problem for p, e, f in pairs if (problem := difference(e, f, about, p))), None)


class Table:
    """A schema and all rows, from the JSON of a case."""

    def __init__(self, schema: Schema, columns: list[Column], n_rows: int) -> None:
        self.schema, self.columns, self.n_rows = schema, columns, n_rows

    @staticmethod
    def of_json(table: dict) -> "Table":
        schema = Schema(
            [
                Field(f["name"], Kind(f["kind"]), f.get("nullable", False), f.get("width", 0))
                for f in table["schema"]
            ]
        )
        rows = table["rows"]
        columns = [column_of(f, [row.get(f.name) for row in rows]) for f in schema.fields]
        return Table(schema, columns, len(rows))

    def parts(self, reads: Iterable[int], part_rows: int) -> Iterable[Batch]:
        """Batches of the columns read; one without rows for a table without rows."""
        reads = list(reads)
        for start in range(0, max(self.n_rows, 1), part_rows):
            end = min(start + part_rows, self.n_rows)
            columns = [cut(self.columns[index], start, end) for index in reads]
            yield Batch(end - start, columns)


def column_of(field: Field, rows: list) -> Column:
    """A column of values as JSON has them; binary is base64."""
    if field.kind is Kind.VECTOR:
        return Column.vector(field.width, rows)
    if field.kind is Kind.BINARY:
        rows = [None if row is None else base64.b64decode(row) for row in rows]
    if field.kind is Kind.FLOAT64:
        rows = [None if row is None else float(row) for row in rows]
    return getattr(Column, field.kind.name.lower())(rows)


def rows_of(column: Column) -> list:
    """A column's values as JSON has them."""
    if column.kind is Kind.BINARY:
        rows = column.binaries()
        return [None if row is None else base64.b64encode(row).decode() for row in rows]
    read = {Kind.UTF8: column.utf8s, Kind.BOOLEAN: column.booleans, Kind.INT64: column.int64s}
    read |= {Kind.FLOAT64: column.float64s, Kind.TIMESTAMP_US: column.timestamps_us}
    return list(read.get(column.kind, column.vectors)())


def cut(column: Column, start: int, end: int) -> Column:
    """The rows from `start` to `end`."""
    validity = bitmap([column.is_valid(row) for row in range(start, end)])
    if column.kind in (Kind.UTF8, Kind.BINARY):
        values = lay([column.values.row(row) for row in range(start, end)])
    else:
        width = column.width if column.kind is Kind.VECTOR else 1
        values = column.values[start * width : end * width]
    return Column(column.kind, values, validity, column.width)


def _fold_parts(mergeable: bool, parts: list, start, update, save, merge):
    """One instance, or one a part whose savings go into one more, as the host does it."""
    whole = start()
    if not mergeable:
        for part in parts:
            update(whole, part)
        return whole
    for part in parts:
        one = start()
        update(one, part)
        merge(whole, save(one))
    return whole


def _map_parts(parts: Iterable[Batch], call, schema: Schema, kept: dict) -> list[dict]:
    """Rows of the output: `kept` columns by name, computed ones from `call`."""
    found = [[] for _ in schema.fields]
    for part in parts:
        for rows, field, column in zip(found, schema.fields, call(part).columns, strict=True):
            column.width = field.width
            rows.extend(rows_of(column))
    columns = kept | {field.name: rows for field, rows in zip(schema.fields, found)}
    n_rows = len(next(iter(columns.values()), []))
    return [{name: rows[i] for name, rows in columns.items()} for i in range(n_rows)]


def _transform(plugin: Any, text: str, case: dict, part_rows: int) -> dict:
    table, seed = Table.of_json(case["input"]), case.get("seed", 0)
    described = transform.Instance(plugin).describe(text, table.schema)
    read = table.schema.select(described.reads)
    state = b""
    if described.needs_fit:

        def start():
            one = transform.Instance(plugin)
            one.fit_start(text, read, seed)
            return one

        parts = list(table.parts(described.reads, part_rows))
        one = transform.Instance
        fold = (start, one.fit_update, one.fit_save, one.fit_merge)
        state = _fold_parts(described.mergeable, parts, *fold).fit_finish()
    applied = transform.Instance(plugin)
    applied.apply_start(text, read, state)
    outputs = described.outputs
    kept = [o.value for o in outputs if isinstance(o, transform.OutputColumn_Kept)]
    kept = {table.schema.fields[i].name: rows_of(table.columns[i]) for i in kept}
    made = Schema([o.value for o in outputs if isinstance(o, transform.OutputColumn_Computed)])
    return {"rows": _map_parts(table.parts(described.reads, part_rows), applied.apply, made, kept)}


def _trainer(plugin: Any, text: str, case: dict, part_rows: int) -> dict:
    table, seed = Table.of_json(case["input"]), case.get("seed", 0)
    described = trainer.Instance(plugin).describe(text, table.schema)
    read = table.schema.select(described.training_reads)
    parts = list(table.parts(described.training_reads, part_rows))
    state, done = b"", False
    while not done:

        def start():
            one = trainer.Instance(plugin)
            one.pass_start(text, read, seed, state)
            return one

        one = trainer.Instance
        fold = (start, one.pass_update, one.pass_save, one.pass_merge)
        end = _fold_parts(described.mergeable, parts, *fold).pass_finish()
        state, done = end.state, end.done
    model = trainer.Instance(plugin).finish(text, read, state)
    table = Table.of_json(case["predict"]) if "predict" in case else table
    applied = trainer.Instance(plugin)
    applied.predict_start(table.schema.select(described.prediction_reads), model)
    parts = table.parts(described.prediction_reads, part_rows)
    return {"rows": _map_parts(parts, applied.predict, described.prediction, {})}


def _predictor(plugin: Any, text: str, case: dict, part_rows: int) -> dict:
    table, model = Table.of_json(case["input"]), base64.b64decode(case["model_base64"])
    described = predictor.Instance(plugin).describe(text, table.schema, model)
    applied = predictor.Instance(plugin)
    applied.predict_start(text, table.schema.select(described.reads), model)
    parts = table.parts(described.reads, part_rows)
    return {"rows": _map_parts(parts, applied.predict, described.prediction, {})}


def _evaluator(plugin: Any, text: str, case: dict, part_rows: int) -> dict:
    table = Table.of_json(case["input"])
    described = evaluator.Instance(plugin).describe(text, table.schema)

    def start():
        one = evaluator.Instance(plugin)
        one.start(text, table.schema.select(described.reads))
        return one

    one = evaluator.Instance
    parts = list(table.parts(described.reads, part_rows))
    fold = _fold_parts(described.mergeable, parts, start, one.update, one.save, one.merge)
    return {"metrics": plain(fold.finish())}


def _drift(plugin: Any, text: str, case: dict, part_rows: int) -> dict:
    windows = [drift.Window.REFERENCE, drift.Window.CURRENT]
    tables = [Table.of_json(case[window.value]) for window in windows]
    described = drift.Instance(plugin).describe(text, tables[0].schema)

    def start():
        one = drift.Instance(plugin)
        one.start(text, tables[0].schema.select(described.reads))
        return one

    parts = [
        (window, batch)
        for window, table in zip(windows, tables)
        for batch in table.parts(described.reads, part_rows)
    ]
    one = drift.Instance
    fold = (start, lambda i, part: one.update(i, *part), one.save, one.merge)
    return {"scores": plain(_fold_parts(described.mergeable, parts, *fold).finish())}


def _trigger(plugin: Any, text: str, case: dict, part_rows: int) -> dict:
    trigger.Instance(plugin).describe(text)
    facts = []
    for fact in case["facts"]:
        ((kind, value),) = fact["value"].items()
        facts.append(trigger.Fact(fact["name"], trigger.FactKind(kind), value))
    return {"decision": plain(trigger.Instance(plugin).decide(text, facts))}


def plain(value: Any) -> Any:
    """Dataclasses and enums as JSON has them."""
    if is_dataclass(value):
        return {key: plain(item) for key, item in asdict(value).items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value.value if isinstance(value, Enum) else value


_RUN = {
    "transform": _transform,
    "trainer": _trainer,
    "predictor": _predictor,
    "evaluator": _evaluator,
    "drift": _drift,
    "trigger": _trigger,
}
