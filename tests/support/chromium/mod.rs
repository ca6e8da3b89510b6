//! Headless Chromium, driven over the DevTools protocol through a pipe, without a library: JSON
//! messages with a NUL between them.
#![allow(dead_code, reason = "each part serves some of the tests in a browser")]

mod audit;
mod page;
mod picture;
mod wire;

pub use page::Page;

use serde_json::json;
use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::Duration,
};
use tokio::{
    process::{Child, Command},
    time::timeout,
};
use wire::Wire;

const SHUTDOWN: Duration = Duration::from_secs(20);

const FLAGS: [&str; 13] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--mute-audio",
    "--remote-debugging-pipe",
];

/// Returns the path of the browser: the one in `CALLSHEET_TEST_CHROMIUM`, or the one of Debian's
/// package.
#[allow(
    clippy::disallowed_methods,
    reason = "scripts/test says where the browser is"
)]
fn program() -> PathBuf {
    let named = std::env::var_os("CALLSHEET_TEST_CHROMIUM").map(PathBuf::from);
    let found = named
        .into_iter()
        .chain([
            "/usr/bin/chromium".into(),
            "/usr/bin/chromium-browser".into(),
        ])
        .find(|p| p.exists());
    found.expect(
        "tests in a browser need Chromium: run scripts/test, or install the package \
        chromium, or set CALLSHEET_TEST_CHROMIUM",
    )
}

/// Browser with a profile.
pub struct Chromium {
    child: Child,
    wire: Arc<Wire>,
}

impl Chromium {
    /// Starts a browser with the profile folder; it has what an earlier browser stored there.
    pub async fn start(profile: &Path) -> Self {
        // The protocol uses the descriptors 3 and 4, which the shell makes of the two pipes that a
        // child process has.
        let mut command = Command::new("sh");
        command
            .args([
                "-c",
                r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1"#,
            ])
            .arg(program())
            .args(FLAGS);
        command
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg("about:blank");
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let wire = Wire::start(child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self { child, wire }
    }

    /// Opens a new tab, 1280 pixels wide.
    pub async fn page(&self) -> Page {
        let target = self
            .wire
            .call("Target.createTarget", json!({"url": "about:blank"}), None)
            .await;
        let target = target["targetId"].as_str().unwrap().to_owned();
        let attach = json!({"targetId": target, "flatten": true});
        let session = self.wire.call("Target.attachToTarget", attach, None).await["sessionId"]
            .as_str()
            .unwrap()
            .to_owned();
        let page = Page {
            wire: self.wire.clone(),
            session,
            target,
        };
        for domain in ["Runtime", "Log", "Page", "Network", "Accessibility"] {
            page.call(&format!("{domain}.enable"), json!({})).await;
        }
        page.size(1280).await;
        page
    }

    /// Closes the browser regularly, so that it writes what it stores. Chromium's shutdown hangs
    /// now and then on a busy machine: one that has not ended after `SHUTDOWN` is killed.
    pub async fn close(mut self) {
        let _ = self.wire.try_call("Browser.close", json!({}), None).await;
        if timeout(SHUTDOWN, self.child.wait()).await.is_err() {
            self.child.kill().await.unwrap();
        }
    }
}
