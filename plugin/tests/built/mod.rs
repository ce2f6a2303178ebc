//! The plugin's library, which cargo builds beside the tests.

use std::path::PathBuf;

/// The library that was built with this test.
pub fn library() -> PathBuf {
    let name = format!("{}earmark_plugin{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let test = std::env::current_exe().expect("this test's path");
    let library = test.parent().expect("a folder").join(name);
    assert!(library.is_file(), "{} was built with this test", library.display());
    library
}
