//! Roles: every operation is for those that the table names.

use super::{face::Api, guarded::Guarded};
use callsheet::api::{Need, contracts, operation_of, spec};
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

/// Method and path of every operation, with ids of nothing.
fn operations() -> Vec<(Method, String, String)> {
    let paths = spec::operation_ids().into_iter();
    let filled = |path: String| {
        let parts = path
            .split('/')
            .map(|p| if p.starts_with('{') { "0" } else { p });
        parts.collect::<Vec<_>>().join("/")
    };
    paths
        .map(|(path, method, id)| (method.as_str().parse().unwrap(), filled(path), id))
        .collect()
}

const ROLES: [&str; 5] = ["reader", "creator", "worker", "operator", "admin"];

/// Roles that may call what needs the permission.
fn roles_of(permission: &str) -> &'static [&'static str] {
    match permission {
        "jobs:read" => &ROLES,
        "jobs:create" | "jobs:change" | "jobs:delete" | "active:write" => {
            &["creator", "operator", "admin"]
        }
        "jobs:claim" | "jobs:report" => &["worker", "operator", "admin"],
        "webhooks:manage" | "imports:run" | "backups:run" | "keys:manage" | "audit:read" => {
            &["admin"]
        }
        _ => &["operator", "admin"],
    }
}

#[on_sqlite]
async fn every_operation_is_for_the_roles_of_the_table_and_for_no_key_that_is_not_valid(api: Api) {
    let guarded = Guarded::on(api.clone()).await;
    let end = api.now() + TimeDelta::hours(1);
    let expired = guarded
        .make(json!({"name": "expired", "role": "admin", "expires_at": end.to_rfc3339()}))
        .await;
    api.clock.advance(TimeDelta::hours(2));
    let revoked = guarded
        .make(json!({"name": "revoked", "role": "admin"}))
        .await;
    let path = format!("/api/v1/keys/{}", revoked["key_id"].as_str().unwrap());
    guarded
        .with(&guarded.admin, Method::DELETE, &path, None)
        .await
        .json(200);
    let text = |made: &Value| made["key"].as_str().unwrap().to_owned();
    let refused = [
        None,
        Some("wrong".to_owned()),
        Some(text(&revoked)),
        Some(text(&expired)),
    ];
    let mut keys = Vec::new();
    for role in ROLES {
        keys.push((role, guarded.key_of(role).await));
    }
    for (method, path, id) in operations() {
        let need = operation_of(&id).unwrap().need;
        let status = async |key: Option<&str>| {
            let request = api.request(method.clone(), &path);
            let request = match key {
                Some(key) => request.bearer_auth(key),
                None => request,
            };
            request.send().await.unwrap().status().as_u16()
        };
        for key in &refused {
            let got = status(key.as_deref()).await;
            // An address may send ten wrong keys a minute.
            api.clock.advance(TimeDelta::seconds(6));
            match need {
                Need::Public | Need::Status => assert!(got != 401 && got != 403, "{id}: {got}"),
                Need::Key | Need::Permission(_) => assert_eq!(got, 401, "{id} {key:?}"),
            }
        }
        for (role, key) in &keys {
            let got = status(Some(key)).await;
            let may = match need {
                Need::Permission(permission) => roles_of(permission.name()).contains(role),
                _ => true,
            };
            assert_eq!(got == 403, !may, "{id} as {role}: {got}");
            assert_ne!(got, 401, "{id} as {role}");
        }
    }
}

#[test]
fn the_table_of_permissions_is_as_it_was_reviewed() {
    let rows: Vec<_> = contracts()
        .map(|one| match one.need {
            Need::Permission(permission) => {
                let own = if one.has_own_jobs_rule() {
                    ", creators on jobs of their own key"
                } else {
                    ""
                };
                format!("{}: {}{own}", one.id, permission.name())
            }
            other => format!("{}: {}", one.id, format!("{other:?}").to_lowercase()),
        })
        .collect();
    insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("permissions", rows.join("\n"));
    });
}
