//! JSON Lines, of which a broken one costs only itself.

use super::*;

/// Like [`whole`], with a buffer that holds the whole text.
fn lines(text: &str) -> Vec<(String, Option<Reason>)> {
    let mut found = Vec::new();
    split(text.as_bytes(), SHAPES, &mut |piece| {
        found.push((piece.at.to_string(), piece.whole.err().map(|r| r.reason)));
        true
    });
    found
}

#[test]
fn a_broken_line_costs_itself_alone() {
    let good = r#"{"job_id": 1, "x": [{}]}"#;
    let broken = [
        r#"{bad"#,
        r#"{"job_id": "a", "shots": ["#,
        r#"{"job_id": "a", "error": "cut of"#,
        r#"{"job_id": "a", "#,
        r#"{"job_id": "a", "sta{"job_id": "b", "status": "queued"}"#,
        r#"{"a": {"job_id": 1} "b"}"#,
        "garbage",
        "]",
        "\u{1}",
    ];
    let whole = |text: &str| -> Vec<String> {
        let found = lines(text);
        assert!(
            found.iter().any(|(_, flaw)| flaw.is_some()),
            "{text}: {found:?}"
        );
        let whole = found
            .into_iter()
            .filter(|(at, flaw)| flaw.is_none() && at.starts_with("line "));
        whole.map(|(at, _)| at).collect()
    };
    for broken in broken {
        for end in ["", "\n"] {
            let text = format!("{good}\n{broken}\r\n{good}\n\n{good}{end}");
            assert_eq!(whole(&text), ["line 1", "line 3", "line 5"], "{broken}");
        }
        // The splitter assumes that a first line which could continue on the second does so.
        if broken.starts_with('{') && !broken.ends_with(['[', ' ']) {
            assert_eq!(
                whole(&format!("{broken}\n{good}\n{good}\n")),
                ["line 2", "line 3"],
                "{broken}"
            );
        }
    }
}

#[test]
fn what_is_written_over_several_lines_is_no_line() {
    let pretty = "{\n\"job_id\": 1,\n\"x\": [\n{}\n]\n}";
    for text in [
        format!("{pretty}\n{pretty}"),
        format!("{{\"job_id\": 1}}\n{{\"job_id\": 2}}\n{pretty}\n{pretty}"),
    ] {
        let found = lines(&text);
        assert!(
            found.len() >= 2 && found.iter().all(|(_, flaw)| flaw.is_none()),
            "{found:?}"
        );
    }
    for text in [
        "[{\"a\": 1},\n{\"a\": 2},\n{\"a\": 3}\n]",
        "{\"jobs\":\n[\n{\"job_id\": 1}\n]}",
        "{\"jobs\": {\n\"a\": {},\n\"b\": {}\n}}",
    ] {
        assert!(lines(text).iter().all(|(_, flaw)| flaw.is_none()), "{text}");
    }
}
