//! Headless Chromium, driven over the DevTools protocol through a pipe: JSON messages with a NUL between them, and no
//! library.
#![allow(dead_code, reason = "each part serves some of the tests in a browser")]

use serde_json::{Value, json};
use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, ChildStdout, Command},
    sync::{mpsc, oneshot},
    time::timeout,
};

/// Longer than any answer takes on a loaded machine; only a hanging browser reaches it.
const PATIENCE: Duration = Duration::from_secs(60);

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

/// Where the browser is: what `CALLSHEET_TEST_CHROMIUM` names, or where Debian puts it.
#[allow(clippy::disallowed_methods, reason = "scripts/test says where the browser is")]
fn program() -> PathBuf {
    let named = std::env::var_os("CALLSHEET_TEST_CHROMIUM").map(PathBuf::from);
    let found =
        named.into_iter().chain(["/usr/bin/chromium".into(), "/usr/bin/chromium-browser".into()]).find(|p| p.exists());
    found.expect("tests in a browser need Chromium: run scripts/test, or install the package chromium, or set CALLSHEET_TEST_CHROMIUM")
}

/// What a page did that it should not have, and what it asked for.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// Errors and warnings of the console, exceptions, violations of the policy.
    pub complaints: Vec<String>,
    /// Addresses of all requests.
    pub requests: Vec<String>,
    /// Texts of dialogs that a script opened.
    pub dialogs: Vec<String>,
}

/// How a request that a page makes is answered instead of by the server.
#[derive(Clone)]
struct Refusal {
    part: String,
    /// How many times; for ever when `None`.
    times: Option<u32>,
}

#[derive(Default)]
struct State {
    waiting: HashMap<u64, oneshot::Sender<Result<Value, String>>>,
    pages: HashMap<String, Heard>,
    refusals: HashMap<String, Refusal>,
}

struct Wire {
    tell: mpsc::UnboundedSender<Value>,
    state: Mutex<State>,
    next: AtomicU64,
}

/// A browser with a profile.
pub struct Chromium {
    child: Child,
    wire: Arc<Wire>,
}

