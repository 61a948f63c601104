"""Writes golden.json: what Python's datetime and math say of the same moments.

Run from this folder: python make.py (Python 3.11 or later).
"""

import calendar
import json
import math
import random
from datetime import datetime, timedelta, timezone

random.seed(8)
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
moments = [0, -1, 951_782_400_000_000, 951_868_799_999_999, 1_357_034_400_000_000, 1_704_067_200_000_000]
moments += [random.randint(-62_000_000_000, 250_000_000_000) * 1_000_000 + random.randint(0, 999_999) for _ in range(40)]

cases = []
for text, minutes in [("+00:00", 0), ("-05:00", -300), ("+05:45", 345)]:
    rows = []
    for us in moments:
        there = (EPOCH + timedelta(microseconds=us)).astimezone(timezone(timedelta(minutes=minutes)))
        day_of_year = there.timetuple().tm_yday
        cycles = {
            "hour": there.hour / 24,
            "day_of_week": (there.isoweekday() - 1) / 7,
            "day_of_year": (day_of_year - 1) / (366 if calendar.isleap(there.year) else 365),
            "month": (there.month - 1) / 12,
        }
        row = {
            "year": there.year,
            "month": there.month,
            "day": there.day,
            "day_of_week": there.isoweekday(),
            "day_of_year": day_of_year,
            "hour": there.hour,
            "minute": there.minute,
            "is_weekend": there.isoweekday() > 5,
        }
        for name, turn in cycles.items():
            row[f"{name}_sin"] = math.sin(2 * math.pi * turn)
            row[f"{name}_cos"] = math.cos(2 * math.pi * turn)
        rows.append(row)
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    cases.append({"utc_offset": text, "columns": columns})

with open("golden.json", "w") as file:
    json.dump({"moments_us": moments, "cases": cases}, file, separators=(",", ":"))
    file.write("\n")
