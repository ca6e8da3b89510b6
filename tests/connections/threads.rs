//! A system without threads for the program: it says so, or does its work, and never hangs.

use super::PATIENCE;
use crate::support::at_once;
use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Stdio};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

/// A user without any process, whose limit is then one of the server alone. Only root may become
/// one.
const USER: u32 = 64_321;

/// The program where the user may run it, in a folder where it may write.
fn place() -> Option<TempDir> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let folder = tempfile::Builder::new()
        .prefix("callsheet-threads-")
        .tempdir()
        .unwrap();
    let program = folder.path().join("callsheet");
    fs::copy(env!("CARGO_BIN_EXE_callsheet"), &program).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    fs::create_dir(folder.path().join("media")).unwrap();
    fs::write(folder.path().join("media/clip.txt"), "clip").unwrap();
    Some(folder)
}

fn serve_with_threads(count: usize, user: u32, folder: &Path) -> Command {
    let mut command = Command::new("setpriv");
    let user = [format!("--reuid={user}"), format!("--regid={user}")];
    command
        .args(user)
        .arg("--clear-groups")
        .arg("prlimit")
        .arg(format!("--nproc={count}"));
    command
        .arg(folder.join("callsheet"))
        .args(["serve", "--listen", "127.0.0.1:0", "--media-dir"]);
    command.arg(folder.join("media")).arg("--database-url");
    command.arg(format!("sqlite://{}/{count}.db", folder.display()));
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

#[tokio::test]
async fn a_start_without_threads_ends_with_a_sentence() {
    let Some(folder) = place() else { return };
    for count in [1, 2, 3, 6] {
        let output = serve_with_threads(count, USER, folder.path()).output();
        let output = timeout(PATIENCE, output)
            .await
            .expect("it does not hang")
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{count}: {said}");
        assert!(
            said.starts_with("callsheet: ") && said.contains("cannot start its threads"),
            "{count}: {said}"
        );
        assert_eq!(said.lines().count(), 1, "{count}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_are_answered_though_no_thread_can_be_made_any_more() {
    let Some(folder) = place() else { return };
    // The fewest with which it starts: none is left for more connections to the database.
    let (mut child, line) = first_that_serves(folder.path()).await;
    let url = line
        .split_whitespace()
        .find(|word| word.starts_with("http://"))
        .unwrap()
        .to_owned();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let calls = (0..120).map(|n| {
        let path = ["/media/clip.txt", "/api/v1/jobs", "/health"][n % 3];
        let call = client.get(format!("{url}{path}")).send();
        async move {
            timeout(PATIENCE, call)
                .await
                .expect("a call does not hang")
                .unwrap()
                .status()
                .as_u16()
        }
    });
    for status in at_once(calls).await {
        assert!(matches!(status, 200 | 503), "{status}");
    }
    child.kill().await.unwrap();
}

/// The server with the fewest threads with which it starts, and the line that says where it
/// listens.
async fn first_that_serves(folder: &Path) -> (Child, String) {
    for count in 1..100 {
        // Another user than that of the test beside.
        let mut child = serve_with_threads(count, USER + 1, folder).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        if let Some(line) = timeout(PATIENCE, lines.next_line())
            .await
            .expect("it does not hang")
            .unwrap()
        {
            // Read on, so that what else it says has somewhere to go.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return (child, line);
        }
        let _ = child.wait().await;
    }
    panic!("it never served");
}