impl Chromium {
    /// `profile` is its folder: a browser that is started on it again knows what the one before it stored.
    pub async fn start(profile: &Path) -> Self {
        // The protocol goes through the descriptors 3 and 4, which the shell makes of the two pipes that a child has.
        let mut command = Command::new("sh");
        command.args(["-c", r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1"#]).arg(program()).args(FLAGS);
        command.arg(format!("--user-data-dir={}", profile.display())).arg("about:blank");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let (tell, said) = mpsc::unbounded_channel();
        let wire = Arc::new(Wire { tell, state: Mutex::default(), next: AtomicU64::new(1) });
        tokio::spawn(write(child.stdin.take().unwrap(), said));
        tokio::spawn(read(child.stdout.take().unwrap(), wire.clone()));
        Self { child, wire }
    }

    /// A new tab, 1280 wide.
    pub async fn page(&self) -> Page {
        let target = self.wire.call("Target.createTarget", json!({"url": "about:blank"}), None).await;
        let target = target["targetId"].as_str().unwrap().to_owned();
        let attach = json!({"targetId": target, "flatten": true});
        let session =
            self.wire.call("Target.attachToTarget", attach, None).await["sessionId"].as_str().unwrap().to_owned();
        let page = Page { wire: self.wire.clone(), session, target };
        for domain in ["Runtime", "Log", "Page", "Network", "Accessibility"] {
            page.call(&format!("{domain}.enable"), json!({})).await;
        }
        page.size(1280).await;
        page
    }

    /// Ends it as a person does, so that it writes what it stores.
    pub async fn close(mut self) {
        let _ = self.wire.try_call("Browser.close", json!({}), None).await;
        timeout(PATIENCE, self.child.wait()).await.expect("the browser ends").unwrap();
    }
}

async fn write(mut pipe: ChildStdin, mut said: mpsc::UnboundedReceiver<Value>) {
    while let Some(message) = said.recv().await {
        let mut text = message.to_string().into_bytes();
        text.push(0);
        if pipe.write_all(&text).await.is_err() {
            return;
        }
    }
}

async fn read(pipe: ChildStdout, wire: Arc<Wire>) {
    let mut pipe = BufReader::new(pipe);
    let mut message = Vec::new();
    while matches!(pipe.read_until(0, &mut message).await, Ok(n) if n > 0) {
        message.pop();
        if let Ok(value) = serde_json::from_slice::<Value>(&message) {
            wire.take(value);
        }
        message.clear();
    }
    wire.state.lock().unwrap().waiting.clear();
}

impl Wire {
    fn take(&self, message: Value) {
        let mut state = self.state.lock().unwrap();
        if let Some(id) = message["id"].as_u64() {
            let answer = match message.get("error") {
                Some(error) => Err(error.to_string()),
                None => Ok(message["result"].clone()),
            };
            if let Some(asker) = state.waiting.remove(&id) {
                let _ = asker.send(answer);
            }
            return;
        }
        let session = message["sessionId"].as_str().unwrap_or_default().to_owned();
        let about = &message["params"];
        let heard = state.pages.entry(session.clone()).or_default();
        match message["method"].as_str().unwrap_or_default() {
            "Runtime.exceptionThrown" => heard.complaints.push(about["exceptionDetails"].to_string()),
            "Runtime.consoleAPICalled" if matches!(about["type"].as_str(), Some("error" | "warning" | "assert")) => {
                heard.complaints.push(about["args"].to_string());
            }
            "Log.entryAdded" if matches!(about["entry"]["level"].as_str(), Some("error" | "warning")) => {
                heard.complaints.push(format!("{} {}", about["entry"]["text"], about["entry"]["url"]));
            }
            "Network.requestWillBeSent" => {
                heard.requests.push(about["request"]["url"].as_str().unwrap_or_default().to_owned())
            }
            "Page.javascriptDialogOpening" => {
                heard.dialogs.push(about["message"].to_string());
                self.send("Page.handleJavaScriptDialog", json!({"accept": false}), Some(&session));
            }
            "Fetch.requestPaused" => {
                let answer = refuse(state.refusals.get_mut(&session), about);
                self.send(answer.0, answer.1, Some(&session));
            }
            _ => {}
        }
    }

    fn send(&self, method: &str, params: Value, session: Option<&str>) -> u64 {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let mut message = json!({"id": id, "method": method, "params": params});
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        let _ = self.tell.send(message);
        id
    }

    async fn try_call(&self, method: &str, params: Value, session: Option<&str>) -> Result<Value, String> {
        let (asker, answer) = oneshot::channel();
        {
            let mut state = self.state.lock().unwrap();
            let id = self.send(method, params, session);
            state.waiting.insert(id, asker);
        }
        let answer = timeout(PATIENCE, answer).await.map_err(|_| format!("no answer to {method}"))?;
        answer.map_err(|_| "the browser is gone".to_owned())?
    }

    async fn call(&self, method: &str, params: Value, session: Option<&str>) -> Value {
        self.try_call(method, params, session).await.unwrap_or_else(|error| panic!("{method}: {error}"))
    }
}

/// `{"detail":"The database does not answer.","code":"database_unavailable","status":503,"request_id":"0199-test"}`
const UNAVAILABLE: &str = "eyJkZXRhaWwiOiJUaGUgZGF0YWJhc2UgZG9lcyBub3QgYW5zd2VyLiIsImNvZGUiOiJkYXRhYmFzZV91bmF2YWlsYWJsZSIsInN0YXR1cyI6NTAzLCJyZXF1ZXN0X2lkIjoiMDE5OS10ZXN0In0=";

fn refuse(refusal: Option<&mut Refusal>, about: &Value) -> (&'static str, Value) {
    let request = about["requestId"].clone();
    let refusal = refusal.filter(|r| about["request"]["url"].as_str().is_some_and(|url| url.contains(&r.part)));
    match refusal {
        Some(refusal) if refusal.times != Some(0) => {
            refusal.times = refusal.times.map(|n| n - 1);
            let header = json!([{"name": "content-type", "value": "application/problem+json"}]);
            let answer =
                json!({"requestId": request, "responseCode": 503, "responseHeaders": header, "body": UNAVAILABLE});
            ("Fetch.fulfillRequest", answer)
        }
        _ => ("Fetch.continueRequest", json!({"requestId": request})),
    }
}

/// A tab.
#[derive(Clone)]
pub struct Page {
    wire: Arc<Wire>,
    session: String,
    target: String,
}

impl Page {
    pub async fn call(&self, method: &str, params: Value) -> Value {
        self.wire.call(method, params, Some(&self.session)).await
    }

    pub async fn open(&self, url: &str) {
        let answer = self.call("Page.navigate", json!({"url": url})).await;
        assert!(answer.get("errorText").is_none(), "{url}: {answer}");
        self.until("document.readyState === 'complete' && document.querySelector('h1')").await;
    }

    pub async fn reload(&self) {
        self.evaluate("void (window.old = true)").await.unwrap();
        self.call("Page.reload", json!({})).await;
        self.until("!window.old && document.readyState === 'complete' && document.querySelector('h1')").await;
    }

    async fn evaluate(&self, script: &str) -> Result<Value, String> {
        let ask = json!({"expression": script, "awaitPromise": true, "returnByValue": true});
        let answer = self.wire.try_call("Runtime.evaluate", ask, Some(&self.session)).await?;
        match answer.get("exceptionDetails") {
            Some(details) => {
                Err(details["exception"]["description"].as_str().unwrap_or(&details.to_string()).to_owned())
            }
            None => Ok(answer["result"]["value"].clone()),
        }
    }

    /// What the script gives; awaited when it is a promise.
    pub async fn eval(&self, script: &str) -> Value {
        self.evaluate(script).await.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Waits until the condition holds in the page, and answers with what it gives.
    pub async fn until(&self, condition: &str) -> Value {
        let script = format!(
            "new Promise((ok, no) => {{ const end = Date.now() + 30000; const look = () => {{ let v = null; try {{ v = ({condition}); }} catch {{ }} \
             if (v) ok(v === true ? true : typeof v === 'object' ? true : v); else if (Date.now() > end) no(new Error('not within 30 s; the page says: ' + document.body.innerText.slice(0, 1500))); \
             else setTimeout(look, 25); }}; look(); }})"
        );
        // A page that is left while it is asked does not answer: the next one is asked.
        for _ in 0..5 {
            match self.evaluate(&script).await {
                Ok(value) => return value,
                Err(error) if error.contains("context") || error.contains("navigated") => {}
                Err(error) => panic!("{condition}: {error}"),
            }
        }
        panic!("{condition}: the page is left again and again");
    }

    /// The first element that the selector names, once it is there, is clicked.
    pub async fn click(&self, selector: &str) {
        let selector = Value::from(selector);
        self.until(&format!("document.querySelector({selector})")).await;
        self.eval(&format!("document.querySelector({selector}).click()")).await;
    }

    /// Puts a text into a field, as typing does.
    pub async fn fill(&self, selector: &str, text: &str) {
        let (selector, text) = (Value::from(selector), Value::from(text));
        self.eval(&format!(
            "{{ const el = document.querySelector({selector}); el.value = {text}; el.dispatchEvent(new Event('input', {{bubbles: true}})); el.dispatchEvent(new Event('change', {{bubbles: true}})); }}"
        ))
        .await;
    }

    /// A key of one character, or `Enter`, `Escape`, ….
    pub async fn press(&self, key: &str) {
        let (text, code) = match key {
            "Enter" => ("\r", 13),
            "Escape" => ("", 27),
            key if key.chars().count() == 1 => (key, 0),
            _ => ("", 0),
        };
        for kind in ["keyDown", "keyUp"] {
            let event = json!({"type": kind, "key": key, "text": text, "windowsVirtualKeyCode": code});
            self.call("Input.dispatchKeyEvent", event).await;
        }
    }

    pub async fn text(&self) -> String {
        self.eval("document.body.innerText").await.as_str().unwrap_or_default().to_owned()
    }

    pub async fn size(&self, width: u32) {
        self.tall(width, if width < 500 { 740 } else { 860 }).await;
    }

    async fn tall(&self, width: u32, height: u32) {
        let phone = width < 500;
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone});
        self.call("Emulation.setDeviceMetricsOverride", metrics).await;
        self.call("Emulation.setTouchEmulationEnabled", json!({"enabled": phone})).await;
    }

    /// `light` or `dark`, without motion, so that a picture is the same each time.
    pub async fn scheme(&self, scheme: &str) {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": "reduce"}]);
        self.call("Emulation.setEmulatedMedia", json!({"features": features})).await;
    }

    /// The whole page as a picture, up to a length that can be looked at.
    pub async fn screenshot(&self, width: u32, file: &Path) {
        let height = self.eval("document.documentElement.scrollHeight").await.as_u64().unwrap().clamp(740, 2400);
        self.tall(width, u32::try_from(height).unwrap()).await;
        self.eval("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))").await;
        let answer = self.call("Page.captureScreenshot", json!({"format": "png"})).await;
        std::fs::write(file, base64(answer["data"].as_str().unwrap())).unwrap();
        self.size(width).await;
    }

    /// Requests whose address holds `part` are answered 503 from now on, or so many times.
    pub async fn refuse(&self, part: &str, times: Option<u32>) {
        let refusal = Refusal { part: part.to_owned(), times };
        self.wire.state.lock().unwrap().refusals.insert(self.session.clone(), refusal);
        self.call("Fetch.enable", json!({"patterns": [{"urlPattern": "*"}]})).await;
    }

    pub async fn offline(&self, offline: bool) {
        let conditions = json!({"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1});
        self.call("Network.emulateNetworkConditions", conditions).await;
    }

    /// Controls of the page that have no name in the accessibility tree.
    pub async fn nameless(&self) -> Vec<String> {
        const CONTROLS: [&str; 12] = [
            "button",
            "link",
            "textbox",
            "searchbox",
            "checkbox",
            "combobox",
            "spinbutton",
            "menuitem",
            "progressbar",
            "img",
            "dialog",
            "slider",
        ];
        let tree = self.call("Accessibility.getFullAXTree", json!({})).await;
        let nodes = tree["nodes"].as_array().unwrap().iter();
        let bare = nodes.filter(|node| {
            let role = node["role"]["value"].as_str().unwrap_or_default();
            let name = node["name"]["value"].as_str().unwrap_or_default();
            node["ignored"] == false && CONTROLS.contains(&role) && name.trim().is_empty()
        });
        bare.map(|node| node.to_string()).collect()
    }

    /// Bytes of JavaScript's heap that are in use, what is garbage thrown away before.
    pub async fn heap(&self) -> u64 {
        self.call("HeapProfiler.collectGarbage", json!({})).await;
        let usage = self.call("Runtime.getHeapUsage", json!({})).await;
        usage["usedSize"].as_f64().unwrap() as u64
    }

    pub fn heard(&self) -> Heard {
        self.wire.state.lock().unwrap().pages.get(&self.session).cloned().unwrap_or_default()
    }

    /// Forgets what was heard so far.
    pub fn forget(&self) {
        self.wire.state.lock().unwrap().pages.remove(&self.session);
    }

    pub async fn front(&self) {
        self.call("Page.bringToFront", json!({})).await;
    }

    pub async fn close(self) {
        self.wire.call("Target.closeTarget", json!({"targetId": self.target}), None).await;
    }
}

fn base64(text: &str) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let values: Vec<u32> =
        text.bytes().filter_map(|b| LETTERS.iter().position(|l| *l == b)).map(|v| v as u32).collect();
    let group = |four: &[u32]| {
        let all = four.iter().fold(0, |all, v| all << 6 | v) << (6 * (4 - four.len()));
        all.to_be_bytes()[1..four.len()].to_vec()
    };
    values.chunks(4).flat_map(group).collect()
}
