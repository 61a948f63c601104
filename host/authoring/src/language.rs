//! The languages that there is an SDK for.

use serde::{Deserialize, Serialize};

/// A language to write plugins in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Rust.
    Rust,
    /// C.
    C,
    /// Zig.
    Zig,
    /// AssemblyScript.
    AssemblyScript,
    /// Go.
    Go,
    /// JavaScript, with types for TypeScript.
    #[serde(alias = "javascript", alias = "js")]
    Js,
    /// Python.
    Python,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Rust, Self::C, Self::Zig, Self::AssemblyScript, Self::Go, Self::Js, Self::Python];

    /// As it stands in `plugin.toml`, in `--lang` and in `sdk/`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::C => "c",
            Self::Zig => "zig",
            Self::AssemblyScript => "assemblyscript",
            Self::Go => "go",
            Self::Js => "js",
            Self::Python => "python",
        }
    }
}

impl std::fmt::Display for Language {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::str::FromStr for Language {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let plain = text.to_ascii_lowercase();
        let found = Self::ALL.into_iter().find(|language| language.name() == plain);
        let also = match plain.as_str() {
            "javascript" | "typescript" | "ts" => Some(Self::Js),
            "as" => Some(Self::AssemblyScript),
            "py" => Some(Self::Python),
            "golang" => Some(Self::Go),
            "rs" => Some(Self::Rust),
            _ => None,
        };
        found.or(also).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|language| language.name()).collect();
            format!("there is no SDK for `{text}`; there is one for {}", names.join(", "))
        })
    }
}
