//! The measures of one column.

use refrain_sdk::Field;
use refrain_sdk::drift::{Score, Verdict};

use crate::cells::{Cell, Numbers, categories, histogram, quantile_bins};
use crate::distance::{self, totals};
use crate::ks::kolmogorov_smirnov;
use crate::params::{Measure, Params};
use crate::window::{ColumnState, Counted};

/// With at most so many rows in the reference, `auto` tests (as Evidently does).
const TEST_ROWS_MAX: u64 = 1000;

/// With at most so many distinct numbers, `auto` takes numbers for categories.
const CATEGORIES_AUTO_MAX: usize = 5;

/// A score whose verdict is not in yet.
#[derive(Debug, Clone)]
pub struct Scored {
    /// The score, `inconclusive` until it is judged.
    pub score: Score,
    /// How it was measured.
    pub measure: Measure,
    /// Whether both windows have the rows to tell.
    pub has_rows: bool,
}

/// Both windows of a column side by side; nothing where there was too much to keep.
enum Beside<'a> {
    Numbers(Vec<(f64, u64, u64)>),
    Texts(Vec<(&'a str, u64, u64)>),
    Unknown,
}

impl<'a> Beside<'a> {
    fn new(reference: &'a ColumnState, current: &'a ColumnState) -> Self {
        match (&reference.values, &current.values) {
            (Counted::Numbers(reference), Counted::Numbers(current)) => {
                Self::Numbers(reference.beside(current))
            }
            (Counted::Texts(reference), Counted::Texts(current)) => {
                reference.beside(current).map_or(Self::Unknown, Self::Texts)
            }
            _ => Self::Unknown,
        }
    }

    /// Distinct values of both windows together.
    fn n_distinct(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Texts(texts) => texts.len(),
            Self::Unknown => usize::MAX,
        }
    }

    fn numbers(&self) -> Option<&Numbers> {
        match self {
            Self::Numbers(numbers) => Some(numbers),
            _ => None,
        }
    }

    /// Each value a cell of its own, up to so many.
    fn values(&self, max: usize) -> Option<Vec<Cell>> {
        match self {
            Self::Numbers(numbers) if numbers.len() > max => None,
            Self::Numbers(numbers) => Some(numbers.iter().map(|cell| (cell.1, cell.2)).collect()),
            Self::Texts(texts) => Some(categories(texts, max)),
            Self::Unknown => None,
        }
    }

    /// Numbers in bins, categories as they are.
    fn bins(&self, of: fn(&Numbers) -> Option<Vec<Cell>>, max: usize) -> Option<Vec<Cell>> {
        match self {
            Self::Numbers(numbers) => of(numbers),
            _ => self.values(max),
        }
    }
}

/// What the measures of a column come to, in their order.
pub fn score(
    params: &Params,
    field: &Field,
    reference: &ColumnState,
    current: &ColumnState,
) -> Vec<Scored> {
    let beside = Beside::new(reference, current);
    let auto;
    let mut measures = params.measures(&field.name, field.kind);
    if measures.is_empty() {
        auto = [automatic(&beside, reference.n)];
        measures = &auto;
    }
    let scored = |measure, value: Option<(f64, Option<f64>)>, has_rows| Scored {
        score: Score {
            column: field.name.clone(),
            measure: Measure::name(measure).to_owned(),
            value: value.map(|(value, _)| value),
            p_value: value.and_then(|(_, probability)| probability),
            threshold: params.threshold(measure),
            verdict: Verdict::Inconclusive,
            n_reference: reference.n,
            n_current: current.n,
        },
        measure,
        has_rows,
    };
    let has_rows = reference.n.min(current.n) >= params.min_rows.max(1);
    let mut scores: Vec<Scored> = (measures.iter())
        .map(|&m| scored(m, measured(m, &beside, reference, current, params), has_rows))
        .collect();
    if reference.n_null + current.n_null > 0 {
        let has_rows = reference.n_rows().min(current.n_rows()) >= params.min_rows.max(1);
        scores.push(scored(Measure::NullShare, null_share(reference, current), has_rows));
    }
    scores
}

/// As Evidently chooses: by kind, distinct values of both windows, rows of the reference.
fn automatic(beside: &Beside, n_reference: u64) -> Measure {
    let n_distinct = beside.n_distinct();
    let is_number = beside.numbers().is_some() && n_distinct > CATEGORIES_AUTO_MAX;
    match (n_reference <= TEST_ROWS_MAX, is_number) {
        (true, true) => Measure::Ks,
        (true, false) if n_distinct <= 2 => Measure::ZTest,
        (true, false) => Measure::ChiSquare,
        (false, true) => Measure::Wasserstein,
        (false, false) => Measure::JensenShannon,
    }
}

/// A distance, or a statistic with its probability; none where the windows do not define it.
fn measured(
    measure: Measure,
    beside: &Beside,
    reference: &ColumnState,
    current: &ColumnState,
    params: &Params,
) -> Option<(f64, Option<f64>)> {
    if reference.n == 0 || current.n == 0 {
        return None;
    }
    let max = params.max_categories;
    let quantiles = || beside.bins(|numbers| Some(quantile_bins(numbers)), max);
    let histogram = || beside.bins(histogram, max);
    let distance = |cells: Option<Vec<Cell>>, of: fn(&[Cell]) -> f64| {
        cells.map(|cells| (of(&cells), None)).filter(|(value, _)| value.is_finite())
    };
    let test = |(statistic, probability)| (statistic, Some(probability));
    match measure {
        Measure::Psi => distance(quantiles(), distance::psi),
        Measure::JensenShannon => distance(histogram(), distance::jensen_shannon),
        Measure::Hellinger => distance(histogram(), distance::hellinger),
        Measure::TotalVariation => distance(histogram(), distance::total_variation),
        Measure::LInfinity => distance(histogram(), distance::l_infinity),
        Measure::Wasserstein => beside
            .numbers()
            .map(|numbers| (distance::wasserstein(numbers), None))
            .filter(|(value, _)| value.is_finite()),
        Measure::Ks => beside.numbers().map(kolmogorov_smirnov).map(test),
        Measure::ChiSquare => beside.values(max).map(|cells| test(distance::chi_square(&cells))),
        Measure::ZTest => beside.values(2).and_then(|cells| distance::z_test(&cells)).map(test),
        Measure::NullShare => null_share(reference, current),
    }
}

/// The difference between the shares of rows without a value.
fn null_share(reference: &ColumnState, current: &ColumnState) -> Option<(f64, Option<f64>)> {
    let cells = [(reference.n_null, current.n_null), (reference.n, current.n)];
    let (n_reference, n_current) = totals(&cells);
    (n_reference > 0 && n_current > 0).then(|| (distance::l_infinity(&cells), None))
}
