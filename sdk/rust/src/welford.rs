//! [`Welford`]: mean and variance, one number after the other.

use crate::{Error, Result};

/// Count, mean and the sum of squared deviations, in the order of the rows.
///
/// Serial, so slower than [`crate::kernels::Moments`]; but the SDK of every language has it, and
/// they all compute the same bytes. Source: Welford (1962), merged as Chan, Golub & LeVeque (1979).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Welford {
    /// Numbers taken in.
    pub n: u64,
    /// Their mean; 0 without any.
    pub mean: f64,
    /// The sum of their squared deviations from it.
    pub m2: f64,
}

impl Welford {
    /// How many bytes it is saved in.
    pub const SIZE: usize = 24;

    /// Takes in numbers; nulls and NaN are passed over.
    pub fn update(&mut self, numbers: impl Iterator<Item = Option<f64>>) {
        for x in numbers.flatten().filter(|x| !x.is_nan()) {
            self.n += 1;
            let d = x - self.mean;
            self.mean += d / self.n as f64;
            self.m2 += d * (x - self.mean);
        }
    }

    /// Takes in what came after.
    pub fn merge(&mut self, other: &Self) {
        if other.n == 0 {
            return;
        }
        if self.n == 0 {
            *self = *other;
            return;
        }
        let n = self.n + other.n;
        let d = other.mean - self.mean;
        let share = other.n as f64 / n as f64;
        self.mean += d * share;
        self.m2 = self.m2 + other.m2 + d * d * (self.n as f64 * share);
        self.n = n;
    }

    /// The population standard deviation; 1 where there is none to divide by.
    pub fn deviation(&self) -> f64 {
        let sd = if self.n == 0 { 0.0 } else { (self.m2 / self.n as f64).sqrt() };
        if sd == 0.0 { 1.0 } else { sd }
    }

    /// Count, mean and squares, each eight bytes, least significant first.
    pub fn to_bytes(&self) -> [u8; Self::SIZE] {
        let mut bytes = [0; Self::SIZE];
        let parts = [self.n.to_le_bytes(), self.mean.to_le_bytes(), self.m2.to_le_bytes()];
        bytes.copy_from_slice(parts.as_flattened());
        bytes
    }

    /// Reads as many as lie end to end.
    ///
    /// # Errors
    /// If the bytes are not a whole number of them.
    pub fn read_all(bytes: &[u8]) -> Result<Vec<Self>> {
        let (chunks, rest) = bytes.as_chunks::<8>();
        if !rest.is_empty() || !chunks.len().is_multiple_of(3) {
            return Err(Error::failed(format!("{} bytes are no moments", bytes.len())));
        }
        let read = |parts: &[[u8; 8]]| Self {
            n: u64::from_le_bytes(parts[0]),
            mean: f64::from_le_bytes(parts[1]),
            m2: f64::from_le_bytes(parts[2]),
        };
        Ok(chunks.chunks_exact(3).map(read).collect())
    }
}

#[test]
fn merged_parts_are_the_whole() {
    let numbers = [1.0, 2.0, 4.0, 8.0].map(Some);
    let mut whole = Welford::default();
    whole.update(numbers.into_iter());
    let (mut a, mut b) = (Welford::default(), Welford::default());
    a.update(numbers[..1].iter().copied());
    b.update(numbers[1..].iter().copied().chain([None, Some(f64::NAN)]));
    a.merge(&b);
    assert_eq!((a.n, a.mean), (whole.n, whole.mean));
    assert!((a.m2 - whole.m2).abs() < 1e-12);
    assert_eq!(Welford::read_all(&whole.to_bytes()).unwrap(), [whole]);
    assert!(Welford::read_all(&[0; 23]).is_err());
}
