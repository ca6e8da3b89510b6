//! `callsheet imports rejects`: the records that an import rejected.

use super::One;
use crate::cli::{
    Failure,
    answers::taken,
    out::{say, say_json},
    plain,
    remote::path,
    target::Target,
};
use entity::import_reject;
use serde_json::{Value, json};

/// Number of rejects read by one query.
const PAGE: u64 = 200;

/// Prints the rejects, those of one query after the other.
pub async fn rejects(target: &Target, one: &One) -> Result<(), Failure> {
    let mut after = None;
    loop {
        let page = page_of_rejects(target, &one.import_id, after).await?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = last["reject_id"].as_i64();
        for reject in &page {
            if one.json {
                say_json(reject)?;
                continue;
            }
            let word = |name: &str| reject[name].as_str().unwrap_or("-");
            say(plain(&format!(
                "{} {} {}: {}",
                word("file"),
                word("key"),
                word("reason"),
                word("detail")
            )))?;
        }
    }
}

/// Returns the rejects behind one with a number, as JSON.
async fn page_of_rejects(
    target: &Target,
    id: &str,
    after: Option<i64>,
) -> Result<Vec<Value>, Failure> {
    match target {
        Target::Database(app) => {
            let page = app.jobs.list_import_rejects(id, after, PAGE).await?;
            Ok(page.iter().map(reject_json).collect())
        }
        Target::Server(server) => {
            let mut query = vec![("limit", PAGE.to_string())];
            query.extend(after.map(|after| ("cursor", after.to_string())));
            let path = path(&["imports", id, "rejects"], &query)?;
            Ok(taken(&mut server.get(&path).await?, "rejects"))
        }
    }
}

fn reject_json(reject: &import_reject::Model) -> Value {
    json!({
        "reject_id": reject.id,
        "file": reject.file,
        "key": reject.key,
        "reason": reject.reason,
        "detail": reject.detail,
        "raw": reject.raw,
        "created_at": reject.created_at,
    })
}
