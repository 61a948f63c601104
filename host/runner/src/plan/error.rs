//! Why a pipeline cannot be planned.

use refrain_domain::{Failure, Role, SchemaError};

/// What is wrong with a pipeline, where, and what to write instead.
///
/// A `step` is the name of a step, or a place below another section, such as `retrain.trigger`.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// A step and an input of one name.
    #[error("`{name}` names both an input and a step: rename one of them")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// A step whose name could be taken for another's output.
    #[error(
        "step `{name}` has a dot in its name: dots separate a step from its output; use `-` or `_`"
    )]
    DottedName {
        /// The name.
        name: String,
    },
    /// Steps that read each other.
    #[error("steps read each other in a circle: {}: let one of them read something else", .steps.join(" → "))]
    Cycle {
        /// In reading order, the first one again at the end.
        steps: Vec<String>,
    },
    /// A reference to nothing.
    #[error("{} reads `{reference}`, which is neither an input nor a step{hint}", at(.step))]
    UnknownReference {
        /// Who reads.
        step: String,
        /// What.
        reference: String,
        /// What was meant, perhaps, or what there is.
        hint: String,
    },
    /// A reference to a step with several outputs.
    #[error("{} reads `{reference}`, which has several outputs: name one of {}", at(.step), quoted(.outputs))]
    WhichOutput {
        /// Who reads.
        step: String,
        /// What.
        reference: String,
        /// What could be named instead.
        outputs: Vec<String>,
    },
    /// A reference to a model or a report where a table is needed.
    #[error("{} reads `{reference}` as a table, but that step makes none; the tables are {}", at(.step), quoted(.tables))]
    NotATable {
        /// Who reads.
        step: String,
        /// What.
        reference: String,
        /// What could be named instead.
        tables: Vec<String>,
    },
    /// Not exactly one kind of step.
    #[error(
        "step `{step}` {problem}: give exactly one of asof, lookup, union, filter, select, split, window, predict, plugin"
    )]
    StepKind {
        /// The step.
        step: String,
        /// `has no operation`, or `has several operations (…)`.
        problem: String,
    },
    /// A key that does not go with this kind of step, or is missing from it.
    #[error("{}: {problem}", at(.step))]
    Step {
        /// The step.
        step: String,
        /// What is wrong, and what to write instead.
        problem: String,
    },
    /// Something outside the steps that cannot be.
    #[error("{place}: {problem}")]
    Place {
        /// Where in the spec.
        place: String,
        /// What is wrong, and what to write instead.
        problem: String,
    },
    /// A column that is not there.
    #[error("{} needs column `{column}`, which `{table}` does not have{}", at(.step), did_you_mean(.nearest))]
    MissingColumn {
        /// The step.
        step: String,
        /// The column.
        column: String,
        /// Where it was looked for.
        table: String,
        /// What was meant, perhaps.
        nearest: Option<String>,
    },
    /// A column of the wrong kind.
    #[error(
        "{} needs column `{column}` of `{table}` to be {expected}, but it is {found}: convert it with derive, or declare its kind under the input's `schema`",
        at(.step)
    )]
    ColumnKind {
        /// The step.
        step: String,
        /// The column.
        column: String,
        /// Where it is.
        table: String,
        /// What it must be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// A table that would have an impossible schema.
    #[error("{} would make a table that cannot be: {source}; rename a column, or leave it out", at(.step))]
    Schema {
        /// The step.
        step: String,
        /// Why not.
        source: SchemaError,
    },
    /// A plugin that is not registered.
    #[error("{}: plugin `{requirement}` is not in the plugin registry{hint}", at(.step))]
    UnknownPlugin {
        /// The step.
        step: String,
        /// What was asked for.
        requirement: String,
        /// What there is instead.
        hint: String,
    },
    /// A text that asks for no plugin.
    #[error("{}: {problem}: write a range such as `name@^0.1`, or the name alone", at(.step))]
    Requirement {
        /// The step.
        step: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A plugin of the wrong role.
    #[error("{} uses plugin `{plugin}` as {wanted}, but it implements `{world}`: name another plugin", at(.step))]
    WrongRole {
        /// The step.
        step: String,
        /// The plugin.
        plugin: String,
        /// What the step needs.
        wanted: String,
        /// What it is.
        world: String,
    },
    /// A plugin that refuses its parameters or its input.
    #[error("{}: plugin `{plugin}` refuses: {failure}", at(.step))]
    Refused {
        /// The step.
        step: String,
        /// The plugin.
        plugin: String,
        /// The plugin's words.
        failure: Failure,
    },
    /// A choice that the spec must make.
    #[error("{place}: {}", which_step(.key, .what, .given, .candidates))]
    WhichStep {
        /// Where in the spec.
        place: String,
        /// The key that would choose.
        key: &'static str,
        /// The kind of step.
        what: &'static str,
        /// What was chosen.
        given: Option<String>,
        /// What could be chosen.
        candidates: Vec<String>,
    },
    /// A text that names no model.
    #[error("{place}: `{text}` names no model alias: write `models:/name@alias`")]
    ModelAddress {
        /// Where in the spec.
        place: String,
        /// What was given.
        text: String,
    },
    /// The pipeline has no `retrain` section.
    #[error(
        "pipeline `{pipeline}` has no `retrain` section: add one with `watch`, `table` and `trigger`"
    )]
    NoRetrain {
        /// The pipeline.
        pipeline: String,
    },
    /// A dataset that is not there, is empty, or cannot be imported.
    #[error("input `{input}`: {problem}")]
    Input {
        /// The input.
        input: String,
        /// What is wrong, and what to do.
        problem: String,
    },
    /// The store or the engine failed.
    #[error("{message}")]
    Host {
        /// Which of them, and why.
        message: String,
    },
}

