"""Trigger policies: facts in, a decision to retrain or not out, with its reason."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Generic, Protocol, TypeVar

from . import params, wire

P = TypeVar("P")


class FactKind(Enum):
    """What a fact's value is; the value here is the name that the host uses."""

    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TIMESTAMP_US = "timestamp-us"
    SECONDS = "seconds"
    TEXT = "text"


@dataclass(frozen=True)
class Fact:
    """One thing that the host knows. What it cannot know now is not in the list."""

    name: str
    kind: FactKind
    value: int | float | bool | str


class Verdict(Enum):
    """Three-valued: what is not known decides nothing."""

    FIRE = "fire"
    HOLD = "hold"
    INCONCLUSIVE = "inconclusive"


@dataclass
class Evidence:
    """What one rule made of the facts."""

    rule: str
    verdict: Verdict
    detail: str


@dataclass
class Decision:
    """The answer; `reason` is one sentence."""

    verdict: Verdict
    reason: str
    evidence: list[Evidence] = field(default_factory=list)


class Trigger(Protocol[P]):
    """A trigger policy. `Params` is a dataclass of its parameters."""

    Params: type[P]

    def describe(self, params: P) -> list[str]:
        """Checks the parameters; the names of the facts that the policy looks at."""
        ...

    def decide(self, params: P, facts: list[Fact]) -> Decision:
        """Weighs the facts."""
        ...


class Instance(Generic[P]):
    """The exports of the world, in their order, without the component around them."""

    CALLS = ["describe", "decide"]

    def __init__(self, plugin: Trigger[P]) -> None:
        self._plugin = plugin

    def describe(self, text: str) -> list[str]:
        return self._plugin.describe(params.parse(self._plugin.Params, text))

    def decide(self, text: str, facts: list[Fact]) -> Decision:
        return self._plugin.decide(params.parse(self._plugin.Params, text), facts)


def export(plugin: Trigger[Any]) -> type:
    """Makes the component's exports: `Plugin = export(MyPolicy())`."""
    wire.lifts("Fact", _fact)
    return wire.export(Instance(plugin), Instance.CALLS)


def _fact(bound: Any) -> Fact:
    # The bindings name the cases in camel case: `FactValue_TimestampUs`.
    case = type(bound.value).__name__.removeprefix("FactValue_")
    kind = FactKind.TIMESTAMP_US if case == "TimestampUs" else FactKind[case.upper()]
    return Fact(bound.name, kind, bound.value.value)
