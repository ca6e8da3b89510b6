//! Which process this is, in words that outlive it, and whether the process of such words is gone.
//!
//! Linux only: elsewhere nothing is known, and a process that is silent for a while counts as gone.

use rustix::{fs::Mode, process::umask};
use std::{
    env, fs, io,
    path::{Path, PathBuf},
    sync::OnceLock,
};

/// The file of this program, where it is not that of the process.
static FILE: OnceLock<PathBuf> = OnceLock::new();

/// The running file itself, even where a newer one has taken its place: processes that work together are of one
/// version.
pub fn own_file() -> io::Result<PathBuf> {
    if let Some(file) = FILE.get() {
        return Ok(file.clone());
    }
    let linux = PathBuf::from("/proc/self/exe");
    if linux.exists() { Ok(linux) } else { env::current_exe() }
}

/// Says where the program is, to a process that has it as a library: the tests. The first word counts.
#[doc(hidden)]
pub fn set_own_file(file: PathBuf) {
    let _ = FILE.set(file);
}

/// The umask that the process was started with.
static INHERITED: OnceLock<u32> = OnceLock::new();

/// From here on, files of this process are its user's alone: databases, exports, reports and temporaries hold what only some
/// may read. To be called before there are other threads.
pub fn make_private_files() {
    let before = umask(Mode::RWXG | Mode::RWXO);
    umask(before | Mode::RWXG | Mode::RWXO);
    let _ = INHERITED.set(before.bits());
}

/// The umask that programs started by this process are to have: that of whoever started it.
pub fn inherited_umask() -> Option<u32> {
    INHERITED.get().copied()
}

/// Gives this process, and what it starts, another umask.
pub fn set_umask(mask: u32) {
    umask(Mode::from_bits_truncate(mask));
}

/// What names a process: the boot of its machine, its namespace, its id, and its start, since ids are given again.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Identity<'a> {
    boot: &'a str,
    namespace: &'a str,
    id: u32,
    start: &'a str,
}

/// This process. `None` where the system does not tell.
pub fn own() -> Option<String> {
    let id = std::process::id();
    Some(format!("{} {} {id} {}", boot()?, namespace()?, start(id)?))
}

/// Whether the process is certainly gone: it ran where this one runs, and does so no more.
pub fn is_gone(process: &str) -> bool {
    let Some(other) = parse(process) else { return false };
    let here = boot().zip(namespace()).is_some_and(|(b, n)| b == other.boot && n == other.namespace);
    here && start(other.id).is_none_or(|start| start != other.start)
}

fn parse(process: &str) -> Option<Identity<'_>> {
    let mut words = process.split(' ');
    let (boot, namespace) = (words.next()?, words.next()?);
    Some(Identity { boot, namespace, id: words.next()?.parse().ok()?, start: words.next()? })
}

fn boot() -> Option<String> {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").ok().map(|id| id.trim().to_owned())
}

fn namespace() -> Option<String> {
    fs::read_link("/proc/self/ns/pid").ok().map(|link| link.display().to_string())
}

/// When the process with the id began, in ticks since the boot; `None` when there is none.
fn start(id: u32) -> Option<String> {
    let stat = fs::read_to_string(Path::new("/proc").join(id.to_string()).join("stat")).ok()?;
    // The name, which may hold anything, ends with the last bracket; the state comes behind it.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    // A process that ended and was not waited for does nothing any more.
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
