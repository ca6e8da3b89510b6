//! What a reader does not want it is not told.

use super::{follow_all::open, reader::kinds};
use crate::{
    api::face::Api,
    support::{any_job, for_good},
};
use callsheet::jobs::NewJob;

#[on_both]
async fn events_are_filtered_by_type_status_and_label(t: Api) {
    let mut of_type = open(&t, "?job_type=other&job_type=third", None).await;
    let mut of_status = open(&t, "?status=failed&status=cancelled", None).await;
    let mut of_label = open(&t, "?label=team%3Dred&label=a.b%2Fc%3D1", None).await;
    for reader in [&mut of_type, &mut of_status, &mut of_label] {
        assert_eq!(reader.next().await.unwrap().event, "snapshot");
    }
    let labels = |pairs: &[(&str, &str)]| {
        pairs
            .iter()
            .map(|(k, v)| ((*k).into(), (*v).into()))
            .collect()
    };
    let red = t
        .create(NewJob {
            labels: labels(&[("team", "red"), ("a.b/c", "1")]),
            ..any_job()
        })
        .await;
    t.create(NewJob {
        labels: labels(&[("team", "red")]),
        ..any_job()
    })
    .await;
    let other = t
        .create(NewJob {
            job_type: "other".into(),
            ..any_job()
        })
        .await;
    t.start(&red.id).await;
    t.mark_failed(&red.id, for_good("broken"), None)
        .await
        .unwrap();
    t.cancel_job(&other.id, None, None).await.unwrap();
    assert_eq!(kinds(&of_type.take(2).await), ["created", "cancelled"]);
    assert_eq!(kinds(&of_status.take(2).await), ["failed", "cancelled"]);
    assert_eq!(
        kinds(&of_label.take(3).await),
        ["created", "started", "failed"]
    );
    // The labels of a deleted job are told with its end.
    t.delete_job(&red.id, None).await.unwrap();
    let deleted = of_label.next().await.unwrap();
    assert_eq!(
        (deleted.kind(), &deleted.data["data"]["labels"]["team"]),
        ("deleted", &"red".into())
    );
}
