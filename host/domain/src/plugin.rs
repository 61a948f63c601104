//! Plugins: which world a component implements, and what it may be granted.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The role that a plugin plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// New columns from columns.
    Transform,
    /// Rows in, a model out.
    Trainer,
    /// Predictions from a model trained elsewhere.
    Predictor,
    /// Metrics from labels and predictions.
    Evaluator,
    /// How far a window has moved.
    Drift,
    /// Whether to retrain.
    Trigger,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 6] = [
        Self::Transform,
        Self::Trainer,
        Self::Predictor,
        Self::Evaluator,
        Self::Drift,
        Self::Trigger,
    ];

    /// The name of the role, which is the name of its WIT package and world too.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Transform => "transform",
            Self::Trainer => "trainer",
            Self::Predictor => "predictor",
            Self::Evaluator => "evaluator",
            Self::Drift => "drift",
            Self::Trigger => "trigger",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A contract at a version, written `transform@0.1.0`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct World {
    /// The role.
    pub role: Role,
    /// The version of the WIT package.
    pub version: semver::Version,
}

impl World {
    /// The name of the one interface that a component of this world exports:
    /// `refrain:transform/plugin@0.1.0`.
    pub fn export_name(&self) -> String {
        format!("refrain:{}/plugin@{}", self.role, self.version)
    }
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.role, self.version)
    }
}

/// A text that names no world.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a world: expected a role and a version such as `transform@0.1.0`")]
pub struct WorldError {
    /// What was given.
    pub text: String,
}

/// A text that is no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no role: write transform, trainer, predictor, evaluator, drift or trigger")]
pub struct RoleError {
    /// The text.
    pub text: String,
}

impl FromStr for Role {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|role| role.name() == text);
        found.ok_or_else(|| RoleError { text: text.to_owned() })
    }
}

impl FromStr for World {
    type Err = WorldError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || WorldError { text: text.to_owned() };
        let (role, version) = text.split_once('@').ok_or_else(error)?;
        let role = role.parse().map_err(|_| error())?;
        Ok(Self { role, version: version.parse().map_err(|_| error())? })
    }
}

impl Serialize for World {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for World {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Something beyond pure computation that an operator may let a plugin have. All of it is virtual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grant {
    /// Virtual WASI 0.2: clocks stand at the run's logical time, random bytes come from the step's
    /// seed, output is captured up to a limit; no files, environment, arguments or network.
    Wasi,
}

impl Grant {
    /// All grants.
    pub const ALL: [Self; 1] = [Self::Wasi];

    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wasi => "wasi",
        }
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that is no grant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no grant: the only one is `wasi`")]
pub struct GrantError {
    /// The text.
    pub text: String,
}

impl FromStr for Grant {
    type Err = GrantError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|grant| grant.name() == text);
        found.ok_or_else(|| GrantError { text: text.to_owned() })
    }
}

/// What an operator says of a component when it is registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PluginManifest {
    /// The plugin's name: lower-case letters, digits and dashes.
    pub name: String,
    /// Immutable once registered.
    pub version: semver::Version,
    /// What it may have beyond computing.
    #[serde(default)]
    pub grants: Vec<Grant>,
    /// An SPDX expression.
    #[serde(default)]
    pub licence: Option<String>,
}
