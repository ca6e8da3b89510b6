//! Checks of a page that a screenshot does not show.

use super::Page;
use serde_json::json;

impl Page {
    /// Returns the controls of the page that have no name in the accessibility tree.
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

    /// Returns the used bytes of the JavaScript heap after a garbage collection.
    pub async fn heap(&self) -> u64 {
        self.call("HeapProfiler.collectGarbage", json!({})).await;
        let usage = self.call("Runtime.getHeapUsage", json!({})).await;
        usage["usedSize"].as_f64().unwrap() as u64
    }
}
