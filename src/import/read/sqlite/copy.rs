//! Chooses the file that SQLite opens. SQLite makes a `-shm` for any reader of a database in WAL
//! mode, and the last connection to close writes the `-wal` into the database: so SQLite opens the
//! original only when nothing is pending beside it. A `-wal` with changes, or the journal of an
//! interrupted transaction, is part of the database: then SQLite gets a private copy of both, which
//! it may change.

use super::{
    super::super::{
        reject::{Reason, Reject},
        temporary::Temporary,
    },
    Openable,
};
use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

pub struct Prepared {
    source: PathBuf,
    /// Size and modification time of the file at the first look.
    state: Option<State>,
    openable: Openable,
    _copy: Option<Temporary>,
}

type State = (u64, SystemTime);

impl Prepared {
    pub fn of(path: &Path) -> Result<Self, Reject> {
        let state = state_of(path).ok();
        let pending = ["-wal", "-journal"]
            .into_iter()
            .filter(|ending| is_filled(&beside(path, ending)));
        let pending: Vec<_> = pending.collect();
        let copy = if pending.is_empty() {
            None
        } else {
            Some(copy(path, &pending)?)
        };
        let file = copy
            .as_ref()
            .map_or_else(|| path.to_owned(), |copy| copy.path().join("store.db"));
        let openable = Openable {
            file,
            immutable: copy.is_none(),
        };
        Ok(Self {
            source: path.to_owned(),
            state,
            openable,
            _copy: copy,
        })
    }

    /// Command-line arguments of the child process for this file.
    pub fn arguments(&self, name: &str) -> Vec<OsString> {
        let mut arguments = vec![name.into(), self.openable.file.clone().into_os_string()];
        if !self.openable.immutable {
            arguments.push(format!("{name}-copied").into());
        }
        arguments
    }

    /// Whether the file has not changed since the first look, or was copied then.
    pub fn is_unchanged(&self) -> bool {
        !self.openable.immutable || state_of(&self.source).ok() == self.state
    }
}

fn copy(path: &Path, pending: &[&str]) -> Result<Temporary, Reject> {
    let failed = |error: io::Error| {
        let detail = format!(
            "The database has unmerged changes (-wal or -journal), and could not be copied for \
            reading: {error}."
        );
        Reject::new(Reason::UnreadableFile, detail)
    };
    let folder = Temporary::new("import").map_err(failed)?;
    let files: Vec<_> = [""]
        .iter()
        .chain(pending)
        .map(|ending| beside(path, ending))
        .collect();
    let state = || {
        files
            .iter()
            .map(|file| state_of(file))
            .collect::<io::Result<Vec<_>>>()
    };
    let before = state().map_err(failed)?;
    for (file, ending) in files.iter().zip([""].iter().chain(pending)) {
        let target = folder.path().join(format!("store.db{ending}"));
        fs::copy(file, &target).map_err(failed)?;
        // The copy has the permissions of the original, but SQLite must be able to write to it.
        let mut permissions = target.metadata().map_err(failed)?.permissions();
        #[allow(
            clippy::permissions_set_readonly_false,
            reason = "its folder is private"
        )]
        permissions.set_readonly(false);
        fs::set_permissions(&target, permissions).map_err(failed)?;
    }
    if state().map_err(failed)? != before {
        let detail = "The database changed while it was copied: stop the service that writes to \
            it, and import again.";
        return Err(Reject::new(Reason::BadDatabase, detail));
    }
    Ok(folder)
}

fn state_of(file: &Path) -> io::Result<State> {
    let metadata = file.metadata()?;
    Ok((metadata.len(), metadata.modified()?))
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn is_filled(file: &Path) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.len() > 0)
}
