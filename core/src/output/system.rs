//! What each system has its own way for: modes, locks, and names of files that somebody has open.

use std::fs::{File, Metadata};
use std::io;
use std::path::Path;

use tempfile::NamedTempFile;

#[cfg(unix)]
use unix::settle;
#[cfg(unix)]
pub(super) use unix::{hand_on, mark_as_written, name, remove_abandoned};
#[cfg(not(unix))]
use windows::settle;
#[cfg(not(unix))]
pub(super) use windows::{hand_on, mark_as_written, name, remove_abandoned};

/// Gives a finished file a name that nothing may have. That something has it is an error of the kind `AlreadyExists`, and the
/// file is gone then.
pub(super) fn name_new(file: NamedTempFile, path: &Path) -> io::Result<()> {
    let refused = match file.persist_noclobber(path) {
        Ok(_) => {
            settle(path);
            return Ok(());
        }
        Err(refused) => refused,
    };
    if refused.error.kind() == io::ErrorKind::AlreadyExists {
        return Err(refused.error);
    }
    // Some file systems have neither hard links nor a way to rename that replaces nothing. There the name belongs to whoever
    // makes an empty file of it first.
    File::options().write(true).create_new(true).open(path)?;
    name(refused.file, path).inspect_err(|_| {
        let _ = std::fs::remove_file(path);
    })
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};

    use super::{File, Metadata, NamedTempFile, Path, io};

    /// Holds a lock on a file while it is written, which ends with the process however that ends: so [`remove_abandoned`]
    /// knows what nobody writes any more.
    pub fn mark_as_written(file: &File) {
        // Some file systems have no locks; there all counts as written, for ever.
        let _ = file.try_lock();
    }

    /// Removes a file that nobody writes any more; whether it did.
    pub fn remove_abandoned(path: &Path) -> bool {
        let file = File::options().read(true).write(true).open(path);
        // The lock is held until the name is gone.
        file.is_ok_and(|file| file.try_lock().is_ok() && std::fs::remove_file(path).is_ok())
    }

    /// Gives the new file the mode of the old one, and its owner where that is permitted.
    pub fn hand_on(old: &Metadata, new: &File) -> io::Result<()> {
        let own = new.metadata()?;
        if own.uid() != old.uid() {
            // Only root may give files away.
            let _ = fchown(new, Some(old.uid()), None);
        }
        if own.gid() != old.gid() {
            let _ = fchown(new, None, Some(old.gid()));
        }
        new.set_permissions(std::fs::Permissions::from_mode(old.mode() & 0o777))
    }

    /// Gives a finished file its name, in place of what has it.
    pub fn name(file: NamedTempFile, path: &Path) -> io::Result<()> {
        file.persist(path).map_err(|e| e.error)?;
        settle(path);
        Ok(())
    }

    /// Waits until the disk has the name, which is an entry of the folder. The file is complete in any case, and some file
    /// systems have no such call, so a failure here is none.
    pub fn settle(path: &Path) {
        let _ = File::open(super::super::folder_of(path)).and_then(|folder| folder.sync_all());
    }
}

#[cfg(not(unix))]
mod windows {
    use super::{File, Metadata, NamedTempFile, Path, io};

    /// Nothing: a file that is open says so by itself, and a lock would keep ffmpeg out of what it is to write.
    pub fn mark_as_written(_file: &File) {}

    /// Removes a file that nobody writes any more; whether it did.
    #[cfg(windows)]
    pub fn remove_abandoned(path: &Path) -> bool {
        use std::os::windows::fs::OpenOptionsExt;
        const DELETE: u32 = 0x0001_0000;
        const FILE_FLAG_DELETE_ON_CLOSE: u32 = 0x0400_0000;
        // Sharing with nobody is refused while anybody has it open; once it is granted nobody can begin to.
        File::options()
            .access_mode(DELETE)
            .share_mode(0)
            .custom_flags(FILE_FLAG_DELETE_ON_CLOSE)
            .open(path)
            .is_ok()
    }

    /// Nothing: there is no telling whether it is being written.
    #[cfg(not(windows))]
    pub fn remove_abandoned(_path: &Path) -> bool {
        false
    }

    /// Gives the new file what marks the old one has.
    pub fn hand_on(old: &Metadata, new: &File) -> io::Result<()> {
        new.set_permissions(old.permissions())
    }

    /// Nothing: names are on the disk when the system says so.
    pub fn settle(_path: &Path) {}

    /// Gives a finished file its name, in place of what has it. The plain way to rename does not replace a file that somebody
    /// has open, a player or a scanner for viruses, even if they let others delete it; the standard library's does.
    pub fn name(file: NamedTempFile, path: &Path) -> io::Result<()> {
        let refused = match file.persist(path) {
            Ok(_) => return Ok(()),
            Err(refused) => refused,
        };
        let (_open, temporary) = refused.file.keep().map_err(|e| e.error)?;
        std::fs::rename(&temporary, path).inspect_err(|_| {
            let _ = std::fs::remove_file(&temporary);
        })
    }
}
