//! Tails of the normal and the chi-square distribution.

use refrain_sdk::libm;

/// P(|Z| ≥ |z|) of a standard normal.
pub fn normal_two_tails(z: f64) -> f64 {
    libm::erfc(z.abs() / std::f64::consts::SQRT_2)
}

/// P(X ≥ x) of a chi-square with so many degrees of freedom; 1 for none of them.
pub fn chi_square_tail(x: f64, freedom: f64) -> f64 {
    if freedom <= 0.0 || x <= 0.0 {
        return 1.0;
    }
    upper_gamma(freedom / 2.0, x / 2.0)
}

/// The regularised upper incomplete gamma function Q(a, x), for a and x above 0.
///
/// Source: Abramowitz & Stegun (1964), 6.5.29 (the series) and 6.5.31 (the continued fraction).
fn upper_gamma(a: f64, x: f64) -> f64 {
    // xᵃ e⁻ˣ / Γ(a)
    let scale = libm::exp(a * libm::log(x) - x - libm::lgamma(a));
    if x < a + 1.0 { 1.0 - scale * series(a, x) } else { scale * fraction(a, x) }
}

/// Terms enough for a of a million and more: the slowest are √a.
const TERMS_MAX: usize = 100_000;

/// Σ xⁿ / (a (a+1) … (a+n))
fn series(a: f64, x: f64) -> f64 {
    let mut term = 1.0 / a;
    let mut sum = term;
    for n in 1..TERMS_MAX {
        term *= x / (a + n as f64);
        sum += term;
        if term < sum * f64::EPSILON / 4.0 {
            break;
        }
    }
    sum
}

/// 1 / (x+1−a − 1(1−a) / (x+3−a − 2(2−a) / (x+5−a − …))), from the front, by the ratios of
/// neighbouring convergents.
fn fraction(a: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let not_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut term = x + 1.0 - a;
    let mut below = 1.0 / not_zero(term);
    let mut above = 1.0 / TINY;
    let mut value = below;
    for n in 1..TERMS_MAX {
        let n = n as f64;
        let numerator = -n * (n - a);
        term += 2.0;
        below = 1.0 / not_zero(numerator * below + term);
        above = not_zero(term + numerator / above);
        let factor = below * above;
        value *= factor;
        if (factor - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    value
}
