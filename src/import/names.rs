//! Id, job type and mode of an imported job.

use super::{
    fields::{Fields, whole},
    reject::{Reason, Reject},
};
use serde_json::{Map, Value};

/// Maximum characters of an id, which is the length of its column.
const MAX_ID_CHARS: usize = 64;

/// Modes and their job types in the vedo stores.
const MODES: [(&str, &str); 2] = [("idea", "idea2video"), ("script", "script2video")];

/// Text of an id: a string, or a number.
pub fn id_text(id: &Value) -> Option<String> {
    match id {
        Value::String(id) => Some(id.clone()),
        Value::Number(_) => Some(whole(id).map_or_else(|| id.to_string(), |n| n.to_string())),
        _ => None,
    }
    .filter(|id| !id.is_empty())
}

/// Takes the job's id: the `job_id` of the record or, if it has none, its `id` or its key.
///
/// If both exist and differ, `job_id` wins and the key is kept as `context.legacy.key`: a dump of
/// the same store as a list has no keys, and must give the same jobs. An id that fits the column
/// and has no control characters is taken unchanged, since clients ask for it by that name.
pub fn take_id(fields: &mut Fields, key: Option<&str>) -> Result<String, Reject> {
    let inner = match fields.take("job_id") {
        Some(Value::String(id)) if id.is_empty() => None,
        Some(other) => Some(id_text(&other).ok_or_else(|| {
            let detail = format!("The job_id is {other}, but must be a string or a number.");
            Reject::new(Reason::BadId, detail)
        })?),
        None => None,
    };
    let id = inner.or_else(|| {
        let id = id_text(fields.look("id")?)?;
        fields.take("id");
        Some(id)
    });
    if let (Some(id), Some(key)) = (&id, key)
        && id != key
    {
        fields
            .legacy
            .repair("key", "inner_id_wins_over_key", key.into());
    }
    let id = id.or_else(|| key.filter(|key| !key.is_empty()).map(str::to_owned));
    let id = id.ok_or_else(|| {
        Reject::new(
            Reason::MissingId,
            "The record has no job_id and no id, and no key to take one from.",
        )
    })?;
    if id.chars().count() > MAX_ID_CHARS {
        let detail = format!(
            "The id has {} characters; at most {MAX_ID_CHARS} are possible.",
            id.chars().count()
        );
        return Err(Reject::new(Reason::BadId, detail));
    }
    // A replacement character was a NUL before, and two ids must not become one.
    if id.chars().any(|c| c.is_control() || c == '\u{fffd}') {
        return Err(Reject::new(
            Reason::BadId,
            "The id contains a control character, or U+FFFD in place of a lost character.",
        ));
    }
    if is_like_a_path(&id) {
        fields
            .legacy
            .repaired("job_id", "id_like_a_path_taken_as_it_is");
    }
    Ok(id)
}

/// Whether the id has a special meaning in a path or a URL. The import reports such an id, and
/// derives no path from it.
pub fn is_like_a_path(id: &str) -> bool {
    id.contains(['/', '\\']) || id.chars().all(|c| c == '.')
}

/// Returns the job type: the given one, else that of the mode, else that of the request's input.
pub fn job_type(
    given: Option<String>,
    mode: Option<&str>,
    request: Option<&Map<String, Value>>,
) -> Result<String, Reject> {
    let of_mode = || mode.map(|mode| format!("{mode}2video"));
    let of_request = || {
        let mode = MODES
            .iter()
            .find(|(mode, _)| request.is_some_and(|r| r.contains_key(*mode)));
        mode.map(|(_, job_type)| (*job_type).to_owned())
    };
    let raw = given.or_else(of_mode).or_else(of_request);
    let raw = raw.ok_or_else(|| {
        Reject::new(
            Reason::BadJobType,
            "The record has no job type, and no mode or request from which it follows.",
        )
    })?;
    let job_type = raw.trim().to_ascii_lowercase();
    let plain =
        |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '.' | '-');
    if job_type.is_empty() || job_type.len() > 50 || !job_type.chars().all(plain) {
        let shown: String = raw.chars().take(60).collect();
        let detail = format!(
            "The job type `{shown}` is invalid: use 1 to 50 of the characters a-z, 0-9, _, . and -."
        );
        return Err(Reject::new(Reason::BadJobType, detail));
    }
    Ok(job_type)
}

