//! [`Unit`]: the smallest piece of work, and all that decides its output.
//!
//! Invariant: a unit's step key is the digest of the unit itself, so nothing can decide an output
//! that is not in the key. A unit is plain data: it can be executed here, or anywhere else that
//! has the artifacts it names.

use refrain_domain::canonical::digest_of;
use refrain_domain::plan::PluginUse;
use refrain_domain::{Chunk, Digest, Fact, Grant, Limits, Schema, World};
use serde::{Deserialize, Serialize};

/// What every unit of a plan has in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// The digest of the determinism profile.
    pub profile: Digest,
    /// What a unit may use.
    pub limits: Limits,
    /// Where clocks stand. Only a component with a grant can see it, so for all others it is 0.
    pub logical_time_us: i64,
}

/// A piece of work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unit {
    /// None for the host's own operators, which have no limits and see no clock.
    pub environment: Option<Environment>,
    /// What to do.
    pub work: Work,
}

impl Unit {
    /// The step key: BLAKE3 over component, world, parameters, inputs, seed, profile, limits,
    /// grants and logical time, in canonical JSON.
    pub fn key(&self) -> Digest {
        digest_of(self).expect("BUG: a unit without a canonical form")
    }
}

/// A component with what decides its behaviour. Names and versions are left out: renaming a plugin
/// changes no result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Component {
    /// The component.
    pub component: Digest,
    /// What it implements.
    pub world: World,
    /// What it may have beyond computing.
    pub grants: Vec<Grant>,
    /// Its parameters.
    pub params: serde_json::Value,
    /// Its randomness.
    pub seed: u64,
}

impl From<&PluginUse> for Component {
    fn from(plugin: &PluginUse) -> Self {
        Self {
            component: plugin.component,
            world: plugin.world.clone(),
            grants: plugin.grants.clone(),
            params: plugin.params.clone(),
            seed: plugin.seed,
        }
    }
}

/// Rows that a fold sees, in order: those of one chunk, or of all where it cannot be merged.
/// Chunks hold the read columns only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rows {
    /// Of the read columns.
    pub schema: Schema,
    /// In order.
    pub chunks: Vec<Chunk>,
}

/// One side of a join, as an index over it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct JoinSide {
    /// The table's digest, with keys, time and added columns only.
    pub table: Digest,
    /// Key columns.
    pub by: Vec<String>,
    /// The time column of an as-of join.
    pub on: Option<String>,
    /// As-of join: older rows do not match.
    pub tolerance_us: Option<i64>,
    /// The columns to add.
    pub columns: Vec<String>,
}

/// Which rows to keep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Predicate {
    /// The boolean column at this index is true.
    IsTrue(usize),
    /// The time at this index is in the range.
    InTime {
        /// The column.
        index: usize,
        /// Inclusive.
        from_us: Option<i64>,
        /// Exclusive.
        to_us: Option<i64>,
    },
    /// The hash of the key at these indices is in the holdout, or is not.
    InHash {
        /// The columns.
        by: Vec<usize>,
        /// Millionths of the key space.
        holdout_ppm: u32,
        /// Another seed, another split.
        seed: u64,
        /// Which side.
        holdout: bool,
    },
}

/// What a unit does, with everything that it reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "work", rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the fields repeat from case to case; the cases are documented")]
pub enum Work {
    /// Rows of one chunk. Makes a chunk.
    Keep { predicate: Predicate, schema: Schema, chunk: Chunk },
    /// Right columns for the left's keys in one chunk. Makes a chunk of the added columns.
    Join { right: JoinSide, schema: Schema, chunk: Chunk },
    /// A transform's computed columns for one chunk. Makes a chunk.
    Apply {
        component: Component,
        input: Schema,
        chunk: Chunk,
        computed: Schema,
        state: Option<Digest>,
    },
    /// A partial fit. Makes a saved fold.
    FitPart { component: Component, rows: Rows },
    /// A fit from partial fits. Makes a state.
    FitMerge { component: Component, input: Schema, saved: Vec<Digest> },
    /// A fit that cannot be split. Makes a state.
    FitWhole { component: Component, rows: Rows },
    /// A partial training pass. Makes a saved fold.
    PassPart { component: Component, rows: Rows, state: Option<Digest> },
    /// A training pass from partial passes. Makes a state and a [`PassSummary`].
    PassMerge { component: Component, input: Schema, state: Option<Digest>, saved: Vec<Digest> },
    /// A training pass that cannot be split. Makes a state and a [`PassSummary`].
    PassWhole { component: Component, rows: Rows, state: Option<Digest> },
    /// The model after the last pass.
    Finish { component: Component, input: Schema, state: Digest },
    /// Predictions for one chunk. Makes a chunk.
    Predict { component: Component, input: Schema, chunk: Chunk, prediction: Schema, model: Digest },
    /// A partial fold of an evaluator or drift detector. Makes a saved fold. `current` tells the
    /// windows of a drift detector apart.
    FoldPart { component: Component, rows: Rows, current: bool },
    /// A fold from partial folds. Makes a report.
    FoldMerge { component: Component, input: Schema, saved: Vec<Digest> },
    /// A fold that cannot be split: first the reference rows (none for an evaluator), then the
    /// rows. Makes a report.
    FoldWhole { component: Component, reference: Vec<Chunk>, rows: Rows },
    /// A trigger's decision on these facts. Makes a decision record.
    Decide { component: Component, facts: Vec<Fact> },
}

/// The component of a piece of work, borrowed as the work is.
macro_rules! component_of {
    ($work:expr) => {
        match $work {
            Work::Keep { .. } | Work::Join { .. } => None,
            Work::Apply { component, .. }
            | Work::FitPart { component, .. }
            | Work::FitMerge { component, .. }
            | Work::FitWhole { component, .. }
            | Work::PassPart { component, .. }
            | Work::PassMerge { component, .. }
            | Work::PassWhole { component, .. }
            | Work::Finish { component, .. }
            | Work::Predict { component, .. }
            | Work::FoldPart { component, .. }
            | Work::FoldMerge { component, .. }
            | Work::FoldWhole { component, .. }
            | Work::Decide { component, .. } => Some(component),
        }
    };
}

impl Work {
    /// The component that does it; none: the host.
    pub const fn component(&self) -> Option<&Component> {
        component_of!(self)
    }

    /// The same, to put another in its place.
    pub(crate) const fn component_mut(&mut self) -> Option<&mut Component> {
        component_of!(self)
    }
}

/// The end of a training pass besides its state, as an artifact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PassSummary {
    /// Whether training has ended.
    pub done: bool,
    /// For people.
    pub measures: Vec<refrain_domain::Measure>,
}

/// What a unit made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitOutput {
    /// Column blocks of a chunk, or the one or two artifacts that the work makes.
    pub outputs: Vec<Digest>,
    /// The rows of the chunk, where it makes one.
    pub rows: u32,
    /// Fuel used.
    pub fuel: u64,
    /// The most linear memory at any time. It is no part of the result, and is not remembered: 0
    /// where the output was.
    #[serde(skip)]
    pub memory_bytes_peak: u64,
}
