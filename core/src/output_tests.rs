use super::*;

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn appears_complete_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("labels.txt");
    let mut file = SafeFile::create(&path).unwrap();
    file.write_all(b"half").unwrap();
    assert!(!path.exists());
    drop(file);
    assert!(names(folder.path()).is_empty());

    SafeFile::write_all_to(&path, b"old").unwrap();
    let mut file = SafeFile::create(&path).unwrap();
    file.write_all(b"new").unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"old");
    file.commit().unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"new");
    assert_eq!(names(folder.path()), ["labels.txt"]);
}

#[test]
fn errors_name_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("no/such/folder.csv");
    let text = SafeFile::create(&missing).unwrap_err().to_string();
    assert!(text.contains("folder.csv"), "{text}");
    assert!(matches!(SafeFile::create(folder.path()), Err(OutputError::Folder { .. })));
    // And as people write it.
    let file = SafeFile::create(&folder.path().join("labels.csv")).unwrap();
    assert!(!file.path().to_string_lossy().starts_with(r"\\?"), "{}", file.path().display());
}

#[test]
fn a_name_may_be_as_long_as_the_system_allows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("n".repeat(255));
    SafeFile::write_all_to(&path, b"x").unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"x");
}

#[test]
fn what_is_half_written_can_be_removed_before_the_process_ends() {
    let folder = tempfile::tempdir().unwrap();
    // Other tests of this process write too, so the list is looked at and not the call to clear it.
    let listed = || -> Vec<PathBuf> {
        let partial = PARTIAL.lock().unwrap();
        partial.iter().filter(|p| p.parent() == Some(folder.path())).cloned().collect()
    };
    let file = SafeFile::create(&folder.path().join("a.txt")).unwrap();
    let other = SafeFile::create(&folder.path().join("b.txt")).unwrap();
    let mut written: Vec<PathBuf> =
        names(folder.path()).iter().map(|name| folder.path().join(name)).collect();
    written.sort();
    assert_eq!(listed(), written);
    file.commit().unwrap();
    assert_eq!(listed().len(), 1);
    drop(other);
    assert!(listed().is_empty());
}

#[cfg(target_os = "linux")]
#[test]
fn full_disk_is_said() {
    let error = SafeFile::write_all_to(Path::new("/dev/full"), &[0; 100_000]).unwrap_err();
    assert!(matches!(error, OutputError::DiskFull { .. }), "{error}");
    assert!(error.to_string().contains("/dev/full"));
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn a_new_file_has_the_permissions_of_any_new_file() {
        let folder = tempfile::tempdir().unwrap();
        let (safe, plain) = (folder.path().join("safe"), folder.path().join("plain"));
        SafeFile::write_all_to(&safe, b"x").unwrap();
        std::fs::write(&plain, b"x").unwrap();
        assert_eq!(mode(&safe), mode(&plain));
    }

    #[test]
    fn a_replaced_file_keeps_its_mode_and_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("labels.csv");
        for wanted in [0o600, 0o640, 0o666, 0o755] {
            std::fs::write(&path, b"old").unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(wanted)).unwrap();
            // Only root may give a file away; anybody else has only files of his own here.
            let given = std::os::unix::fs::chown(&path, Some(12_345), Some(54_321)).is_ok();
            let before = std::fs::metadata(&path).unwrap();
            SafeFile::write_all_to(&path, b"new").unwrap();
            let after = std::fs::metadata(&path).unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), b"new");
            assert_eq!(after.mode(), before.mode());
            assert_eq!((after.uid(), after.gid()), (before.uid(), before.gid()), "given away: {given}");
        }
    }

    #[test]
    fn a_protected_file_is_refused_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("final.csv");
        std::fs::write(&path, b"keep").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).unwrap();
        let error = SafeFile::create(&path).unwrap_err();
        assert!(matches!(error, OutputError::Protected { .. }), "{error}");
        assert!(error.to_string().contains("final.csv"), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), b"keep");
        assert_eq!(names(folder.path()), ["final.csv"]);
    }

    #[test]
    fn links_stay_links() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("archive")).unwrap();
        std::fs::write(at("archive/there.csv"), b"old").unwrap();
        symlink("archive/there.csv", at("there.csv")).unwrap();
        // Through two links, of which the last points at nothing yet.
        symlink("archive/later.csv", at("later.csv")).unwrap();
        symlink("later.csv", at("latest.csv")).unwrap();
        for (link, target) in [("there.csv", "archive/there.csv"), ("latest.csv", "archive/later.csv")] {
            SafeFile::write_all_to(&at(link), b"new").unwrap();
            assert!(at(link).is_symlink(), "{link}");
            assert_eq!(std::fs::read(at(target)).unwrap(), b"new", "{link}");
        }
        symlink("round.csv", at("round.csv")).unwrap();
        assert!(matches!(SafeFile::create(&at("round.csv")), Err(OutputError::Create { .. })));
    }

    #[test]
    fn other_names_of_a_file_keep_the_old_contents() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("labels.csv"), folder.path().join("backup.csv"));
        std::fs::write(&path, b"old").unwrap();
        std::fs::hard_link(&path, &other).unwrap();
        SafeFile::write_all_to(&path, b"new").unwrap();
        assert_eq!(std::fs::read(&other).unwrap(), b"old");
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
    }
}

#[test]
fn a_new_file_replaces_nothing_that_came_in_the_meantime() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("labels.csv");
    let [mut first, mut second] = [&path, &path].map(|path| SafeFile::create(path).unwrap());
    first.write_all(b"first").unwrap();
    second.write_all(b"second").unwrap();
    first.commit_new().unwrap();
    let refused = second.commit_new().unwrap_err();
    assert!(
        matches!(&refused, OutputError::Exists { path: there } if there.ends_with("labels.csv")),
        "{refused}"
    );
    assert_eq!(std::fs::read(&path).unwrap(), b"first");
    assert_eq!(names(folder.path()), ["labels.csv"]);
}

#[test]
fn a_file_that_somebody_reads_is_replaced_or_kept_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("labels.csv");
    std::fs::write(&path, b"old").unwrap();
    let mut reader = File::open(&path).unwrap();
    let outcome = SafeFile::write_all_to(&path, b"new");
    // Windows can since its version 10 1607, on its own drives; Wine cannot.
    assert!(outcome.is_ok() || cfg!(windows), "{outcome:?}");
    let expected: &[u8] = if outcome.is_ok() { b"new" } else { b"old" };
    assert_eq!(std::fs::read(&path).unwrap(), expected);
    assert_eq!(io::read_to_string(&mut reader).unwrap(), "old");
    drop(reader);
    assert_eq!(names(folder.path()), ["labels.csv"]);
    SafeFile::write_all_to(&path, b"newer").unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"newer");
}

#[test]
fn what_a_killed_process_left_is_removed_and_what_is_written_stays() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    std::fs::write(at(".earmark-killed.part"), "half").unwrap();
    std::fs::write(at(".earmark-mine"), "somebody's").unwrap();
    let mut written = SafeFile::create(&at("whole.csv")).unwrap();
    written.write_all(b"in hand").unwrap();
    assert_eq!(remove_abandoned_files(dir.path()), 1);
    assert!(!at(".earmark-killed.part").exists() && at(".earmark-mine").exists());
    written.commit().unwrap();
    assert_eq!(std::fs::read(at("whole.csv")).unwrap(), b"in hand");
    assert_eq!(remove_abandoned_files(&at("no folder")), 0);
}
