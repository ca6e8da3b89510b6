//! Active jobs: what a client has before it, never one that has ended.

use crate::support::{TestApp, any_job, for_good, for_now, refusal};
use callsheet::jobs::NewJob;
use entity::JobStatus;
use sea_orm::EntityTrait;

async fn active(t: &TestApp, client: &str) -> Vec<String> {
    let active = t.list_active_jobs(client).await.unwrap();
    active
        .into_iter()
        .map(|(active, job)| {
            assert_eq!(active.job_id, job.id);
            job.id
        })
        .collect()
}

async fn of_client(t: &TestApp, client: &str) -> String {
    let new = NewJob {
        client_id: Some(client.into()),
        project_title: Some("Night train".into()),
        ..any_job()
    };
    t.create(new).await.id
}

#[on_both]
async fn a_job_is_active_from_its_creation_until_it_ends_however_it_ends(t: TestApp) {
    for end in ["complete", "fail", "cancel", "delete", "patch"] {
        let id = of_client(&t, "page").await;
        t.start(&id).await;
        t.mark_failed(&id, for_now("again"), None).await.unwrap();
        assert_eq!(active(&t, "page").await, std::slice::from_ref(&id));
        t.start(&id).await;
        let ended = match end {
            "complete" => t.mark_completed(&id, None, None).await.map(|_| ()),
            "fail" => t
                .mark_failed(&id, for_good("broken"), None)
                .await
                .map(|_| ()),
            "cancel" => t.cancel_job(&id, None, None).await.map(|_| ()),
            "delete" => t.delete_job(&id, None).await,
            _ => {
                let patch = callsheet::jobs::JobPatch {
                    status: Some(JobStatus::Failed),
                    ..Default::default()
                };
                t.update_job(&id, patch, None).await.map(|_| ())
            }
        };
        ended.unwrap();
        assert_eq!(
            active(&t, "page").await,
            Vec::<String>::new(),
            "after {end}"
        );
    }
}

#[on_both]
async fn a_client_may_have_several_jobs_and_a_job_several_clients(t: TestApp) {
    let first = of_client(&t, "phone").await;
    t.clock.advance(chrono::TimeDelta::seconds(1));
    let second = of_client(&t, "phone").await;
    assert_eq!(active(&t, "phone").await, [second.clone(), first.clone()]);
    let (entry, _) = t.set_active_job("laptop", &first, None).await.unwrap();
    assert_eq!(entry.title.as_deref(), Some("Night train"));
    let (entry, _) = t
        .set_active_job("laptop", &first, Some("Mine".into()))
        .await
        .unwrap();
    assert_eq!(
        (entry.title.as_deref(), active(&t, "laptop").await),
        (Some("Mine"), vec![first.clone()])
    );
    assert_eq!(
        t.remove_active_jobs("phone", Some(first.clone()))
            .await
            .unwrap(),
        1
    );
    assert_eq!(t.remove_active_jobs("phone", None).await.unwrap(), 1);
    assert_eq!(t.remove_active_jobs("phone", None).await.unwrap(), 0);
    assert_eq!(
        (
            active(&t, "phone").await.len(),
            active(&t, "laptop").await.len()
        ),
        (0, 1)
    );
    t.cancel_job(&first, None, None).await.unwrap();
    assert!(active(&t, "laptop").await.is_empty());
}

#[on_both]
async fn a_job_that_has_ended_is_nobodys_until_it_is_put_again(t: TestApp) {
    let id = of_client(&t, "page").await;
    t.cancel_job(&id, None, None).await.unwrap();
    t.refused(&id, "job_ended", t.set_active_job("page", &id, None))
        .await;
    t.retry_job(&id, None).await.unwrap();
    assert!(active(&t, "page").await.is_empty());
    t.set_active_job("page", &id, None).await.unwrap();
    assert_eq!(active(&t, "page").await, [id]);
}

#[on_both]
async fn bad_clients_and_unknown_jobs_are_refused(t: TestApp) {
    let id = t.queued().await.id;
    let long = "x".repeat(201);
    for client in ["", "a\nb", "a\0", long.as_str()] {
        refusal(t.set_active_job(client, &id, None).await, "invalid_request");
        refusal(t.list_active_jobs(client).await, "invalid_request");
        refusal(t.remove_active_jobs(client, None).await, "invalid_request");
        refusal(
            t.create_job(
                NewJob {
                    client_id: Some(client.into()),
                    ..any_job()
                },
                None,
            )
            .await,
            "invalid_request",
        );
    }
    refusal(
        t.set_active_job("page", "nobody", None).await,
        "job_not_found",
    );
    refusal(
        t.set_active_job("page", "no\0body", None).await,
        "job_not_found",
    );
    assert_eq!(
        t.remove_active_jobs("page", Some("nobody".into()))
            .await
            .unwrap(),
        0
    );
    // A refused creation leaves nothing.
    refusal(
        t.create_job(
            NewJob {
                job_id: Some(id),
                client_id: Some("page".into()),
                ..any_job()
            },
            None,
        )
        .await,
        "job_exists",
    );
    assert!(active(&t, "page").await.is_empty());
}

#[on_both]
async fn a_job_that_ends_while_it_is_put_is_nobodys(t: TestApp) {
    let other = t.another().await;
    for round in 0..20 {
        let id = of_client(&t, "page").await;
        t.start(&id).await;
        let puts = (0..4).map(|client| {
            let (server, id) = (
                if client % 2 == 0 {
                    callsheet::jobs::JobManager::clone(&t)
                } else {
                    other.clone()
                },
                id.clone(),
            );
            async move {
                // Refused when it came behind the end.
                drop(
                    server
                        .set_active_job(&format!("client-{client}"), &id, None)
                        .await,
                );
            }
        });
        let (server, ending) = (other.clone(), id.clone());
        let end =
            tokio::spawn(async move { server.mark_completed(&ending, None, None).await.unwrap() });
        crate::support::at_once(puts).await;
        end.await.unwrap();
        // Not even a row is left that a list would have to hide.
        let left = entity::active_job::Entity::find()
            .all(t.database().read())
            .await
            .unwrap();
        assert!(left.is_empty(), "round {round}: {left:?}");
    }
    other.database().clone().close().await.unwrap();
}
