//! Opening a file inside a folder, once, so that the file that is checked is the file that is sent.
//! A second lookup of the name could find another file, or a link to one outside.

use rustix::{
    fs::{AtFlags, CWD, Mode, OFlags, openat, unlinkat},
    io::Errno,
};
use std::{
    fs::{File, Metadata, canonicalize},
    io,
    os::fd::OwnedFd,
    path::{Component, Path},
};

/// Flags for opening a file: do not block on a pipe without a writer, and do not acquire a
/// controlling terminal.
const FILE: OFlags = OFlags::RDONLY
    .union(OFlags::CLOEXEC)
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY);

const FOLDER: OFlags = OFlags::RDONLY
    .union(OFlags::CLOEXEC)
    .union(OFlags::DIRECTORY);

/// Opens the file at a path of plain names, following links within the folder. Returns `None` if it
/// is outside the folder, does not exist, or is not a regular file.
pub fn open_beneath(folder: &Path, path: &Path) -> Option<(File, Metadata)> {
    if !path
        .components()
        .all(|part| matches!(part, Component::Normal(_)))
    {
        return None;
    }
    let root = canonicalize(folder).ok()?;
    let target = canonicalize(root.join(path)).ok()?;
    let inside = target
        .strip_prefix(&root)
        .ok()
        .filter(|inside| inside.components().next().is_some())?;
    // Opening a device can have side effects.
    if !target.symlink_metadata().ok()?.is_file() {
        return None;
    }
    // No link is followed from here on, so that one placed there meanwhile leads nowhere.
    let root = openat(CWD, &root, FOLDER | OFlags::NOFOLLOW, Mode::empty()).ok()?;
    let file = File::from(descend(root, inside).ok()?);
    let metadata = file.metadata().ok().filter(Metadata::is_file)?;
    Some((file, metadata))
}

/// Removes the file at a path of plain names inside the folder, then those of its folders that are
/// empty. No link is followed: a link itself is removed, and what lies behind a folder that is a
/// link stays.
///
/// Errors: what the system says; nothing was removed then.
pub fn remove_beneath(folder: &Path, path: &Path) -> io::Result<()> {
    let is_plain = |part| matches!(part, Component::Normal(_));
    if !path.components().all(is_plain) {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let root = canonicalize(folder)?;
    let remove = |path: &Path, how: AtFlags| -> io::Result<()> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        let root = openat(CWD, &root, FOLDER | OFlags::NOFOLLOW, Mode::empty())?;
        let parent = steps(root, path.parent().unwrap_or(Path::new("")), FOLDER)?;
        Ok(unlinkat(&parent, name, how)?)
    };
    remove(path, AtFlags::empty())?;
    let folders = path.ancestors().skip(1);
    for folder in folders.take_while(|folder| !folder.as_os_str().is_empty()) {
        if remove(folder, AtFlags::REMOVEDIR).is_err() {
            break;
        }
    }
    Ok(())
}

#[cfg(target_os = "linux")]
fn descend(root: OwnedFd, inside: &Path) -> Result<OwnedFd, Errno> {
    use rustix::fs::{ResolveFlags, openat2};
    let within = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS | ResolveFlags::NO_SYMLINKS;
    match openat2(&root, inside, FILE, Mode::empty(), within) {
        // The kernel is older than 5.6, or a container's seccomp rules do not know the call.
        Err(Errno::NOSYS | Errno::PERM) => step_by_step(root, inside),
        // A rename happened on the path: the kernel asks for another try.
        Err(Errno::AGAIN) => openat2(&root, inside, FILE, Mode::empty(), within),
        opened => opened,
    }
}

#[cfg(not(target_os = "linux"))]
fn descend(root: OwnedFd, inside: &Path) -> Result<OwnedFd, Errno> {
    step_by_step(root, inside)
}

/// Opens one component after the other, each relative to the folder opened before.
fn step_by_step(root: OwnedFd, inside: &Path) -> Result<OwnedFd, Errno> {
    steps(root, inside, FILE)
}

