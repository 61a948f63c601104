//! Who may do what: bearer tokens with a role, from a file.
//!
//! A token file has one line a token: `name role blake3:<64 hex digits>`, the digest of the token.
//! The file names people and keeps no secret; the token itself is shown once, when it is made.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use refrain_domain::Digest;
use subtle::ConstantTimeEq;

/// What a caller may do. Each role includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Read everything, and replay.
    Viewer,
    /// Register plugins, import data, submit runs.
    Author,
    /// Move aliases, cancel runs.
    Operator,
    /// Sweep, check and copy the store.
    Admin,
}

impl Role {
    const ALL: [(Self, &'static str); 4] = [
        (Self::Viewer, "viewer"),
        (Self::Author, "author"),
        (Self::Operator, "operator"),
        (Self::Admin, "admin"),
    ];
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(role, _)| role == self).map_or("", |(_, name)| name);
        f.write_str(name)
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|(_, name)| *name == text);
        found
            .map(|(role, _)| *role)
            .ok_or_else(|| format!("`{text}` is no role: write viewer, author, operator or admin"))
    }
}

/// A token file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("token file {file}{}: {problem}", .line.map_or_else(String::new, |line| format!(", line {line}")))]
pub struct TokenFileError {
    /// The file.
    pub file: String,
    /// Counted from 1.
    pub line: Option<usize>,
    /// What is wrong, and what to write.
    pub problem: String,
}

/// Who is let in.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// None: whoever reaches us may do everything.
    tokens: Option<Vec<Token>>,
}

#[derive(Debug, Clone)]
struct Token {
    name: String,
    role: Role,
    digest: Digest,
}

/// A caller who was let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    pub name: String,
    pub role: Role,
}

impl Access {
    /// Whoever reaches us may do everything: for a caller in the same process, or on loopback.
    pub const fn open() -> Self {
        Self { tokens: None }
    }

    /// Whether a token is asked for.
    pub const fn is_guarded(&self) -> bool {
        self.tokens.is_some()
    }

    /// Reads a token file.
    ///
    /// # Errors
    /// [`TokenFileError`] with the line; also for a file without a token, which would lock everyone
    /// out.
    pub fn from_file(path: &Path) -> Result<Self, TokenFileError> {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| TokenFileError {
            file: file.clone(),
            line: None,
            problem: error.to_string(),
        })?;
        let mut tokens = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let token = parse_line(line).map_err(|problem| TokenFileError {
                file: file.clone(),
                line: Some(index + 1),
                problem,
            })?;
            tokens.push(token);
        }
        if tokens.is_empty() {
            let problem = "it holds no token: make one with `refrain token new`".to_owned();
            return Err(TokenFileError { file, line: None, problem });
        }
        Ok(Self { tokens: Some(tokens) })
    }

    /// Lets a caller in by the `Authorization` header, or not.
    pub(crate) fn admit(&self, authorization: Option<&str>) -> Option<Caller> {
        let Some(tokens) = &self.tokens else {
            return Some(Caller { name: "local".to_owned(), role: Role::Admin });
        };
        let token = authorization?.strip_prefix("Bearer ")?.trim();
        let digest = Digest::of(token.as_bytes());
        let mut found = None;
        for known in tokens {
            // All are looked at, in constant time each: how long it takes tells nothing.
            if bool::from(known.digest.as_bytes().ct_eq(digest.as_bytes())) {
                found = Some(Caller { name: known.name.clone(), role: known.role });
            }
        }
        found
    }
}

fn parse_line(line: &str) -> Result<Token, String> {
    let parts: Vec<&str> = line.split_whitespace().collect();
    let [name, role, digest] = parts.as_slice() else {
        return Err("expected `name role blake3:…`".to_owned());
    };
    let digest = digest.parse().map_err(|error: refrain_domain::DigestError| error.to_string())?;
    Ok(Token { name: (*name).to_owned(), role: role.parse()?, digest })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(text: &str) -> Result<Access, TokenFileError> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("tokens");
        std::fs::write(&path, text).expect("writes");
        Access::from_file(&path)
    }

    #[test]
    fn a_token_lets_in_with_its_role_and_no_other_does() {
        let digest = Digest::of(b"secret");
        let access = access(&format!("# team\nann operator {digest}\n")).expect("a token file");
        let ann = Caller { name: "ann".to_owned(), role: Role::Operator };
        assert_eq!(access.admit(Some("Bearer secret")), Some(ann));
        for wrong in [None, Some("Bearer Secret"), Some("secret"), Some("Basic secret"), Some("")] {
            assert_eq!(access.admit(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_bad_file_names_the_line() {
        let error = |text: &str| access(text).expect_err("refused").problem;
        assert!(error("").contains("no token"));
        assert!(error("ann operator").contains("expected `name role"));
        assert!(
            error("ann boss blake3:00").contains("digest") || error("ann boss x").contains("x")
        );
        let line = format!("\nann boss {}", Digest::of(b"x"));
        let error = access(&line).expect_err("refused");
        assert_eq!(error.line, Some(2));
        assert!(error.problem.contains("`boss` is no role"));
    }
}
