//! [`Case`]: a component, what is done with it, and what must come of that.

use std::time::Duration;

use refrain_domain::{Backend, Failure, Field, Grant, Kind, Schema};
use refrain_sandbox::{Plugin, UnitContext};
use refrain_testkit::guest::Guest;
use serde::{Deserialize, Serialize};

/// The most memory that the guest of a case may have.
pub const MEMORY_MIB_MAX: u64 = 64;

/// The most bytes of the words that a case ends with: people read them, and events keep them.
pub const TEXT_BYTES_MAX: usize = 10_000;

/// In the environment: the backend, where it is not the usual one. `cargo xtask hostile` tells.
const BACKEND: &str = "REFRAIN_HOSTILE_BACKEND";

pub fn backend() -> Backend {
    let named = std::env::var(BACKEND).map(serde_json::Value::String);
    named.map_or(Backend::default(), |name| serde_json::from_value(name).expect("a backend"))
}

/// Longer than it takes to run out of the usual fuel.
fn usual_deadline() -> Duration {
    Duration::from_secs(match backend() {
        Backend::Cranelift => 2,
        Backend::Pulley => 20,
    })
}

/// What a call is made of. The text tells the answer.
pub type Act = Box<dyn Fn(&Plugin, &UnitContext) -> Result<String, Failure>>;

/// What became of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It did not come in.
    Refused,
    /// It did what a good component may do.
    Answered,
    /// The plugin returned an error.
    Error,
    /// What it returned breaks its contract.
    Contract,
    Trap,
    Limit,
    /// The host gave up.
    Abort,
}

impl Outcome {
    pub fn of(failure: &Failure) -> Self {
        match failure {
            Failure::Error { kind, .. } if kind == "contract" => Self::Contract,
            Failure::Error { .. } => Self::Error,
            Failure::Trap { .. } => Self::Trap,
            Failure::Limit { .. } => Self::Limit,
            Failure::HostAbort { .. } => Self::Abort,
        }
    }
}

/// A component, what is done with it, and what must come of that.
pub struct Case {
    pub name: String,
    pub bytes: Box<dyn Fn() -> Vec<u8>>,
    pub grants: &'static [Grant],
    /// Runs once the component has come in.
    pub act: Act,
    pub outcome: Outcome,
    /// Part of the words that it must end with.
    pub words: &'static str,
    pub fuel: u64,
    /// After the call began.
    pub deadline: Duration,
    /// For the compiler.
    pub compile_timeout: Duration,
    /// Instead of the guest's own, where the compiler has more to do: see [`Self::compiling`].
    pub admission_mib_max: u64,
}

impl Case {
    /// A component that must not come in.
    pub fn refused(name: impl Into<String>, words: &'static str, bytes: Vec<u8>) -> Self {
        Self::refused_when_made(name, words, move || bytes.clone())
    }

    /// The same, of a component that takes a while to make.
    pub fn refused_when_made(
        name: impl Into<String>,
        words: &'static str,
        bytes: impl Fn() -> Vec<u8> + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            bytes: Box::new(bytes),
            grants: &[],
            act: Box::new(|_, _| Ok("it came in".to_owned())),
            outcome: Outcome::Refused,
            words,
            fuel: 200_000_000,
            deadline: usual_deadline(),
            compile_timeout: Duration::from_secs(20),
            admission_mib_max: MEMORY_MIB_MAX,
        }
    }

    /// A component that comes in, and whose `fit-finish` must end in an answer.
    pub fn guest(name: impl Into<String>, guest: Guest) -> Self {
        let case = Self::refused_when_made(name, "", move || guest.build());
        case.ends(Outcome::Answered, "").calling(fit_finish)
    }

    /// The same, of what its `fit-finish` does.
    pub fn finish(name: impl Into<String>, body: &str) -> Self {
        Self::guest(name, Guest::new().finish(body))
    }

    pub fn calling(
        mut self,
        act: impl Fn(&Plugin, &UnitContext) -> Result<String, Failure> + 'static,
    ) -> Self {
        self.act = Box::new(act);
        self
    }

    pub fn ends(mut self, outcome: Outcome, words: &'static str) -> Self {
        (self.outcome, self.words) = (outcome, words);
        self
    }

    pub fn traps(self, words: &'static str) -> Self {
        self.ends(Outcome::Trap, words)
    }

    pub fn reaches(self, words: &'static str) -> Self {
        self.ends(Outcome::Limit, words)
    }

    pub fn breaks(self, words: &'static str) -> Self {
        self.ends(Outcome::Contract, words)
    }

    pub fn granted(mut self, grants: &'static [Grant]) -> Self {
        self.grants = grants;
        self
    }

    /// Nothing but the clock ends it.
    pub fn past_the_deadline(mut self) -> Self {
        (self.fuel, self.deadline) = (u64::MAX, Duration::from_millis(300));
        self.ends(Outcome::Abort, "the wall-clock deadline has passed")
    }

    /// Something to compile that takes up to as many MiB of the host.
    pub fn compiling(mut self, mib_max: u64) -> Self {
        self.admission_mib_max = mib_max;
        self
    }

    pub fn compile_timeout(mut self, timeout: Duration) -> Self {
        self.compile_timeout = timeout;
        self
    }
}

/// One column of integers, `x`.
pub fn schema() -> Schema {
    Schema { fields: vec![Field::new("x", Kind::Int64, false)] }
}

/// For answers of which it matters only that there was one.
pub fn done<T>(result: Result<T, Failure>) -> Result<String, Failure> {
    result.map(|_| "done".to_owned())
}

pub fn fit_finish(plugin: &Plugin, context: &UnitContext) -> Result<String, Failure> {
    Ok(format!("{} bytes", plugin.transform(context)?.fit_finish()?.len()))
}

pub fn describe(plugin: &Plugin, context: &UnitContext) -> Result<String, Failure> {
    done(plugin.transform(context)?.describe("{}", &schema()))
}

pub fn fit_start(plugin: &Plugin, context: &UnitContext) -> Result<String, Failure> {
    done(plugin.transform(context)?.fit_start(r#"{"columns": ["x"]}"#, &schema(), 7))
}
