"""Parameters: canonical JSON into the author's own dataclass, with errors that name the parameter.

Understood types: `str`, `bool`, `int`, `float`, `list[T]`, `dict[str, T]`, `T | None`, `Any`,
enums by value, and dataclasses inside. A field with a default may be left out.
"""

import dataclasses
import enum
import json
import sys
import types
import typing
from typing import Any, TypeVar

from .errors import InvalidParams
from .schema import names

P = TypeVar("P")


@dataclasses.dataclass(frozen=True)
class NoParams:
    """Parameters of a plugin that has none: `{}`."""


def parse(cls: type[P], params: str) -> P:
    """Reads `params` into the dataclass `cls`.

    Raises `InvalidParams` with the path of the parameter, what was found and what it may be.
    """
    try:
        # A parameter is a number of JSON: `NaN` and the infinities are Python's own idea.
        value = json.loads(params or "{}", parse_constant=_no_constant)
    except ValueError as error:
        raise InvalidParams(f"the parameters are not JSON: {error}") from error
    return _record(cls, value, "")


def not_empty(path: str, value: list) -> None:
    """For the author's `__post_init__`: refuses an empty list."""
    if not value:
        raise InvalidParams(f"parameter `{path}` must not be empty")


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is no number of JSON")


def _record(cls: type[P], value: Any, path: str) -> P:
    if not isinstance(value, dict):
        raise _wrong(path, "an object", value)
    hints = typing.get_type_hints(cls)
    fields = {field.name: field for field in dataclasses.fields(cls)}
    for key in value:
        if key not in fields:
            known = names(fields, "known:", "there is none")
            raise InvalidParams(f"unknown parameter `{_join(path, key)}`; {known}")
    read = {}
    for name, field in fields.items():
        inner = _join(path, name)
        if name in value:
            read[name] = _value(hints[name], value[name], inner)
        elif field.default is field.default_factory is dataclasses.MISSING:
            raise InvalidParams(f"missing parameter `{inner}`")
    return cls(**read)


def _value(hint: Any, value: Any, path: str) -> Any:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return value
    if origin in (types.UnionType, typing.Union):
        return _optional(inner, value, path)
    if origin is list:
        if not isinstance(value, list):
            raise _wrong(path, "a list", value)
        return [_value(inner[0], item, f"{path}[{i}]") for i, item in enumerate(value)]
    if origin is dict:
        if not isinstance(value, dict):
            raise _wrong(path, "an object", value)
        return {key: _value(inner[1], item, _join(path, key)) for key, item in value.items()}
    if dataclasses.is_dataclass(hint):
        return _record(hint, value, path)
    if issubclass(hint, enum.Enum):
        return _case(hint, value, path)
    return _scalar(hint, value, path)


def _scalar(hint: type, value: Any, path: str) -> Any:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    is_number = is_number and abs(value) <= sys.float_info.max  # `1e999` reads as infinity
    if hint is str and isinstance(value, str) or hint is bool and isinstance(value, bool):
        return value
    if hint is float and is_number:
        return float(value)
    if hint is int and is_number and value == int(value):
        return int(value)
    wanted = {str: "a string", bool: "true or false", float: "a number", int: "a whole number"}
    if hint not in wanted:
        raise TypeError(f"no parameter can be {hint}")
    raise _wrong(path, wanted[hint], value)


def _optional(hints: tuple, value: Any, path: str) -> Any:
    if value is None and type(None) in hints:
        return None
    (only,) = (hint for hint in hints if hint is not type(None))
    return _value(only, value, path)


def _case(hint: type[enum.Enum], value: Any, path: str) -> Any:
    for case in hint:
        if case.value == value:
            return case
    allowed = names((str(case.value) for case in hint), "one of", "nothing")
    raise _wrong(path, allowed, value)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _wrong(path: str, wanted: str, found: Any) -> InvalidParams:
    what = f"parameter `{path}`" if path else "the parameters"
    return InvalidParams(f"{what}: expected {wanted}, found {_shown(found)}")


def _shown(value: Any) -> str:
    if isinstance(value, (list, dict)):
        return "a list" if isinstance(value, list) else "an object"
    return f"`{json.dumps(value, ensure_ascii=False)}`"
