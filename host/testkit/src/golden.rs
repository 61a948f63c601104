//! Texts that were committed, and are what a test found once.

use std::path::Path;

/// Compares with what was committed, or writes it anew under `REFRAIN_BLESS=1`. The complaint shows
/// the first line that differs.
///
/// # Errors
/// The complaint.
pub fn check_golden(golden: &Path, found: &str) -> Result<(), String> {
    if std::env::var_os("REFRAIN_BLESS").is_some() {
        std::fs::write(golden, found).map_err(|e| format!("{}: {e}", golden.display()))?;
        return Ok(());
    }
    let name = golden.display();
    let expected = std::fs::read_to_string(golden)
        .map_err(|e| format!("{name}: {e}; REFRAIN_BLESS=1 writes it"))?;
    if expected == found {
        return Ok(());
    }
    let mut lines = expected.lines().zip(found.lines()).enumerate();
    let (number, (before, now)) = lines.find(|(_, (a, b))| a != b).unwrap_or((0, ("", "")));
    Err(format!("{name}:{}\n  expected: {before}\n  found:    {now}", number + 1))
}
