"""The golden cases, and what they cannot say."""

import unittest
from pathlib import Path

import plugin
from refrain_sdk import transform
from refrain_sdk.testing import check_cases


class Cases(unittest.TestCase):
    def test_golden_cases_hold_whole_and_in_parts(self) -> None:
        cases = Path(__file__).parent.parent / "cases"
        self.assertGreater(check_cases(transform, plugin.ZScore(), cases), 0)


if __name__ == "__main__":
    unittest.main()
