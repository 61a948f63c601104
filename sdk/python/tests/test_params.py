"""Parameters: what is understood, and what is said of the rest."""

import unittest
from dataclasses import dataclass, field
from enum import Enum

from refrain_sdk import InvalidParams
from refrain_sdk.params import NoParams, parse


class Mode(Enum):
    FAST = "fast"
    EXACT = "exact"


@dataclass(frozen=True)
class Inner:
    width: int


@dataclass(frozen=True)
class Params:
    columns: list[str]
    rate: float = 0.5
    mode: Mode = Mode.FAST
    limit: int | None = None
    inner: Inner | None = None
    widths: dict[str, int] = field(default_factory=dict)
    strict: bool = False


class Parsing(unittest.TestCase):
    def test_every_type_is_read(self) -> None:
        text = """{"columns":["a"],"inner":{"width":2},"limit":3,"mode":"exact","rate":1,
                   "strict":true,"widths":{"a":4}}"""
        expected = Params(["a"], 1.0, Mode.EXACT, 3, Inner(2), {"a": 4}, True)
        self.assertEqual(parse(Params, text), expected)
        self.assertEqual(parse(NoParams, ""), NoParams())

    def test_errors_name_the_parameter(self) -> None:
        cases = {
            '{"columns":[],"rat":1}': "unknown parameter `rat`; known: `columns`, `rate`, "
            "`mode`, `limit`, `inner`, `widths`, `strict`",
            "{}": "missing parameter `columns`",
            '{"columns":["a",1]}': "parameter `columns[1]`: expected a string, found `1`",
            '{"columns":[],"rate":true}': "parameter `rate`: expected a number, found `true`",
            '{"columns":[],"limit":1.5}': "parameter `limit`: expected a whole number, found `1.5`",
            '{"columns":[],"mode":"slow"}': "parameter `mode`: expected one of `fast`, `exact`, "
            'found `"slow"`',
            '{"columns":[],"inner":{}}': "missing parameter `inner.width`",
            '{"columns":[],"inner":{"w":1}}': "unknown parameter `inner.w`; known: `width`",
            '{"columns":[],"widths":{"a":[]}}': "parameter `widths.a`: expected a whole number, "
            "found a list",
            "[]": "the parameters: expected an object, found a list",
        }
        for text, expected in cases.items():
            with self.assertRaises(InvalidParams) as caught:
                parse(Params, text)
            self.assertEqual(caught.exception.message, expected)

    def test_what_is_not_json_is_refused(self) -> None:
        for text in ("{", '{"columns":[],"rate":NaN}', '{"columns":[],"rate":1e999,"limit":1e999}'):
            with self.assertRaises(InvalidParams):
                parse(Params, text)
