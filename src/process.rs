//! Identity of a process in a text that outlives it, and a check whether that process is gone.
//!
//! Linux only: elsewhere nothing is known, and a process that is silent for a while counts as gone.

use rustix::{fs::Mode, process::umask};
use std::{
    env, fs, io,
    path::{Path, PathBuf},
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

/// File of this program, if it differs from that of the process.
static FILE: OnceLock<PathBuf> = OnceLock::new();

/// Returns the path of the running executable, even if a newer one has replaced the file, because
/// processes that work together must be of one version.
pub fn own_file() -> io::Result<PathBuf> {
    if let Some(file) = FILE.get() {
        return Ok(file.clone());
    }
    let linux = PathBuf::from("/proc/self/exe");
    if linux.exists() {
        Ok(linux)
    } else {
        env::current_exe()
    }
}

/// Sets the file of the program for a process that uses it as a library, such as the tests. Only
/// the first call has an effect.
#[doc(hidden)]
pub fn set_own_file(file: PathBuf) {
    let _ = FILE.set(file);
}

/// Umask with which the process was started.
static INHERITED: OnceLock<u32> = OnceLock::new();

/// Makes the files that this process creates from now on readable by its user alone: databases,
/// exports, reports and temporary files may hold confidential data. Call it before there are other
/// threads.
pub fn make_private_files() {
    let before = umask(Mode::RWXG | Mode::RWXO);
    umask(before | Mode::RWXG | Mode::RWXO);
    let _ = INHERITED.set(before.bits());
}

/// Whether the group of this process may read the files that it creates.
static GROUP_READS: AtomicBool = AtomicBool::new(false);

/// Lets the group of this process read the files that it creates from now on; others still may not.
pub fn let_group_read() {
    umask(Mode::WGRP | Mode::RWXO);
    GROUP_READS.store(true, Ordering::Relaxed);
}

/// Returns the permission bits of a new file with confidential data.
pub fn private_mode() -> u32 {
    if GROUP_READS.load(Ordering::Relaxed) {
        0o640
    } else {
        0o600
    }
}

/// Returns the umask for the programs that this process starts: the one with which it was itself
/// started.
pub fn inherited_umask() -> Option<u32> {
    INHERITED.get().copied()
}

/// Sets the umask of this process and of the processes that it starts.
pub fn set_umask(mask: u32) {
    umask(Mode::from_bits_truncate(mask));
}

/// Returns whether this process was started with SIGHUP ignored, as `nohup` does. Elsewhere than on
/// Linux, this is unknown.
pub fn ignores_hangup() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // The lowest bit is that of signal 1, SIGHUP.
    ignored
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask & 1 == 1)
}

/// Identity of a process: boot of its machine, process namespace, process id, and start time,
/// because ids are reused.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Identity<'a> {
    boot: &'a str,
    namespace: &'a str,
    id: u32,
    start: &'a str,
}

/// Returns the identity of this process; `None` if the system does not provide it.
pub fn own() -> Option<String> {
    let id = std::process::id();
    Some(format!("{} {} {id} {}", boot()?, namespace()?, start(id)?))
}

/// Returns whether the process is certainly gone: it ran in this boot and namespace, and does so no
/// more.
pub fn is_gone(process: &str) -> bool {
    let Some(other) = parse(process) else {
        return false;
    };
    let here = boot()
        .zip(namespace())
        .is_some_and(|(b, n)| b == other.boot && n == other.namespace);
    here && start(other.id).is_none_or(|start| start != other.start)
}

fn parse(process: &str) -> Option<Identity<'_>> {
    let mut words = process.split(' ');
    let (boot, namespace) = (words.next()?, words.next()?);
    Some(Identity {
        boot,
        namespace,
        id: words.next()?.parse().ok()?,
        start: words.next()?,
    })
}

fn boot() -> Option<String> {
    fs::read_to_string("/proc/sys/kernel/random/boot_id")
        .ok()
        .map(|id| id.trim().to_owned())
}

fn namespace() -> Option<String> {
    fs::read_link("/proc/self/ns/pid")
        .ok()
        .map(|link| link.display().to_string())
}

/// Returns the start of a running process in ticks since the boot; `None` if there is none.
fn start(id: u32) -> Option<String> {
    let stat = fs::read_to_string(Path::new("/proc").join(id.to_string()).join("stat")).ok()?;
    // The name may contain any character and ends with the last bracket; the state follows it.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    // A zombie, which has ended but was not waited for, does nothing any more.
    (state != "Z").then(|| fields.nth(18).map(str::to_owned))?
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_there_and_an_earlier_one_of_its_id_is_gone() {
        let own = own().unwrap();
        assert!(!is_gone(&own));
        let (words, start) = own.rsplit_once(' ').unwrap();
        assert!(is_gone(&format!("{words} {start}0")));
    }

    #[test]
    fn nothing_is_said_of_a_process_elsewhere_or_of_other_words() {
        let own = own().unwrap();
        let (_, rest) = own.split_once(' ').unwrap();
        assert!(!is_gone(&format!("another-boot {rest}")));
        assert!(!is_gone("") && !is_gone("a b c d"));
    }
}
