//! A tab of the browser, and the actions of a user in it.

use super::wire::{PageLog, Refusal, Wire};
use serde_json::{Value, json};
use std::sync::Arc;

/// Tab of the browser.
#[derive(Clone)]
pub struct Page {
    pub(super) wire: Arc<Wire>,
    pub(super) session: String,
    pub(super) target: String,
}

impl Page {
    pub async fn call(&self, method: &str, params: Value) -> Value {
        self.wire.call(method, params, Some(&self.session)).await
    }

    pub async fn open(&self, url: &str) {
        let answer = self.call("Page.navigate", json!({"url": url})).await;
        assert!(answer.get("errorText").is_none(), "{url}: {answer}");
        self.until("document.readyState === 'complete' && document.querySelector('h1')")
            .await;
    }

    pub async fn reload(&self) {
        self.evaluate("void (window.old = true)").await.unwrap();
        self.call("Page.reload", json!({})).await;
        self.until(
            "!window.old && document.readyState === 'complete' && document.querySelector('h1')",
        )
        .await;
    }

    async fn evaluate(&self, script: &str) -> Result<Value, String> {
        let ask = json!({"expression": script, "awaitPromise": true, "returnByValue": true});
        let answer = self
            .wire
            .try_call("Runtime.evaluate", ask, Some(&self.session))
            .await?;
        match answer.get("exceptionDetails") {
            Some(details) => Err(details["exception"]["description"]
                .as_str()
                .unwrap_or(&details.to_string())
                .to_owned()),
            None => Ok(answer["result"]["value"].clone()),
        }
    }

    /// Returns the value of the script, awaited if it is a promise.
    pub async fn eval(&self, script: &str) -> Value {
        self.evaluate(script)
            .await
            .unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Calls the function that the script is, and returns its answer.
    pub async fn run(&self, script: &str, arguments: Value) -> Value {
        self.eval(&call(script, &arguments)).await
    }

    /// Waits until the function that the script is returns something true.
    pub async fn wait(&self, script: &str, arguments: Value) {
        self.until(&call(script, &arguments)).await;
    }

    /// Waits until the element shows all the texts.
    pub async fn shows(&self, selector: &str, texts: &[&str]) {
        self.wait(
            include_str!("../../browser/scripts/shows.js"),
            json!([selector, texts]),
        )
        .await;
    }

    /// Waits up to 30 s until the condition holds in the page, and returns its value.
    pub async fn until(&self, condition: &str) -> Value {
        let script = format!(
            "({})(() => ({condition}))",
            function(include_str!("../../browser/scripts/until.js"))
        );
        // A page that navigates away does not answer, so the next page is asked.
        for _ in 0..5 {
            match self.evaluate(&script).await {
                Ok(value) => return value,
                Err(error) if error.contains("context") || error.contains("navigated") => {}
                Err(error) => panic!("{condition}: {error}"),
            }
        }
        panic!("{condition}: the page is left again and again");
    }

    /// Waits for the first element that matches the selector, and clicks it.
    pub async fn click(&self, selector: &str) {
        let selector = Value::from(selector);
        self.until(&format!("document.querySelector({selector})"))
            .await;
        self.eval(&format!("document.querySelector({selector}).click()"))
            .await;
    }

    /// Sets the text of a field, with the events that typing causes.
    pub async fn fill(&self, selector: &str, text: &str) {
        self.run(
            include_str!("../../browser/scripts/fill.js"),
            json!([selector, text]),
        )
        .await;
    }

    /// Presses a key: one character, `Enter`, `Escape`, ….
    pub async fn press(&self, key: &str) {
        let (text, code) = match key {
            "Enter" => ("\r", 13),
            "Escape" => ("", 27),
            key if key.chars().count() == 1 => (key, 0),
            _ => ("", 0),
        };
        for kind in ["keyDown", "keyUp"] {
            let event =
                json!({"type": kind, "key": key, "text": text, "windowsVirtualKeyCode": code});
            self.call("Input.dispatchKeyEvent", event).await;
        }
    }

    pub async fn text(&self) -> String {
        self.eval("document.body.innerText")
            .await
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// Answers requests whose URL contains `part` with 503 from now on, at most `times` times if
    /// given.
    pub async fn refuse(&self, part: &str, times: Option<u32>) {
        let refusal = Refusal {
            part: part.to_owned(),
            times,
        };
        self.wire.refuse(&self.session, refusal);
        self.call("Fetch.enable", json!({"patterns": [{"urlPattern": "*"}]}))
            .await;
    }

    pub async fn offline(&self, offline: bool) {
        let conditions = json!({"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1});
        self.call("Network.emulateNetworkConditions", conditions)
            .await;
    }

    pub fn heard(&self) -> PageLog {
        self.wire.heard(&self.session)
    }

    /// Discards what was recorded so far.
    pub fn forget(&self) {
        self.wire.forget(&self.session);
    }

    pub async fn front(&self) {
        self.call("Page.bringToFront", json!({})).await;
    }

    pub async fn close(self) {
        self.wire
            .call("Target.closeTarget", json!({"targetId": self.target}), None)
            .await;
    }
}

/// The function of a file that consists of one, without the semicolon behind it.
fn function(script: &str) -> &str {
    script.trim_end().trim_end_matches(';')
}

/// A call of the function with the arguments of the array.
fn call(script: &str, arguments: &Value) -> String {
    format!("({})(...{arguments})", function(script))
}
