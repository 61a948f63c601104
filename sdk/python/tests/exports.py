"""Calls the exports of one world through its generated bindings, as a component's host would.

Run by `test_exports.py`, once a world: bindings of two worlds cannot live in one process.
"""

import sys

from componentize_py_types import Err
from wit_world.exports import plugin as role
from wit_world.imports import data

from refrain_sdk import Batch, wire
from refrain_sdk import drift, evaluator, predictor, trainer, transform, trigger
from tests import roles

SCHEMA, COLUMNS = roles.every_kind()


def schema() -> data.Schema:
    return wire.lower(SCHEMA)


def batch() -> data.Batch:
    return wire.lower(Batch(2, COLUMNS))


def check(found, expected) -> None:
    assert found == expected, f"found {found!r}, expected {expected!r}"


def refused(call, error) -> None:
    try:
        call()
    except Err as refusal:
        return check(refusal.value, error)
    raise AssertionError("no error")


def check_transform() -> None:
    plugin = transform.export(roles.Transform())()
    described = plugin.describe("{}", schema())
    # The first six places are taken by the fields of the last six.
    outputs = [*map(role.OutputColumn_Computed, schema().fields[1:]), role.OutputColumn_Kept(6)]
    check(described, role.Description(list(range(7)), outputs, True, True))
    out_of_order = "`fit-update` was called before `fit-start`"
    refused(lambda: plugin.fit_update(batch()), data.Error_Failed(out_of_order))
    plugin.fit_start("{}", schema(), 1 << 63)
    plugin.fit_update(batch())
    plugin.fit_merge(b"\x03")
    check((plugin.fit_save(), plugin.fit_finish()), (b"\x05", b"\x05"))
    plugin.apply_start("{}", schema(), b"")
    check(plugin.apply(batch()), batch())
    unknown = data.Error_InvalidParams("unknown parameter `x`; there is none")
    refused(lambda: plugin.describe('{"x":1}', schema()), unknown)
    fewer = data.Batch(2, batch().columns[1:])
    count = data.Error_InvalidInput("6 columns where 7 were described")
    refused(lambda: plugin.apply(fewer), count)
    refused(lambda: plugin.apply_start("{}", schema(), b"other"), data.Error_Other((7, "seven")))
    try:
        plugin.apply_start("{}", schema(), b"bug")
    except Err as bug:
        assert bug.value.value.startswith("KeyError: 'key' (roles.py, line "), bug.value


def check_trainer() -> None:
    plugin = trainer.export(roles.Trainer())()
    prediction = data.Schema([data.Field("p", data.Kind.FLOAT64, False, 0)])
    check(plugin.describe("", schema()), role.Description([0], [0], prediction, True))
    plugin.pass_start("{}", schema(), 0, b"")
    plugin.pass_update(batch())
    plugin.pass_merge(plugin.pass_save())
    check(plugin.pass_finish(), role.PassEnd(b"\x04", True, [role.Measure("rows", 1.5)]))
    check(plugin.finish("{}", schema(), b"model"), b"model")
    plugin.predict_start(schema(), b"model")
    check(plugin.predict(batch()), batch())


def check_predictor() -> None:
    plugin = predictor.export(roles.Predictor())()
    prediction = data.Schema([data.Field("p", data.Kind.VECTOR, True, 2)])
    check(plugin.describe("{}", schema(), b"m"), role.Description([0], prediction))
    plugin.predict_start("{}", schema(), b"m")
    check(plugin.predict(batch()), batch())


def check_evaluator() -> None:
    plugin = evaluator.export(roles.Evaluator())()
    check(plugin.describe("{}", schema()), role.Description([0], True))
    plugin.start("{}", schema())
    plugin.update(batch())
    plugin.merge(plugin.save())
    metric = role.Metric("rows", [role.Tag("carrier", "AA")], [], None, 4)
    check(plugin.finish(), [metric])


def check_drift() -> None:
    plugin = drift.export(roles.Drift())()
    check(plugin.describe("{}", schema()), role.Description([0], True))
    plugin.start("{}", schema())
    plugin.update(role.Window.REFERENCE, batch())
    plugin.update(role.Window.CURRENT, batch())
    check(plugin.save(), b"\x04")
    score = role.Score("x", "m", None, 0.5, 0.1, role.Verdict.INCONCLUSIVE, 1, 2)
    check(plugin.finish(), [score])


def check_trigger() -> None:
    plugin = trigger.export(roles.Trigger())()
    check(plugin.describe("{}"), ["a", "b"])
    values = [
        (role.FactValue_Integer(1), "integer 1"),
        (role.FactValue_Number(1.5), "number 1.5"),
        (role.FactValue_Boolean(True), "boolean True"),
        (role.FactValue_TimestampUs(2), "timestamp-us 2"),
        (role.FactValue_Seconds(2.5), "seconds 2.5"),
        (role.FactValue_Text("t"), "text 't'"),
    ]
    for value, detail in values:
        decided = plugin.decide("{}", [role.Fact("f", value)])
        evidence = [role.Evidence("f", role.Verdict.HOLD, detail)]
        check(decided, role.Decision(role.Verdict.FIRE, "because", evidence))


globals()[f"check_{sys.argv[1]}"]()
