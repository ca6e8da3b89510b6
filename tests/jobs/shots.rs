//! list_shots and update_shot: items as the older clients know them.

use crate::support::{TestApp, any_job, pointers};
use callsheet::jobs::{ItemReport, NewItem, NewJob, ShotEdit, ShotStatus};
use entity::{ItemStatus, JobStatus};
use sea_orm::Iterable;
use serde_json::{Value, json};

fn edit(visual: &str) -> ShotEdit {
    ShotEdit {
        visual_desc: Some(visual.into()),
        ..Default::default()
    }
}

async fn with_inputs(t: &TestApp, inputs: &[Value]) -> String {
    let item = |(i, input): (usize, &Value)| NewItem {
        key: format!("shot-{i}"),
        input: Some(input.clone()),
    };
    t.create(NewJob {
        items: inputs.iter().enumerate().map(item).collect(),
        ..any_job()
    })
    .await
    .id
}

#[on_both]
async fn an_item_is_read_as_a_shot(t: TestApp) {
    let input = json!({"shot_idx": 7, "visual_desc": "A cat", "camera_idx": 2, "scene_idx": 1, "motion_desc": 5});
    let id = with_inputs(&t, &[input, Value::Null]).await;
    t.start(&id).await;
    let report = |idx, status, result| ItemReport {
        key: None,
        idx: Some(idx),
        status,
        result,
        error: None,
    };
    let frame = json!({"first_frame_path": "f.png"});
    t.report_items(
        &id,
        vec![
            report(0, ItemStatus::Processing, Some(frame)),
            report(1, ItemStatus::Skipped, None),
        ],
        None,
    )
    .await
    .unwrap();
    let (job, shots, _) = t.list_shots(&id, None).await.unwrap();
    assert_eq!(job.total_shots, 2);
    assert_eq!(
        (shots[0].shot_idx, shots[0].status),
        (7, ShotStatus::GeneratingVideo)
    );
    assert_eq!(shots[0].visual_desc.as_deref(), Some("A cat"));
    assert_eq!(
        (shots[0].camera_idx, shots[0].scene_idx),
        (Some(2), Some(1))
    );
    assert_eq!(
        (
            shots[0].motion_desc.as_ref(),
            shots[0].first_frame_path.as_deref()
        ),
        (None, Some("f.png"))
    );
    assert_eq!(
        (shots[1].shot_idx, shots[1].status),
        (1, ShotStatus::Completed)
    );
}

#[on_both]
async fn a_description_is_rewritten_in_any_status(t: TestApp) {
    for status in JobStatus::iter() {
        let id = with_inputs(&t, &[json!({"description": "stays"}), json!("text")]).await;
        match status {
            JobStatus::Queued => {}
            JobStatus::Cancelled => drop(t.cancel_job(&id, None, None).await.unwrap()),
            _ => drop(t.start(&id).await),
        }
        match status {
            JobStatus::Completed => drop(t.mark_completed(&id, None, None).await.unwrap()),
            JobStatus::Failed => drop(
                t.mark_failed(&id, crate::support::for_good("x"), None)
                    .await
                    .unwrap(),
            ),
            _ => {}
        }
        let before = t.get_job(&id).await.unwrap();
        let after = t.update_shot(&id, 0, edit("A dog")).await.unwrap();
        assert_eq!((after.status, after.version), (status, before.version + 1));
        t.update_shot(&id, 1, edit("A bird")).await.unwrap();
        let whole = t.whole(&id).await;
        assert_eq!(
            whole.items[0].input,
            Some(json!({"description": "stays", "visual_desc": "A dog"}))
        );
        assert_eq!(
            whole.items[1].input,
            Some(json!({"value": "text", "visual_desc": "A bird"}))
        );
        assert_eq!(whole.kinds().last(), Some(&"shot_described"));
        whole.assert_history_is_whole();
    }
}

#[on_both]
async fn the_same_description_again_makes_no_event(t: TestApp) {
    let id = with_inputs(&t, &[json!({})]).await;
    t.update_shot(&id, 0, edit("A dog")).await.unwrap();
    let before = t.whole(&id).await;
    t.update_shot(&id, 0, edit("A dog")).await.unwrap();
    assert_eq!(t.whole(&id).await, before);
}

#[on_both]
async fn an_edit_of_nothing_changes_nothing(t: TestApp) {
    let id = with_inputs(&t, &[Value::Null, json!("text"), json!({"a": 1})]).await;
    let before = t.whole(&id).await;
    for shot in 0..3 {
        t.update_shot(&id, shot, ShotEdit::default()).await.unwrap();
    }
    assert_eq!(t.whole(&id).await, before);
}

#[on_both]
async fn a_shot_that_is_not_there_is_refused(t: TestApp) {
    let id = with_inputs(&t, &[json!({})]).await;
    for shot in [1, -1, i64::MAX] {
        t.refused(&id, "shot_not_found", t.update_shot(&id, shot, edit("x")))
            .await;
    }
    let error = t
        .refused(&id, "invalid_request", t.update_shot(&id, 0, edit("\0")))
        .await;
    assert_eq!(pointers(&error), ["/visual_desc nul_character"]);
}