/// Job type of vedo that a path names, such as `.working_dir/idea2video/ID` or
/// `/media/script2video/final_video.mp4`.
pub fn of_path(path: &str) -> Option<&'static str> {
    let named = |part: &str| MODES.iter().find(|(_, job_type)| *job_type == part);
    path.split(['/', '\\'])
        .find_map(named)
        .map(|(_, job_type)| *job_type)
}

/// Whether a job type is one of vedo's two.
pub fn is_of_vedo(job_type: &str) -> bool {
    MODES
        .iter()
        .any(|(_, known)| known.eq_ignore_ascii_case(job_type.trim()))
}

/// Whether a mode is one of vedo's two.
pub fn is_mode_of_vedo(mode: &str) -> bool {
    MODES.iter().any(|(known, _)| *known == mode)
}

/// Mode that a job type implies, if any.
pub fn mode(job_type: &str) -> Option<String> {
    MODES
        .iter()
        .find(|(_, t)| *t == job_type)
        .map(|(mode, _)| (*mode).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn id(inner: Value, key: Option<&str>) -> Result<(String, Option<Value>), Reason> {
        let mut fields = Fields::new([("job_id".to_owned(), inner)].into_iter().collect());
        let id = take_id(&mut fields, key).map_err(|r| r.reason)?;
        Ok((id, fields.finish().into_context()))
    }

    #[test]
    fn the_inner_id_counts_and_the_key_stands_in() {
        assert_eq!(id(json!("a"), Some("a")), Ok(("a".into(), None)));
        assert_eq!(id(json!(null), Some("k")), Ok(("k".into(), None)));
        assert_eq!(id(json!(7), None), Ok(("7".into(), None)));
        let (inner, context) = id(json!("a"), Some("k")).unwrap();
        assert_eq!(
            (inner.as_str(), &context.unwrap()["legacy"]["key"]),
            ("a", &json!("k"))
        );
    }

    #[test]
    fn the_id_counts_when_there_is_no_job_id() {
        let taken = |record: Value| {
            let mut fields = Fields::new(record.as_object().unwrap().clone());
            let id = take_id(&mut fields, Some("k")).unwrap();
            (id, fields.look("id").cloned())
        };
        assert_eq!(taken(json!({"id": 7})), ("7".into(), None));
        assert_eq!(
            taken(json!({"id": "i", "job_id": null})),
            ("i".into(), None)
        );
        assert_eq!(taken(json!({"id": "i", "job_id": ""})), ("i".into(), None));
        let both = json!({"id": "i", "job_id": "a"});
        assert_eq!(taken(both), ("a".into(), Some(json!("i"))));
        assert_eq!(
            taken(json!({"id": ["i"]})),
            ("k".into(), Some(json!(["i"])))
        );
    }

    #[test]
    fn an_id_that_no_column_or_client_can_hold_is_reported() {
        assert_eq!(id(json!(null), None), Err(Reason::MissingId));
        assert_eq!(id(json!(""), Some("")), Err(Reason::MissingId));
        assert_eq!(id(json!(["a"]), Some("a")), Err(Reason::BadId));
        assert_eq!(id(json!("x".repeat(65)), None), Err(Reason::BadId));
        assert_eq!(id(json!("a\nb"), None), Err(Reason::BadId));
        assert!(id(json!("é".repeat(64)), None).is_ok());
        let (path, context) = id(json!("../a"), None).unwrap();
        assert_eq!(
            (path.as_str(), &context.unwrap()["repairs"][0]["field"]),
            ("../a", &json!("job_id"))
        );
    }

    #[test]
    fn a_job_type_is_found_where_there_is_one() {
        let request = json!({"script": "s"});
        assert_eq!(
            job_type(Some("Idea2Video".into()), None, None).unwrap(),
            "idea2video"
        );
        assert_eq!(
            job_type(None, Some("script"), None).unwrap(),
            "script2video"
        );
        assert_eq!(
            job_type(None, None, request.as_object()).unwrap(),
            "script2video"
        );
        assert_eq!(
            job_type(None, None, None).unwrap_err().reason,
            Reason::BadJobType
        );
        assert_eq!(
            job_type(Some("a b".into()), None, None).unwrap_err().reason,
            Reason::BadJobType
        );
        assert_eq!(mode("idea2video").as_deref(), Some("idea"));
        assert_eq!(mode("conversational"), None);
    }
}
