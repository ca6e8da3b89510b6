//! Display settings of a page, and screenshots.

use super::Page;
use serde_json::json;
use std::path::Path;

impl Page {
    pub async fn size(&self, width: u32) {
        self.tall(width, if width < 500 { 740 } else { 860 }).await;
    }

    async fn tall(&self, width: u32, height: u32) {
        let phone = width < 500;
        let metrics =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone});
        self.call("Emulation.setDeviceMetricsOverride", metrics)
            .await;
        self.call(
            "Emulation.setTouchEmulationEnabled",
            json!({"enabled": phone}),
        )
        .await;
    }

    /// Sets the color scheme, `light` or `dark`, without animations, so that screenshots are the
    /// same each time.
    pub async fn scheme(&self, scheme: &str) {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": "reduce"}]);
        self.call("Emulation.setEmulatedMedia", json!({"features": features}))
            .await;
    }

    /// Saves a screenshot of the whole page, up to 2400 pixels high.
    pub async fn screenshot(&self, width: u32, file: &Path) {
        let height = self
            .eval("document.documentElement.scrollHeight")
            .await
            .as_u64()
            .unwrap()
            .clamp(740, 2400);
        self.tall(width, u32::try_from(height).unwrap()).await;
        self.eval(
            "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))",
        )
        .await;
        let answer = self
            .call("Page.captureScreenshot", json!({"format": "png"}))
            .await;
        std::fs::write(file, base64(answer["data"].as_str().unwrap())).unwrap();
        self.size(width).await;
    }
}

fn base64(text: &str) -> Vec<u8> {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let values: Vec<u32> = text
        .bytes()
        .filter_map(|b| LETTERS.iter().position(|l| *l == b))
        .map(|v| v as u32)
        .collect();
    let group = |four: &[u32]| {
        let all = four.iter().fold(0, |all, v| all << 6 | v) << (6 * (4 - four.len()));
        all.to_be_bytes()[1..four.len()].to_vec()
    };
    values.chunks(4).flat_map(group).collect()
}
