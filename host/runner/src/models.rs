//! The model registry: numbered versions and moving aliases over manifests.

use std::collections::BTreeMap;

use refrain_domain::gate::Verdict;
use refrain_domain::model::ModelVersion;
use refrain_domain::plan::PlannedRegister;
use refrain_domain::run::RegisteredModel;
use refrain_domain::{Digest, to_canonical};
use refrain_store::{EventAppend, Publication, RefChange};
use serde::{Deserialize, Serialize};

use crate::error::RunnerError;
use crate::{Runner, now_ms};

const REFS: &str = "models/";

/// A model version in the registry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelSummary {
    /// The model's name.
    pub model: String,
    /// Counted from 1.
    pub version: u64,
    /// The manifest.
    pub digest: Digest,
    /// The aliases that name it.
    pub aliases: Vec<String>,
    /// What the gate found.
    pub verdict: Verdict,
}

/// A change in the registry; its stream is the model's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum ModelEvent {
    /// A version came in.
    Registered { version: u64, digest: Digest, run: String, at_ms: i64 },
    /// An alias moved.
    AliasMoved { alias: String, from: Option<Digest>, to: Option<Digest>, by: String, at_ms: i64 },
}

impl Runner {
    /// What must be published for a finished run's model: version, alias, history.
    pub(crate) fn registration(
        &self,
        run_id: &str,
        register: &PlannedRegister,
        manifest: &ModelVersion,
    ) -> Result<(RegisteredModel, Publication), RunnerError> {
        let bytes = to_canonical(manifest)
            .map_err(|error| RunnerError::corrupt("the model version", error))?;
        let digest = self.store.stage(&bytes)?;
        let name = &register.model;
        let versions = self.versions(name)?;
        let known = versions.iter().find(|(_, found)| *found == digest).map(|(n, _)| *n);
        let version = known.unwrap_or(versions.len() as u64 + 1);
        let mut publication = Publication::default();
        let mut events = Vec::new();
        if known.is_none() {
            let name = version_ref(name, version);
            publication.refs.push(RefChange { name, expected: None, new: Some(digest) });
            let run = run_id.to_owned();
            events.push(ModelEvent::Registered { version, digest, run, at_ms: now_ms() });
        }
        let alias = register.alias.clone().filter(|_| manifest.verdict == Verdict::Pass);
        if let Some(alias) = &alias {
            let by = format!("run {run_id}");
            let from = self.model_alias(name, alias)?;
            alias_change((name, alias), from, Some(digest), by, &mut publication, &mut events);
        }
        publication.events.extend(append(name, &events));
        Ok((RegisteredModel { model: name.clone(), version, digest, alias }, publication))
    }

    /// Moves an alias to a version, by hand; with `seen` only from where it was seen.
    ///
    /// # Errors
    /// [`RunnerError::NotFound`] if there is no such version; [`RunnerError::Store`] with a conflict
    /// if the alias has moved since.
    pub fn promote(
        &self,
        model: &str,
        version: u64,
        alias: &str,
        seen: Option<Option<Digest>>,
    ) -> Result<Digest, RunnerError> {
        crate::plugins::check_name(alias)?;
        let versions = self.versions(model)?;
        let found = versions.iter().find(|(number, _)| *number == version);
        let Some((_, digest)) = found else {
            let known: Vec<String> = versions.iter().map(|(n, _)| n.to_string()).collect();
            let name = format!("{model}/{version}");
            let hint = match known.as_slice() {
                [] => format!("; no version of `{model}` is registered"),
                known => format!("; versions: {}", known.join(", ")),
            };
            return Err(RunnerError::NotFound { what: "model version", name, hint });
        };
        let (mut publication, mut events) = (Publication::default(), Vec::new());
        let from = match seen {
            Some(seen) => seen,
            None => self.model_alias(model, alias)?,
        };
        let by = "promote".to_owned();
        alias_change((model, alias), from, Some(*digest), by, &mut publication, &mut events);
        publication.events.extend(append(model, &events));
        self.store.publish(&publication)?;
        Ok(*digest)
    }