impl PlanError {
    /// A problem with a step that has no variant of its own.
    pub(crate) fn step(step: &str, problem: impl Into<String>) -> Self {
        Self::Step { step: step.to_owned(), problem: problem.into() }
    }

    /// A problem outside the steps.
    pub(crate) fn place(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Place { place: place.into(), problem: problem.into() }
    }

    pub(crate) fn wrong_role(step: &str, plugin: &super::ResolvedPlugin, wanted: Role) -> Self {
        let wanted = match wanted {
            Role::Drift => "a drift detector".to_owned(),
            Role::Evaluator => "an evaluator".to_owned(),
            other => format!("a {other}"),
        };
        Self::WrongRole {
            step: step.to_owned(),
            plugin: plugin.name.clone(),
            wanted,
            world: plugin.world.to_string(),
        }
    }

    /// What a catalog complains of, with the step that asked.
    pub(crate) fn in_step(self, name: &str) -> Self {
        let step = name.to_owned();
        match self {
            Self::Refused { plugin, failure, .. } => Self::Refused { step, plugin, failure },
            Self::UnknownPlugin { requirement, hint, .. } => {
                Self::UnknownPlugin { step, requirement, hint }
            }
            Self::Requirement { problem, .. } => Self::Requirement { step, problem },
            other => other,
        }
    }
}

/// Steps have no dots in their names, so what has one is a place elsewhere, or a step of ours.
fn at(step: &str) -> String {
    if step.starts_with("retrain.") { format!("`{step}`") } else { format!("step `{step}`") }
}

/// Names beyond these are not listed.
const NAMES_SHOWN_MAX: usize = 8;

fn quoted(names: &[String]) -> String {
    let shown: Vec<_> = names.iter().take(NAMES_SHOWN_MAX).map(|n| format!("`{n}`")).collect();
    let more = names.len().saturating_sub(NAMES_SHOWN_MAX);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    shown.join(", ") + &more
}

/// What was meant, perhaps; else what there is.
pub(super) fn hint(nearest: Option<&str>, known: &[String]) -> String {
    match nearest {
        Some(name) => format!("; did you mean `{name}`?"),
        None if known.is_empty() => String::new(),
        None => format!("; there are {}", quoted(known)),
    }
}

fn did_you_mean(nearest: &Option<String>) -> String {
    nearest.as_ref().map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

fn which_step(key: &str, what: &str, given: &Option<String>, candidates: &[String]) -> String {
    let candidates = match candidates {
        [] => format!("the pipeline has no {what} step: add one"),
        names => format!("the {what} steps are {}", quoted(names)),
    };
    match given {
        Some(given) => format!("`{key}: {given}` names no {what} step; {candidates}"),
        None if candidates.ends_with("add one") => candidates,
        None => format!("say which {what} step with `{key}`; {candidates}"),
    }
}
