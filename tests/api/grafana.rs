//! The dashboard and the alert rules of `examples/grafana`: each query names what a scrape has.

use callsheet::metrics::FAMILIES;
use serde_json::Value;
use std::collections::BTreeSet;

const DASHBOARD: &str = include_str!("../../examples/grafana/dashboard.json");
const ALERTS: &str = include_str!("../../examples/grafana/alerts.yml");

/// Metric families in a query, without the endings of their samples.
fn families(query: &str) -> BTreeSet<String> {
    let words = query.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let samples = words.filter(|word| word.starts_with("callsheet_"));
    samples
        .map(|sample| {
            let endings = ["_total", "_bucket", "_sum", "_count"];
            let ending = endings.into_iter().find(|ending| sample.ends_with(ending));
            ending
                .map_or(sample, |ending| sample.trim_end_matches(ending))
                .to_owned()
        })
        .collect()
}

#[track_caller]
fn names_known_families(query: &str) {
    let named = families(query);
    for name in &named {
        let is_known = FAMILIES.iter().any(|family| family.name == name);
        assert!(is_known, "{name} in {query}");
    }
}

#[test]
fn each_query_of_the_dashboard_names_a_family_that_there_is() {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let mut ids = BTreeSet::new();
    for panel in panels {
        assert!(
            ids.insert(panel["id"].as_i64().unwrap()),
            "{}",
            panel["title"]
        );
        for target in panel["targets"].as_array().unwrap() {
            let query = target["expr"].as_str().unwrap();
            assert!(!families(query).is_empty(), "{query}");
            names_known_families(query);
        }
    }
    for variable in dashboard["templating"]["list"].as_array().unwrap() {
        names_known_families(&variable["query"].to_string());
    }
}

#[test]
fn each_alert_names_a_family_that_there_is_and_says_what_is_wrong() {
    let rules: Value = yaml_serde::from_str(ALERTS).unwrap();
    let rules = rules["groups"][0]["rules"].as_array().unwrap();
    for rule in rules {
        let query = rule["expr"].as_str().unwrap();
        let is_of_scrape = query.starts_with("up{");
        assert!(is_of_scrape || !families(query).is_empty(), "{query}");
        names_known_families(query);
        assert!(rule["annotations"]["summary"].is_string(), "{rule}");
    }
}
