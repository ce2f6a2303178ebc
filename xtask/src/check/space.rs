//! Room on the disk: a check that runs out of it fails in places that do not say so.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};

use crate::tools;

/// What is built by everything but `--deep`, from nothing, GiB: measured, and rounded up by a fifth.
const NEEDED_GIB: u64 = 8;

/// An error where less is free than a check from nothing may take. What is built already counts as free: it is not built
/// again. Says nothing where the system cannot tell.
pub fn suffices(root: &Path) -> Result<()> {
    let built = tools::target_dir(root);
    let disk = if built.is_dir() { built.as_path() } else { root };
    let Some(free) = measured(Command::new("df").args(["-Pk", "--"]).arg(disk), free_kib) else {
        return Ok(());
    };
    let there = measured(Command::new("du").args(["-sk", "--"]).arg(&built), first_number).unwrap_or(0);
    let (have, needed) = (gib(free + there), NEEDED_GIB);
    ensure!(
        have >= needed,
        "the check builds up to {needed} GiB and {} has room for {have}; free some, or name another disk in CARGO_TARGET_DIR",
        disk.display()
    );
    Ok(())
}

fn gib(kib: u64) -> u64 {
    kib >> 20
}

fn measured(command: &mut Command, read: fn(&str) -> Option<u64>) -> Option<u64> {
    read(&tools::output(command).ok()?)
}

/// The fourth column of the second line, as POSIX has it.
fn free_kib(text: &str) -> Option<u64> {
    text.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()
}

fn first_number(text: &str) -> Option<u64> {
    text.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_says_is_read() {
        let df = "Filesystem     1024-blocks     Used Available Capacity Mounted on\n/dev/vda         263174212 11534336  83886080      13% /\n";
        assert_eq!(free_kib(df).map(gib), Some(80));
        assert_eq!(free_kib("df: no such file\n"), None);
        assert_eq!(first_number("3145728\t/somewhere/target\n").map(gib), Some(3));
    }
}
