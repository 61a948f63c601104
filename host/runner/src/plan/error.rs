//! Why a pipeline cannot be planned.

use refrain_domain::{Failure, Role, SchemaError};

/// What is wrong with a pipeline, where, and what to write instead.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// A step and an input of one name.
    #[error("`{name}` names both an input and a step: rename one of them")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// A step whose name could be taken for another's output.
    #[error("step `{name}` has a dot in its name: dots separate a step from its output")]
    DottedName {
        /// The name.
        name: String,
    },
    /// Steps that read each other.
    #[error("steps read each other in a circle: {}", .steps.join(" → "))]
    Cycle {
        /// In reading order, the first one again at the end.
        steps: Vec<String>,
    },
    /// A reference to nothing.
    #[error("step `{step}` reads `{reference}`, which is neither an input nor a step{}", did_you_mean(.nearest))]
    UnknownReference {
        /// Who reads.
        step: String,
        /// What.
        reference: String,
        /// What was meant, perhaps.
        nearest: Option<String>,
    },
    /// A reference to a model or a report where a table is needed.
    #[error("step `{step}` reads `{reference}` as a table, but that step makes none")]
    NotATable {
        /// Who reads.
        step: String,
        /// What.
        reference: String,
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
    #[error("step `{step}`: {problem}")]
    Step {
        /// The step.
        step: String,
        /// What is wrong, and what to write instead.
        problem: String,
    },
    /// A column that is not there.
    #[error("step `{step}` needs column `{column}`, which {table} does not have{}", did_you_mean(.nearest))]
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
    #[error("step `{step}` needs column `{column}` to be {expected}, but it is {found}")]
    ColumnKind {
        /// The step.
        step: String,
        /// The column.
        column: String,
        /// What it must be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// A table that would have an impossible schema.
    #[error("step `{step}` would make a table that cannot be: {source}")]
    Schema {
        /// The step.
        step: String,
        /// Why not.
        source: SchemaError,
    },
    /// A plugin that is not registered.
    #[error("plugin `{requirement}` is not in the plugin registry{hint}")]
    UnknownPlugin {
        /// What was asked for.
        requirement: String,
        /// What there is instead.
        hint: String,
    },
    /// A plugin of the wrong role.
    #[error("step `{step}` uses plugin `{plugin}` as {wanted}, but it implements `{world}`")]
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
    #[error("step `{step}`: plugin `{plugin}` refuses: {failure}")]
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
    #[error("`{text}` names no model alias: write `models:/name@alias`")]
    ModelAddress {
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

    pub(crate) fn wrong_role(step: &str, plugin: &super::ResolvedPlugin, wanted: &[Role]) -> Self {
        let wanted: Vec<_> = wanted.iter().map(|role| format!("a {role}")).collect();
        Self::WrongRole {
            step: step.to_owned(),
            plugin: plugin.name.clone(),
            wanted: wanted.join(" or "),
            world: plugin.world.to_string(),
        }
    }
}

fn did_you_mean(nearest: &Option<String>) -> String {
    nearest.as_ref().map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

fn which_step(key: &str, what: &str, given: &Option<String>, candidates: &[String]) -> String {
    let candidates = match candidates {
        [] => format!("the pipeline has no {what} step"),
        names => format!("the {what} steps are {}", names.join(", ")),
    };
    match given {
        Some(given) => format!("`{key}: {given}` names no {what} step; {candidates}"),
        None => format!("say which {what} step with `{key}`; {candidates}"),
    }
}
