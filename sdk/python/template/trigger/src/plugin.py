"""Trains again when there are enough new rows."""

from dataclasses import dataclass

from refrain_sdk import trigger
from refrain_sdk.trigger import Decision, Evidence, Fact, Verdict

NEW_ROWS = "rows.since_training"


@dataclass(frozen=True)
class Params:
    rows: int


class NewRows:
    Params = Params

    def describe(self, params: Params) -> list[str]:
        return [NEW_ROWS]

    def decide(self, params: Params, facts: list[Fact]) -> Decision:
        rule = f"{NEW_ROWS} >= {params.rows}"
        n_rows = next((fact.value for fact in facts if fact.name == NEW_ROWS), None)
        if n_rows is None:
            evidence = Evidence(rule, Verdict.INCONCLUSIVE, f"{NEW_ROWS} is not known")
            reason = "nobody knows how many rows are new"
        elif n_rows >= params.rows:
            evidence = Evidence(rule, Verdict.FIRE, f"{NEW_ROWS} is {n_rows}")
            reason = f"{n_rows} rows are new"
        else:
            evidence = Evidence(rule, Verdict.HOLD, f"{NEW_ROWS} is {n_rows}")
            reason = f"only {n_rows} rows are new"
        return Decision(evidence.verdict, reason, [evidence])


Plugin = trigger.export(NewRows())