    /// Moves an alias back to where it was before its last move.
    ///
    /// # Errors
    /// [`RunnerError::Invalid`] if it never pointed anywhere else.
    pub fn rollback(&self, model: &str, alias: &str) -> Result<Digest, RunnerError> {
        let nowhere = || RunnerError::Invalid {
            message: format!("alias `{alias}` of model `{model}` has no place to go back to"),
        };
        let now = self.model_alias(model, alias)?.ok_or_else(nowhere)?;
        let raw = self.store.read_events(&format!("{REFS}{model}"), 0)?;
        let mut back = None;
        for bytes in raw {
            let event: ModelEvent = serde_json::from_slice(&bytes)
                .map_err(|error| RunnerError::corrupt(format!("history of `{model}`"), error))?;
            if let ModelEvent::AliasMoved { alias: moved, from, to, .. } = event
                && moved == alias
                && to == Some(now)
            {
                back = from;
            }
        }
        let back = back.ok_or_else(nowhere)?;
        let (mut publication, mut events) = (Publication::default(), Vec::new());
        let by = "rollback".to_owned();
        alias_change((model, alias), Some(now), Some(back), by, &mut publication, &mut events);
        publication.events.extend(append(model, &events));
        self.store.publish(&publication)?;
        Ok(back)
    }

    /// The manifest that an alias names.
    ///
    /// # Errors
    /// [`RunnerError::Store`].
    pub fn model_alias(&self, model: &str, alias: &str) -> Result<Option<Digest>, RunnerError> {
        Ok(self.store.get_ref(&alias_ref(model, alias))?)
    }

    /// All model versions, by name and number.
    ///
    /// # Errors
    /// [`RunnerError::Corrupt`] for a manifest that this version cannot read.
    pub fn models(&self) -> Result<Vec<ModelSummary>, RunnerError> {
        let refs = self.store.list_refs(REFS)?;
        let mut aliases: BTreeMap<(String, Digest), Vec<String>> = BTreeMap::new();
        for (name, digest) in &refs {
            if let Some((model, alias)) = name[REFS.len()..].split_once("/aliases/") {
                aliases.entry((model.to_owned(), *digest)).or_default().push(alias.to_owned());
            }
        }
        let mut summaries = Vec::new();
        for (name, digest) in &refs {
            let Some((model, number)) = name[REFS.len()..].split_once("/versions/") else {
                continue;
            };
            let manifest: ModelVersion = self.read_manifest("model version", digest)?;
            summaries.push(ModelSummary {
                model: model.to_owned(),
                version: number.parse().unwrap_or(0),
                digest: *digest,
                aliases: aliases.get(&(model.to_owned(), *digest)).cloned().unwrap_or_default(),
                verdict: manifest.verdict,
            });
        }
        Ok(summaries)
    }

    fn versions(&self, model: &str) -> Result<Vec<(u64, Digest)>, RunnerError> {
        let prefix = format!("{REFS}{model}/versions/");
        let refs = self.store.list_refs(&prefix)?;
        let parse =
            |(name, digest): (String, Digest)| Some((name[prefix.len()..].parse().ok()?, digest));
        Ok(refs.into_iter().filter_map(parse).collect())
    }
}

/// Moves an alias from where it was found; if it is elsewhere by then, nothing is published.
fn alias_change(
    (model, alias): (&str, &str),
    from: Option<Digest>,
    to: Option<Digest>,
    by: String,
    publication: &mut Publication,
    events: &mut Vec<ModelEvent>,
) {
    let name = alias_ref(model, alias);
    publication.refs.push(RefChange { name, expected: from, new: to });
    if from != to {
        let (alias, at_ms) = (alias.to_owned(), now_ms());
        events.push(ModelEvent::AliasMoved { alias, from, to, by, at_ms });
    }
}

fn version_ref(model: &str, version: u64) -> String {
    // Zero-padded, so that the order of names is the order of numbers.
    format!("{REFS}{model}/versions/{version:08}")
}

fn alias_ref(model: &str, alias: &str) -> String {
    format!("{REFS}{model}/aliases/{alias}")
}

fn append(model: &str, events: &[ModelEvent]) -> Option<EventAppend> {
    let encode = |event| serde_json::to_vec(event).expect("BUG: an event without a JSON form");
    let events: Vec<_> = events.iter().map(encode).collect();
    let stream = format!("{REFS}{model}");
    (!events.is_empty()).then_some(EventAppend { stream, expected_len: None, events })
}
