//! A wall clock that is set while its process runs, by libfaketime. The monotonic clock stays.

use std::path::PathBuf;
use tokio::process::Command;

#[derive(Clone)]
pub struct SetClock(PathBuf);

impl SetClock {
    /// A clock that shows the right time; the file says by how much it is wrong.
    pub fn in_file(file: PathBuf) -> Self {
        let clock = Self(file);
        clock.set(0);
        clock
    }

    /// Gives this clock to a process.
    pub fn of(&self, command: &mut Command) {
        command
            .env("LD_PRELOAD", library())
            .env("FAKETIME_TIMESTAMP_FILE", &self.0)
            .env("FAKETIME_CACHE_DURATION", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("DONT_FAKE_MONOTONIC", "1");
    }

    /// Processes see it within a second.
    pub fn set(&self, seconds: i32) {
        let whole = self.0.with_extension("new");
        std::fs::write(&whole, format!("{seconds:+}\n")).unwrap();
        std::fs::rename(whole, &self.0).unwrap();
    }
}

fn library() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib").unwrap();
    let found = folders
        .flatten()
        .map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"))
        .chain(["/usr/lib/faketime/libfaketimeMT.so.1".into()])
        .find(|file| file.exists());
    found.expect(
        "this test sets the clocks of servers: run scripts/test, or install the package faketime",
    )
}
