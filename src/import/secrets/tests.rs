use super::*;
use proptest::prelude::*;
use serde_json::json;

fn removed(mut record: Value) -> (Value, Vec<String>) {
    let members = record.as_object_mut().unwrap();
    let had = remove(members, &["user_id"]);
    (record, had)
}

#[test]
fn a_member_that_is_a_secret_goes_wherever_it_stands() {
    let config = json!({"config": {"webhook_auth": "Bearer x", "user_id": "k", "password": null, "parallel": 3}});
    let (record, had) = removed(config);
    assert_eq!(
        record,
        json!({"config": {"webhook_auth": MARKER, "user_id": MARKER, "password": null, "parallel": 3}})
    );
    assert_eq!(had, ["config"]);
}

#[test]
fn an_error_loses_the_secrets_that_it_quotes() {
    for (error, clean) in [
        (
            "401 from https://api.discogs.com/search?q=a&token=abcdEFGH&page=2",
            "401 from https://api.discogs.com/search?q=a&token=§&page=2",
        ),
        (
            "Incorrect API key provided: sk-proj-0123456789abcdefghij.",
            "Incorrect API key provided: §",
        ),
        (
            "headers {'Authorization': 'Bearer abc12345def'}",
            "headers {'Authorization': 'Bearer §'}",
        ),
        (
            "cannot connect to postgres://vedo:hunter2@db/jobs",
            "cannot connect to postgres://vedo:§@db/jobs",
        ),
        ("{\"x-api-key\": \"9f8e7d6c5b\"}", "{\"x-api-key\": \"§\"}"),
    ] {
        let (record, had) = removed(json!({"error": error}));
        assert_eq!(
            (&record["error"], had.len()),
            (&clean.replace('§', MARKER).into(), 1)
        );
    }
}

#[test]
fn a_sentence_loses_the_secrets_that_it_tells() {
    for (text, clean) in [
        (
            "429: rate limit exceeded for key 8f7e6d5c4b3a2910",
            "429: rate limit exceeded for key §",
        ),
        (
            "quota of key 'ab12cd34ef' is used up",
            "quota of key '§' is used up",
        ),
        ("invalid API key: 7Hq2LmZ9xW", "invalid API key: §"),
        ("the api key is 7Hq2LmZ9xW.", "the api key is §."),
        (
            "refused with token a1b2c3d4e5, retry",
            "refused with token §, retry",
        ),
        (
            "login failed for ann with password hunter22",
            "login failed for ann with password §",
        ),
        ("GET /x?token=opensesame&page=2", "GET /x?token=§&page=2"),
        ("secret key wJalrXUtnFEMI7K7MDENG", "secret key §"),
    ] {
        for field in [
            "error",
            "message",
            "note",
            "current_stage",
            "stepDescription",
            "lastError",
        ] {
            let (record, had) = removed(json!({field: text}));
            let wanted = clean.replace('§', MARKER);
            assert_eq!((&record[field], had.len()), (&wanted.into(), 1), "{field}");
        }
        let raw = json!({"error": text}).to_string();
        assert_eq!(hidden(&hidden(&raw)), hidden(&raw));
    }
}

#[test]
fn names_of_secrets_are_known_in_any_spelling() {
    for name in [
        "apiKey",
        "API-KEY",
        "accessToken",
        "clientSecret",
        "Set-Cookie",
        "token",
    ] {
        let (record, had) = removed(json!({"config": {name: "opensesame"}}));
        assert_eq!(
            (&record["config"][name], had.len()),
            (&MARKER.into(), 1),
            "{name}"
        );
    }
    for name in ["tokens", "nextPageToken", "token_count", "key", "keys"] {
        assert_eq!(removed(json!({name: "opensesame"})).1.len(), 0, "{name}");
    }
}

#[test]
fn ordinary_errors_stay_as_they_are() {
    for error in [
        "Error code: 401 - {'error': {'message': '', 'message_zh': '无效的令牌'}}",
        "can only concatenate str (not \"NoneType\") to str",
        "Token expired: log in again",
        "bearer authentication failed",
        "password: wrong",
        "no key: the lock is open at 12:30:45",
        "net::ERR_CONNECTION_REFUSED",
        "Several items have the key shot_0012",
        "Duplicate entry '5' for key 'jobs.idx_status_2'",
        "duplicate key value violates unique constraint",
        "no such key /media/shots/0012.mp4",
        "password is wrong",
    ] {
        assert_eq!(
            removed(json!({"error": error})),
            (json!({"error": error}), vec![])
        );
    }
}

#[test]
fn what_somebody_wrote_and_where_a_result_lies_is_left_alone() {
    let record = json!({"request": {"script": "MARA: Bearer 0123456789, token=opensesame"}, "url": "https://c/a?key=1234"});
    assert_eq!(removed(record.clone()), (record, vec![]));
}

#[test]
fn json_that_is_text_loses_its_members() {
    let (record, had) =
        removed(json!({"request_data": r#"{"api_key": "k\"1", "idea": "token=opensesame"}"#}));
    assert_eq!(
        record["request_data"],
        format!(r#"{{"api_key": "{MARKER}", "idea": "token=opensesame"}}"#)
    );
    assert_eq!(had, ["request_data"]);
    let raw = json!({"request_data": r#"{"password": "a\"b", "n": "x"}"#}).to_string();
    assert_eq!(
        hidden(&raw),
        format!(r#"{{"request_data":"{{\"password\": \"{MARKER}\", \"n\": \"x\"}}"}}"#)
    );
}

#[test]
fn a_raw_text_loses_them_even_when_it_is_cut_off() {
    let raw = r#"{"config": {"webhook_auth": "Bearer \"q\" s", "user_id": "EXAMPLE-SEC"#;
    assert_eq!(
        hidden(raw),
        format!(r#"{{"config": {{"webhook_auth": "{MARKER}", "user_id": "{MARKER}"#)
    );
    assert_eq!(hidden(&hidden(raw)), hidden(raw));
}

#[test]
fn a_raw_secret_need_not_be_a_text() {
    let raw = r#"{"webhook_auth": {"user": "u", "pass": ["opensesame"]}, "password": 12345, "passwd": null, "n": 1}"#;
    let wanted =
        format!(r#"{{"webhook_auth": {MARKER}, "password": {MARKER}, "passwd": null, "n": 1}}"#);
    assert_eq!(hidden(raw), wanted);
    assert_eq!(hidden(&wanted), wanted);
    let (record, _) = removed(json!({"request_data": r#"{"password": 12345}"#}));
    assert_eq!(record["request_data"], r#"{"password": 12345}"#);
}

/// A text of any of these pieces made the search scan to its end from every position, or might.
#[test]
fn a_long_text_takes_no_longer_than_its_length() {
    for piece in [
        "key:",
        "key=",
        "token:",
        "\"password\":",
        "://",
        "a:b@",
        "bearer ",
        "\\\"",
        "\"password\":{",
    ] {
        let text = piece.repeat(1_000_000 / piece.len());
        let _ = (hidden(&text), removed(json!({"error": text})));
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic_and_once_is_enough(text in r#"(token|key|=|:|: |"|\\|://|@|user_id|Bearer |sk-|[a-z0-9]{0,9}|é| ){0,12}"#) {
        let once = hidden(&text);
        let _ = hidden(&once);
    }
}
