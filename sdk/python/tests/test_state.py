"""States are the same bytes everywhere; foreign bytes are refused. Moments skip and merge."""

import unittest

from refrain_sdk import Failed, Moments
from refrain_sdk.state import Reader, Writer

NAN = float("nan")


class States(unittest.TestCase):
    def test_bytes_are_little_endian_without_padding(self) -> None:
        out = Writer().u8(1).u32(2).u64(3).i64(-1).f64(1.0).text("é")
        expected = "01 02000000 0300000000000000 ffffffffffffffff 000000000000f03f 02000000 c3a9"
        self.assertEqual(out.bytes(), bytes.fromhex(expected))
        source = Reader(out.bytes())
        read = (source.u8(), source.u32(), source.u64(), source.i64(), source.f64(), source.text())
        self.assertEqual(read, (1, 2, 3, -1, 1.0, "é"))
        source.end()

    def test_foreign_bytes_are_refused(self) -> None:
        for read in (
            lambda: Reader(b"\0" * 7).f64(),
            lambda: Reader(b"\xff\xff\xff\xff").data(),
            lambda: Reader(b"\1\0\0\0\xff").text(),
            lambda: Reader(b"\0").end(),
            lambda: Writer().u32(-1),
        ):
            self.assertRaises(Failed, read)


class MomentsTest(unittest.TestCase):
    def test_nulls_and_nan_are_skipped(self) -> None:
        moments = Moments()
        moments.update([1.0, None, NAN, 3.0])
        self.assertEqual(moments, Moments(2, 2.0, 2.0))
        self.assertEqual(moments.deviation(), 1.0)

    def test_merging_with_nothing_changes_nothing(self) -> None:
        some = Moments()
        some.update([0.1, 0.2, 0.7])
        for left, right in ((Moments(), some), (some, Moments())):
            merged = Moments(left.n, left.mean, left.m2)
            merged.merge(right)
            self.assertEqual(merged, some)

    def test_parts_merge_to_the_whole(self) -> None:
        merged, rest = Moments(), Moments()
        merged.update([1.0, 2.0])
        rest.update([3.0, 6.0])
        merged.merge(rest)
        self.assertEqual(merged, Moments(4, 3.0, 14.0))

    def test_no_deviation_divides_by_one(self) -> None:
        constant = Moments()
        constant.update([2.0, 2.0])
        self.assertEqual((Moments().deviation(), constant.deviation()), (1.0, 1.0))
