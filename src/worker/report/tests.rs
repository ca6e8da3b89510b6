use super::*;
use callsheet_client::ItemStatus::Completed;
use serde_json::json;

fn judged(value: Value) -> Judged {
    judge(value.as_object().unwrap().clone())
}

#[test]
fn what_can_be_put_right_is_put_right() {
    let rows = [
        (json!({"progress": 100.000_000_000_000_01}), Some(100.0)),
        (json!({"progress": 100.01}), Some(100.0)),
        (json!({"progress": -0.004}), Some(0.0)),
        (json!({"progress": "45"}), Some(45.0)),
        (json!({"progress": null, "stage": "a"}), None),
    ];
    for (value, progress) in rows {
        let judged = judged(value.clone());
        assert_eq!(judged.report.progress, progress, "{value}");
        assert_eq!(judged.notes, Vec::<String>::new(), "{value}");
    }
    let counts = judged(json!({"total_shots": 12.0, "completed_shots": "3"})).report;
    assert_eq!(
        (counts.total_shots, counts.completed_shots),
        (Some(12), Some(3))
    );
    let item = json!({"key": 7, "status": " Done ", "error": {"a": 1}, "result": "l\0r"});
    let item = judged(json!({"item": item})).report.item.unwrap();
    assert_eq!(
        (item.key.as_deref(), item.status, item.error.as_deref()),
        (Some("7"), Completed, Some(r#"{"a":1}"#))
    );
    assert_eq!(item.result, Some("l\u{fffd}r".into()));
    let result = judged(json!({"result": {"a\0": ["\0"]}})).report.result;
    assert_eq!(
        Value::Object(result.unwrap()),
        json!({"a\u{fffd}": ["\u{fffd}"]})
    );
}

#[test]
fn one_bad_member_costs_itself() {
    let said = judged(json!({
        "progress": "ten", "stage": 5, "total_shots": -1, "completed_shots": 3,
        "item": {"key": "a", "status": "completed", "video": "x"}, "result": {"fine": true}
    }));
    let reasons = ["progress", "stage", "total_shots", "no member video"];
    assert_eq!(said.notes.len(), reasons.len(), "{:?}", said.notes);
    for (note, reason) in said.notes.iter().zip(reasons) {
        assert!(note.contains(reason), "{note}");
    }
    let Report {
        completed_shots,
        item,
        result,
        ..
    } = said.report;
    assert_eq!(
        (completed_shots, item.unwrap().status),
        (Some(3), Completed)
    );
    assert_eq!(result.unwrap()["fine"], true);
    assert_eq!((said.bad_item, said.bad_result), (None, None));
}

#[test]
fn an_unknown_status_beside_a_result_is_a_fault_of_the_item_alone() {
    let said = judged(json!({"item": {"key": "a", "status": "odd"}, "result": {"a": 1}}));
    assert!(said.bad_item.unwrap().contains("\"odd\""));
    assert_eq!(said.report.result.unwrap()["a"], 1);
}

#[test]
fn items_and_results_that_cannot_be_taken_have_a_reason() {
    let rows = [
        (json!({"item": {"status": "completed"}}), "a key or an idx"),
        (json!({"item": {"key": "a"}}), "needs a status"),
        (json!({"item": {"key": "a", "status": 5}}), "one of pending"),
        (json!({"item": {"key": "", "status": "failed"}}), "1 to 255"),
        (
            json!({"item": {"key": "a\nb", "status": "failed"}}),
            "visible",
        ),
        (
            json!({"item": {"idx": -1, "status": "failed"}}),
            "from 0 to",
        ),
        (json!({"item": {"idx": 1.5, "status": "failed"}}), "1.5"),
        (json!({"item": [1]}), "an item is an object"),
        (json!({"result": "a.mp4"}), "a result is an object"),
        (json!({"result": 5}), "not 5"),
        (json!({"result": []}), "a result is an object"),
    ];
    for (value, reason) in rows {
        let judged = judged(value.clone());
        let why = judged.bad_item.or(judged.bad_result).unwrap();
        assert!(why.contains(reason), "{value}: {why}");
        assert_eq!(judged.report, Report::default(), "{value}");
    }
}

#[test]
fn progress_that_cannot_be_is_a_note() {
    for value in [json!(101), json!(-1), json!("ten"), json!(1e308), json!([])] {
        let judged = judged(json!({"progress": value}));
        assert_eq!(judged.report, Report::default());
        assert!(
            judged.notes[0].contains("from 0 to 100"),
            "{:?}",
            judged.notes
        );
    }
}