/// Opens the components as [`step_by_step`] does, the last one with these flags.
fn steps(root: OwnedFd, inside: &Path, last: OFlags) -> Result<OwnedFd, Errno> {
    let mut at = root;
    let mut parts = inside.components().peekable();
    while let Some(part) = parts.next() {
        let kind = if parts.peek().is_some() { FOLDER } else { last };
        at = openat(
            &at,
            part.as_os_str(),
            kind | OFlags::NOFOLLOW,
            Mode::empty(),
        )?;
    }
    Ok(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, io::Read, os::unix::fs::symlink};

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("a")).unwrap();
        fs::write(folder.path().join("a/clip"), "clip").unwrap();
        folder
    }

    fn content(opened: Option<(File, Metadata)>) -> Option<String> {
        let mut text = String::new();
        opened?.0.read_to_string(&mut text).unwrap();
        Some(text)
    }

    #[test]
    fn a_link_within_the_folder_is_followed_and_one_that_leads_outside_is_not() {
        let (folder, outside) = (folder(), folder());
        symlink("a/clip", folder.path().join("relative")).unwrap();
        symlink(folder.path().join("a/clip"), folder.path().join("absolute")).unwrap();
        symlink(folder.path().join("a"), folder.path().join("b")).unwrap();
        symlink(outside.path().join("a/clip"), folder.path().join("out")).unwrap();
        symlink(outside.path(), folder.path().join("outer")).unwrap();
        symlink("/proc/self/root", folder.path().join("magic")).unwrap();
        for inside in ["a/clip", "relative", "absolute", "b/clip"] {
            assert_eq!(
                content(open_beneath(folder.path(), Path::new(inside))).as_deref(),
                Some("clip"),
                "{inside}"
            );
        }
        for outside in [
            "out",
            "outer/a/clip",
            "magic/etc/passwd",
            "../x",
            "/etc/passwd",
            "a",
            "",
            ".",
            "a/../a/clip",
        ] {
            assert!(
                open_beneath(folder.path(), Path::new(outside)).is_none(),
                "{outside}"
            );
        }
    }

    #[test]
    fn a_file_is_removed_with_its_empty_folders_and_nothing_behind_a_link() {
        let (folder, outside) = (folder(), folder());
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("film/1/frames")).unwrap();
        fs::write(at("film/1/frames/0.png"), "x").unwrap();
        fs::write(at("film/poster.png"), "x").unwrap();
        symlink(outside.path(), at("outer")).unwrap();
        symlink(outside.path().join("a/clip"), at("link")).unwrap();
        let remove = |name: &str| remove_beneath(folder.path(), Path::new(name));
        for wrong in ["outer/a/clip", "../x", "/etc/passwd", "film", "", "missing"] {
            assert!(remove(wrong).is_err(), "{wrong}");
        }
        remove("link").unwrap();
        remove("film/1/frames/0.png").unwrap();
        assert!(!at("film/1").exists() && at("film/poster.png").exists());
        remove("film/poster.png").unwrap();
        assert!(!at("film").exists() && folder.path().exists());
        assert_eq!(fs::read(outside.path().join("a/clip")).unwrap(), b"clip");
    }

    #[test]
    fn both_ways_down_refuse_a_link_that_was_put_into_the_way() {
        let (folder, outside) = (folder(), folder());
        fs::rename(folder.path().join("a"), folder.path().join("was")).unwrap();
        symlink(outside.path().join("a"), folder.path().join("a")).unwrap();
        symlink(outside.path().join("a/clip"), folder.path().join("clip")).unwrap();
        for path in ["a/clip", "clip"] {
            let root = || openat(CWD, folder.path(), FOLDER, Mode::empty()).unwrap();
            assert!(descend(root(), Path::new(path)).is_err(), "{path}");
            assert!(step_by_step(root(), Path::new(path)).is_err(), "{path}");
        }
        let root = openat(CWD, folder.path(), FOLDER, Mode::empty()).unwrap();
        assert!(step_by_step(root, Path::new("was/clip")).is_ok());
    }
}
