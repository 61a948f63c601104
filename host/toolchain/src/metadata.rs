//! What a component says of itself, in the sections that every tool of the ecosystem reads.

use std::str::FromStr;

use wasm_encoder::{CustomSection, Encode};
use wasm_metadata::{AddMetadata, AddMetadataField, Description, Source, Version};

use crate::BuildError;

/// Names, texts, and sections of one's own.
#[derive(Debug, Clone, Default)]
pub struct Metadata {
    /// In the name section.
    pub name: String,
    /// Of the plugin.
    pub version: String,
    /// One sentence; empty: none.
    pub description: String,
    /// An SPDX expression.
    pub licence: Option<String>,
    /// A URL.
    pub source: Option<String>,
    /// Custom sections: name and content.
    pub sections: Vec<(String, Vec<u8>)>,
}

/// Writes metadata into a component.
///
/// # Errors
/// [`BuildError::Metadata`], naming the field that is not what it should be.
pub fn describe(component: &[u8], metadata: &Metadata) -> Result<Vec<u8>, BuildError> {
    let mut add = AddMetadata::default();
    add.name = AddMetadataField::Set(metadata.name.clone());
    add.version = AddMetadataField::Set(Version::new(metadata.version.clone()));
    if !metadata.description.is_empty() {
        add.description = AddMetadataField::Set(Description::new(metadata.description.clone()));
    }
    if let Some(licence) = &metadata.licence {
        add.licenses = AddMetadataField::Set(field("licence", "an SPDX expression", licence)?);
    }
    if let Some(source) = &metadata.source {
        add.source = AddMetadataField::Set(field::<Source>("source", "a URL", source)?);
    }
    let mut bytes =
        add.to_wasm(component).map_err(|error| BuildError::Encode(format!("{error:#}")))?;
    for (name, data) in &metadata.sections {
        // Section 0 of a module and of a component alike.
        bytes.push(0);
        CustomSection { name: name.into(), data: data.into() }.encode(&mut bytes);
    }
    Ok(bytes)
}

fn field<T: FromStr>(name: &str, what: &str, text: &str) -> Result<T, BuildError>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error| {
        BuildError::Metadata(format!("`{name}` is `{text}`, which is not {what}: {error}"))
    })
}
