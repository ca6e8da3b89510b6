//! A run of `callsheet` in a folder of its own.

use crate::support::{TestDb, callsheet};
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::Output,
};
use tempfile::TempDir;

/// A folder to run in, with the environment that the runs have.
pub struct Desk {
    folder: TempDir,
    env: Vec<(&'static str, String)>,
}

impl Desk {
    pub fn new() -> Self {
        Self {
            folder: tempfile::Builder::new()
                .prefix("callsheet-cli-")
                .tempdir()
                .unwrap(),
            env: Vec::new(),
        }
    }

    /// A desk whose runs find the database in their environment.
    pub fn at(db: &TestDb) -> Self {
        Self::new().with("CALLSHEET_DATABASE_URL", &db.url)
    }

    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.env.push((name, value.to_owned()));
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, and answers with its path.
    pub fn file(&self, name: &str, content: &str) -> String {
        std::fs::write(self.path(name), content).unwrap();
        self.path(name).display().to_string()
    }

    pub fn command(&self, args: &[&str]) -> tokio::process::Command {
        let mut command = callsheet(args);
        command
            .current_dir(self.folder.path())
            .envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }

    pub async fn run(&self, args: &[&str]) -> Said {
        Said::of(self.command(args).output().await.unwrap())
    }

    /// The answer of a run that has to do what it is told.
    pub async fn done(&self, args: &[&str]) -> String {
        self.run(args).await.done()
    }

    /// The same as JSON.
    pub async fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.done(args).await).unwrap()
    }

    /// The sentence of a run that has to fail.
    pub async fn fails(&self, code: i32, args: &[&str]) -> String {
        self.run(args).await.sentence(code)
    }
}

#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    pub fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self {
            code: output.status.code().expect("an exit code"),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }

    #[track_caller]
    pub fn done(self) -> String {
        assert_eq!(self.code, 0, "{self:?}");
        self.out
    }

    /// What follows `callsheet: ` in the one line that tells why it failed.
    #[track_caller]
    pub fn sentence(self, code: i32) -> String {
        assert_eq!(self.code, code, "{self:?}");
        assert!(
            self.err.ends_with('\n') && self.err.lines().count() == 1,
            "not one line: {self:?}"
        );
        for trace in ["panicked", "RUST_BACKTRACE", "stack backtrace", "secret"] {
            assert!(
                !self.err.contains(trace) && !self.out.contains(trace),
                "{trace}: {self:?}"
            );
        }
        let sentence = self
            .err
            .strip_prefix("callsheet: ")
            .unwrap_or_else(|| panic!("{self:?}"));
        sentence.trim_end().to_owned()
    }
}

/// A sample of an older store.
pub fn sample(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/legacy")
        .join(name)
        .display()
        .to_string()
}
