"""Writes golden.json: what DuckDB answers to the same questions in SQL.

Run from this folder: python make.py (duckdb 2.0.1).
"""

import json
import random

import duckdb

random.seed(3)
N = 25


def holes(values, share=0.2):
    return [None if random.random() < share else value for value in values]


COLUMNS = {
    "delay": ("DOUBLE", holes([round(random.uniform(-60, 200), 1) for _ in range(N - 3)]) + [15.0, 0.0, -0.5]),
    "distance": ("DOUBLE", [float(random.randint(80, 4983)) for _ in range(N)]),
    "seats": ("BIGINT", holes([random.randint(-3, 400) for _ in range(N - 2)]) + [0, -7]),
    "hour_of": ("BIGINT", [random.randint(0, 23) for _ in range(N)]),
    "carrier": ("VARCHAR", holes([random.choice(["UA", "AA", "b6", "Éa", ""]) for _ in range(N)])),
    "origin": ("VARCHAR", [random.choice(["EWR", "JFK", "LGA"]) for _ in range(N)]),
    "code": ("VARCHAR", holes([random.choice(["12", " 7 ", "x", "-3", ""]) for _ in range(N)])),
    "late": ("BOOLEAN", holes([random.random() < 0.5 for _ in range(N)], 0.3)),
    "rain": ("BOOLEAN", holes([random.random() < 0.5 for _ in range(N)], 0.3)),
    "left_at": ("TIMESTAMP", [random.randint(-2_000_000_000, 4_000_000_000) * 1_000_000 + random.randint(0, 999_999) for _ in range(N)]),
    "due": ("TIMESTAMP", holes([random.randint(-2_000_000_000, 4_000_000_000) * 1_000_000 for _ in range(N)])),
}

# Ours and SQL's, or one text where both read the same.
QUESTIONS = [
    "delay > 15",
    "delay >= 15.0 and distance < 1000",
    ("delay == 0 or late", "delay = 0 OR late"),
    "delay <> 0",
    "not late",
    "late and rain",
    "late or rain",
    "late = rain",
    "not (late and not rain) or delay is null",
    "late is not null and late",
    "carrier = 'UA'",
    "carrier != origin",
    "carrier < 'Z'",
    "carrier >= origin",
    "carrier in ('UA', 'b6')",
    "carrier not in ('UA', 'b6')",
    "seats in (1, null, -7)",
    "left_at < due",
    "left_at > due or due is null",
    "delay + distance",
    "-delay - 2 * distance",
    "delay / distance",
    "seats / 2",
    "seats / (hour_of - 3)",
    "seats + hour_of * 3 - 1",
    "seats % 7",
    "seats % hour_of",
    "delay % 7",
    "seats + 0.5",
    "seats > delay",
    ("abs(delay)", "abs(delay)"),
    ("abs(seats)", "abs(seats)"),
    ("floor(delay / 10) + ceil(delay / 10)", "floor(delay / 10) + ceil(delay / 10)"),
    ("round(delay)", "round(delay)"),
    ("exp(delay / 100)", "exp(delay / 100)"),
    ("ln(delay)", "CASE WHEN delay > 0 THEN ln(delay) END"),
    ("log1p(delay)", "CASE WHEN delay > -1 THEN ln(1 + delay) END"),
    ("sqrt(delay)", "CASE WHEN delay >= 0 THEN sqrt(delay) END"),
    ("pow(distance, 0.5)", "pow(distance, 0.5)"),
    ("min(seats, hour_of)", "CASE WHEN seats IS NOT NULL THEN least(seats, hour_of) END"),
    ("max(delay, 0)", "CASE WHEN delay IS NOT NULL THEN greatest(delay, 0) END"),
    ("length(carrier)", "length(carrier)"),
    ("lower(carrier)", "lower(carrier)"),
    ("upper(carrier)", "upper(carrier)"),
    ("concat(origin, '-', carrier)", "origin || '-' || carrier"),
    ("contains(carrier, 'A')", "contains(carrier, 'A')"),
    ("starts_with(origin, 'J')", "starts_with(origin, 'J')"),
    ("ends_with(origin, carrier)", "suffix(origin, carrier)"),
    ("if(delay > 15, 'late', origin)", "CASE WHEN delay > 15 THEN 'late' ELSE origin END"),
    ("if(late, 1, 0)", "CASE WHEN late THEN 1 ELSE 0 END"),
    ("if(late, delay, null)", "CASE WHEN late THEN delay END"),
    ("coalesce(delay, 0)", "coalesce(delay, 0)"),
    ("coalesce(seats, delay, -1)", "coalesce(seats, delay, -1)"),
    ("coalesce(carrier, 'none')", "coalesce(carrier, 'none')"),
    ("coalesce(due, left_at)", "coalesce(due, left_at)"),
    ("int(late)", "CAST(late AS BIGINT)"),
    ("int(delay)", "CAST(trunc(delay) AS BIGINT)"),
    ("int(code)", "TRY_CAST(trim(code) AS BIGINT)"),
    ("float(code)", "TRY_CAST(trim(code) AS DOUBLE)"),
    ("float(seats)", "CAST(seats AS DOUBLE)"),
    ("text(seats)", "CAST(seats AS VARCHAR)"),
    ("text(late)", "CAST(late AS VARCHAR)"),
    ("year(left_at)", "year(left_at)"),
    ("month(left_at)", "month(left_at)"),
    ("day(due)", "day(due)"),
    ("hour(left_at)", "hour(left_at)"),
    ("minute(left_at)", "minute(left_at)"),
    ("day_of_week(due)", "isodow(due)"),
    ("day_of_year(left_at)", "dayofyear(left_at)"),
    ("due - left_at", "date_diff('microsecond', left_at, due) / 1e6"),
]

db = duckdb.connect()
db.execute("SET ieee_floating_point_ops = false")
db.execute("SET error_on_division_by_zero = false")
fields = ", ".join(f'"{name}" {kind}' for name, (kind, _) in COLUMNS.items())
db.execute(f"CREATE TABLE rows (id INTEGER, {fields})")
marks = ", ".join("make_timestamp(?::BIGINT)" if kind == "TIMESTAMP" else "?" for kind, _ in COLUMNS.values())
for row in range(N):
    values = [column[row] for _, column in COLUMNS.values()]
    db.execute(f"INSERT INTO rows VALUES ({row}, {marks})", values)

cases = []
for question in QUESTIONS:
    ours, sql = question if isinstance(question, tuple) else (question, question)
    kind = db.execute(f"SELECT typeof({sql}) FROM rows LIMIT 1").fetchone()[0]
    shown = f"epoch_us({sql})" if kind == "TIMESTAMP" else sql
    if kind.startswith("DECIMAL"):
        shown = f"CAST({sql} AS DOUBLE)"
    answers = [value for (value,) in db.execute(f"SELECT {shown} FROM rows ORDER BY id").fetchall()]
    cases.append({"expression": ours, "answers": answers})

golden = {
    "columns": {name: {"kind": kind, "values": values} for name, (kind, values) in COLUMNS.items()},
    "cases": cases,
}
with open("golden.json", "w") as file:
    json.dump(golden, file, separators=(",", ":"), ensure_ascii=False)
    file.write("\n")
