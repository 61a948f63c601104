//! [`Said`]: what a component's metadata sections say, whoever built it.

use std::collections::BTreeMap;

use serde::Serialize;
use wasm_metadata::Payload;

use crate::BuildError;

/// What a component says of itself. Nobody vouches for any of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Said {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authors: Option<String>,
    /// An SPDX expression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licence: Option<String>,
    /// Where its sources are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Which of those it was built from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Where to read more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub homepage: Option<String>,
    /// What made it and all that is in it: field (`language`, `processed-by`, `sdk`), then tool and
    /// version.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub producers: BTreeMap<String, BTreeMap<String, String>>,
    /// The modules in it.
    pub modules: Vec<Module>,
}

/// A core module in a component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Module {
    /// Its name; empty: it has none.
    pub name: String,
    /// Its length.
    pub size_bytes: u64,
}

impl Said {
    /// Reads the metadata of valid bytes.
    ///
    /// # Errors
    /// [`BuildError::Metadata`]: a section is not what it should be. The component may run all the
    /// same.
    pub fn read(component: &[u8]) -> Result<Self, BuildError> {
        let fail = |error| BuildError::Metadata(format!("its metadata cannot be read: {error:#}"));
        let payload = Payload::from_binary(component).map_err(fail)?;
        let metadata = payload.metadata();
        let mut said = Self {
            name: metadata.name.clone(),
            version: metadata.version.as_ref().map(ToString::to_string),
            description: metadata.description.as_ref().map(ToString::to_string),
            authors: metadata.authors.as_ref().map(ToString::to_string),
            licence: metadata.licenses.as_ref().map(ToString::to_string),
            source: metadata.source.as_ref().map(ToString::to_string),
            revision: metadata.revision.as_ref().map(ToString::to_string),
            homepage: metadata.homepage.as_ref().map(ToString::to_string),
            ..Self::default()
        };
        said.gather(&payload);
        Ok(said)
    }

    /// Modules and producers, from within too.
    fn gather(&mut self, payload: &Payload) {
        let metadata = payload.metadata();
        for (field, tools) in metadata.producers.iter().flat_map(|producers| producers.iter()) {
            let known = self.producers.entry(field.clone()).or_default();
            known.extend(tools.iter().map(|(tool, version)| (tool.clone(), version.clone())));
        }
        match payload {
            Payload::Component { children, .. } => {
                children.iter().for_each(|child| self.gather(child));
            }
            Payload::Module(module) => self.modules.push(Module {
                name: module.name.clone().unwrap_or_default(),
                size_bytes: module.range.end.saturating_sub(module.range.start),
            }),
        }
    }
}
