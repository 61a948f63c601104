//! Components that need what the profile does not have.

use refrain_testkit::guest::proposals;

use crate::case::Case;
use crate::contain::contained;

#[test]
fn proposal() {
    contained(
        here!(proposal),
        "proposal that is off",
        proposals()
            .into_iter()
            .map(|(name, bytes)| Case::refused(name, "this is no valid component", bytes)),
    );
}
