//! What a test cannot do without: it fails where that is missing, unless `EARMARK_ALLOW_SKIP` is set.

use std::ffi::OsString;

/// The value of a variable that `cargo xtask check` sets; `None` if the test is to be skipped.
///
/// # Panics
///
/// If the variable is not set and nobody allowed tests to be skipped.
pub fn required(variable: &str) -> Option<OsString> {
    let value = std::env::var_os(variable).filter(|value| !value.is_empty());
    if value.is_none() {
        skip(&format!("{variable} is not set; `cargo xtask check` sets it"));
    }
    value
}

/// Says why a test is skipped.
///
/// # Panics
///
/// Unless `EARMARK_ALLOW_SKIP` is set.
pub fn skip(reason: &str) {
    assert!(
        std::env::var_os("EARMARK_ALLOW_SKIP").is_some(),
        "{reason}. With EARMARK_ALLOW_SKIP=1 this test is skipped"
    );
    eprintln!("skipped: {reason}");
}
