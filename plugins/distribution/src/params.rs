//! The parameters, their defaults and bounds.

use std::collections::BTreeMap;
use std::fmt;

use refrain_sdk::params::hint;
use refrain_sdk::serde::de::{Error as _, IntoDeserializer, SeqAccess, Visitor};
use refrain_sdk::serde::{Deserialize, Deserializer};
use refrain_sdk::{Error, Kind, Result, Schema};

/// See `params.schema.json`.
#[derive(Debug, Clone, Deserialize)]
#[serde(crate = "refrain_sdk::serde", deny_unknown_fields)]
pub struct Params {
    /// Columns to compare; all that can be, if absent.
    pub columns: Option<Vec<String>>,
    /// How float64 and int64 columns are measured.
    #[serde(default)]
    pub numeric: Measures,
    /// How utf8 and boolean columns are measured.
    #[serde(default)]
    pub categorical: Measures,
    /// How single columns are measured.
    #[serde(default)]
    pub by_column: BTreeMap<String, Measures>,
    /// Thresholds by measure.
    #[serde(default)]
    pub thresholds: BTreeMap<Measure, f64>,
    /// How the thresholds of tests are corrected for their number.
    #[serde(default)]
    pub correction: Correction,
    /// With fewer rows with a value in a window, a column is inconclusive.
    #[serde(default = "hundred")]
    pub min_rows: u64,
    /// Categories beyond the most frequent are counted together.
    #[serde(default = "two_hundred")]
    pub max_categories: usize,
}

fn hundred() -> u64 {
    100
}

fn two_hundred() -> usize {
    200
}

/// One measure or several; `auto` is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Measures(pub Vec<Measure>);

/// How two distributions are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(crate = "refrain_sdk::serde", rename_all = "snake_case")]
pub enum Measure {
    /// Population stability index.
    Psi,
    /// The test of Kolmogorov and Smirnov.
    Ks,
    /// The earth mover's distance, in standard deviations of the reference.
    Wasserstein,
    /// The distance of Jensen and Shannon.
    JensenShannon,
    /// The chi-square test of homogeneity.
    ChiSquare,
    /// The two-sample test of a proportion.
    ZTest,
    /// The distance of Hellinger.
    Hellinger,
    /// Half the sum of differences.
    TotalVariation,
    /// The largest difference.
    LInfinity,
    /// The difference between the shares of rows without a value.
    NullShare,
}

impl Measure {
    const NAMES: [(Self, &'static str); 10] = [
        (Self::Psi, "psi"),
        (Self::Ks, "ks"),
        (Self::Wasserstein, "wasserstein"),
        (Self::JensenShannon, "jensen_shannon"),
        (Self::ChiSquare, "chi_square"),
        (Self::ZTest, "z_test"),
        (Self::Hellinger, "hellinger"),
        (Self::TotalVariation, "total_variation"),
        (Self::LInfinity, "l_infinity"),
        (Self::NullShare, "null_share"),
    ];

    /// In parameters and scores.
    pub fn name(self) -> &'static str {
        Self::NAMES.into_iter().find(|(measure, _)| *measure == self).map_or("", |(_, name)| name)
    }

    /// Whether the p-value decides.
    pub fn is_test(self) -> bool {
        matches!(self, Self::Ks | Self::ChiSquare | Self::ZTest)
    }

    /// Whether the order of the values matters.
    fn needs_numbers(self) -> bool {
        matches!(self, Self::Ks | Self::Wasserstein)
    }

    /// As Evidently has it.
    fn default_threshold(self) -> f64 {
        if self.is_test() { 0.05 } else { 0.1 }
    }
}

/// How the thresholds of tests are corrected for their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(crate = "refrain_sdk::serde", rename_all = "snake_case")]
pub enum Correction {
    /// Not at all.
    #[default]
    None,
    /// Divided by their number: a false alarm anywhere is as rare as the threshold says.
    Bonferroni,
    /// By rank: of all alarms, as small a share is false as the threshold says.
    BenjaminiHochberg,
}

impl<'de> Deserialize<'de> for Measures {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MeasuresVisitor)
    }
}

struct MeasuresVisitor;

impl<'de> Visitor<'de> for MeasuresVisitor {
    type Value = Measures;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`auto`, a measure or a list of measures")
    }

    fn visit_str<E: refrain_sdk::serde::de::Error>(self, name: &str) -> Result<Measures, E> {
        if name == "auto" {
            return Ok(Measures::default());
        }
        measure(name).map(|measure| Measures(vec![measure]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<Measures, A::Error> {
        let mut measures = Vec::new();
        while let Some(name) = names.next_element::<String>()? {
            let measure = measure(&name)?;
            if measures.contains(&measure) {
                return Err(A::Error::custom(format!("`{name}` stands twice")));
            }
            measures.push(measure);
        }
        if measures.is_empty() {
            return Err(A::Error::custom("names no measure: write `auto`, or leave it out"));
        }
        Ok(Measures(measures))
    }
}

fn measure<E: refrain_sdk::serde::de::Error>(name: &str) -> Result<Measure, E> {
    let found: Result<Measure, E> = Measure::deserialize(name.into_deserializer());
    match found {
        // It is measured wherever a value is missing, and needs no asking.
        Ok(Measure::NullShare) => Err(E::custom("`null_share` is measured without being named")),
        Ok(measure) => Ok(measure),
        Err(_) => {
            let names = Measure::NAMES.map(|(_, name)| name);
            let names = names.into_iter().filter(|name| *name != "null_share");
            Err(E::custom(format!("there is no measure `{name}`{}", hint(name, names))))
        }
    }
}

impl Params {
    /// Refuses what no type refuses. `input` has the columns to compare.
    pub fn check(&self, input: &Schema) -> Result<()> {
        for (measure, threshold) in &self.thresholds {
            let max = if measure.is_test() { 1.0 } else { f64::MAX };
            if !(*threshold > 0.0 && *threshold <= max) {
                return Err(Error::params(format!(
                    "parameter `thresholds.{}` is {threshold}, and must be above 0{}",
                    measure.name(),
                    if measure.is_test() { " and at most 1: it is a probability" } else { "" }
                )));
            }
        }
        if self.max_categories == 0 {
            return Err(Error::params("parameter `max_categories` is 0, and must be at least 1"));
        }
        for (column, measures) in &self.by_column {
            let path = format!("parameter `by_column.{column}`");
            let kind = input.field(column).map_err(|error| error.context(&path))?.kind;
            refuse_order(measures, is_number(kind), &path)?;
        }
        refuse_order(&self.categorical, false, "parameter `categorical`")
    }

    /// How a column is measured; none for `auto`.
    pub fn measures(&self, column: &str, kind: Kind) -> &[Measure] {
        let of_kind = if is_number(kind) { &self.numeric } else { &self.categorical };
        &self.by_column.get(column).unwrap_or(of_kind).0
    }

    /// The threshold of a measure before correction.
    pub fn threshold(&self, measure: Measure) -> f64 {
        self.thresholds.get(&measure).copied().unwrap_or(measure.default_threshold())
    }
}

/// Whether a column of this kind is measured by its numbers.
pub fn is_number(kind: Kind) -> bool {
    matches!(kind, Kind::Float64 | Kind::Int64)
}

fn refuse_order(measures: &Measures, has_order: bool, path: &str) -> Result<()> {
    match measures.0.iter().find(|measure| measure.needs_numbers() && !has_order) {
        None => Ok(()),
        Some(measure) => Err(Error::params(format!(
            "{path}: `{}` needs float64 or int64; for categories take jensen_shannon, psi or \
             chi_square",
            measure.name()
        ))),
    }
}
