"""Mean and variance that merge."""

from dataclasses import dataclass
from math import sqrt
from typing import Iterable

from .state import Reader, Writer


@dataclass
class Moments:
    """Count, mean and the sum of squared distances from it.

    Source: Welford (1962); Chan, Golub & LeVeque (1979) for the merge. The order of the
    operations is part of the contract: every SDK of Refrain computes the same bytes.
    """

    n: int = 0
    mean: float = 0.0
    m2: float = 0.0

    def update(self, values: Iterable[float | None]) -> None:
        """Takes in values in order; skips nulls and NaN."""
        n, mean, m2 = self.n, self.mean, self.m2
        for x in values:
            if x is None or x != x:
                continue
            n += 1
            d = x - mean
            mean += d / n
            m2 += d * (x - mean)
        self.n, self.mean, self.m2 = n, mean, m2

    def merge(self, other: "Moments") -> None:
        """Takes in what came after."""
        if other.n == 0:
            return
        if self.n == 0:
            self.n, self.mean, self.m2 = other.n, other.mean, other.m2
            return
        n = self.n + other.n
        d = other.mean - self.mean
        share = other.n / n
        self.mean = self.mean + d * share
        self.m2 = self.m2 + other.m2 + d * d * (self.n * share)
        self.n = n

    def deviation(self) -> float:
        """The population standard deviation; 1 where there is none to divide by."""
        sd = sqrt(self.m2 / self.n) if self.n else 0.0
        return sd if sd != 0.0 else 1.0

    def write(self, out: Writer) -> None:
        out.u64(self.n).f64(self.mean).f64(self.m2)

    @staticmethod
    def read(source: Reader) -> "Moments":
        return Moments(source.u64(), source.f64(), source.f64())
