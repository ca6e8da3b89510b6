//! Actions on all jobs that match.

use crate::support::{TestApp, any_job, refusal};
use callsheet::jobs::{ActionFilter, Idempotency, JobManager, NewAction, NewJob};
use chrono::TimeDelta;
use entity::{
    JobStatus,
    job_action::{self, ActionKind, ActionStatus},
    job_action_outcome::Outcome,
};

fn action(action: ActionKind, filter: ActionFilter) -> NewAction {
    NewAction {
        action,
        priority: None,
        filter,
    }
}

fn with_status(status: &[JobStatus]) -> ActionFilter {
    ActionFilter {
        status: status.to_vec(),
        ..Default::default()
    }
}

async fn done(t: &TestApp, new: NewAction, confirm: bool) -> job_action::Model {
    let begun = t.start_action(new, confirm, None).await.unwrap();
    assert_eq!(begun.status, ActionStatus::Running);
    t.run_actions().await.unwrap();
    let ended = t.get_action(&begun.id).await.unwrap();
    assert_eq!(
        (ended.status, ended.error.clone()),
        (ActionStatus::Completed, None)
    );
    ended
}

fn sums(action: &job_action::Model) -> (i64, i64, i64, i64) {
    (
        action.matching,
        action.changed,
        action.skipped,
        action.failed,
    )
}

async fn one_of_each(t: &TestApp) {
    for status in [
        JobStatus::Queued,
        JobStatus::Processing,
        JobStatus::Completed,
        JobStatus::Failed,
        JobStatus::Cancelled,
    ] {
        t.job_in(status).await;
    }
}

#[on_both]
async fn each_action_does_to_each_job_what_its_verb_does(t: TestApp) {
    one_of_each(&t).await;
    let all = ActionFilter {
        job_type: Some("idea2video".into()),
        ..Default::default()
    };
    assert_eq!(
        sums(&done(&t, action(ActionKind::Cancel, all.clone()), false).await),
        (5, 2, 3, 0)
    );
    let retried = done(&t, action(ActionKind::Retry, all.clone()), false).await;
    assert_eq!(sums(&retried), (5, 4, 1, 0));
    let skipped = t
        .list_action_outcomes(&retried.id, Some(Outcome::Skipped), None, 10)
        .await
        .unwrap();
    assert_eq!(skipped[0].code.as_deref(), Some("job_transition_illegal"));
    let priority = NewAction {
        priority: Some(7),
        ..action(ActionKind::SetPriority, all.clone())
    };
    assert_eq!(sums(&done(&t, priority.clone(), false).await), (5, 5, 0, 0));
    let again = done(&t, priority, false).await;
    assert_eq!(sums(&again), (5, 0, 5, 0));
    let outcomes = t
        .list_action_outcomes(&again.id, None, None, 10)
        .await
        .unwrap();
    assert!(
        outcomes
            .iter()
            .all(|outcome| outcome.code.as_deref() == Some("unchanged"))
    );
    for outcome in &outcomes {
        let whole = t.whole(&outcome.job_id).await;
        whole.assert_history_is_whole();
        assert_eq!(whole.job.unwrap().priority, 7);
    }
    assert_eq!(
        sums(&done(&t, action(ActionKind::Delete, all), false).await),
        (5, 5, 0, 0)
    );
    assert_eq!(t.count_jobs(&Default::default()).await.unwrap().total(), 0);
}

#[on_both]
async fn a_preview_tells_what_an_action_then_does(t: TestApp) {
    one_of_each(&t).await;
    t.clock.advance(TimeDelta::hours(1));
    one_of_each(&t).await;
    for kind in [ActionKind::Cancel, ActionKind::Retry, ActionKind::Delete] {
        let new = action(kind, ActionFilter::default());
        let preview = t.preview_action(&new).await.unwrap();
        assert_eq!(preview.filter_text, "all jobs");
        let ended = done(&t, new, true).await;
        let told = (preview.by_status.total(), preview.will_change);
        assert_eq!(
            told,
            (ended.matching.unsigned_abs(), ended.changed.unsigned_abs()),
            "{kind:?}"
        );
    }
}

#[on_both]
async fn only_what_matches_and_was_there_is_acted_on(t: TestApp) {
    let labels = |pairs: &[(&str, &str)]| {
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    };
    let red = t
        .create(NewJob {
            labels: labels(&[("team", "red")]),
            ..any_job()
        })
        .await;
    let blue = t
        .create(NewJob {
            labels: labels(&[("team", "blue")]),
            ..any_job()
        })
        .await;
    let filter = ActionFilter {
        labels: labels(&[("team", "red")]),
        ..with_status(&[JobStatus::Queued])
    };
    let begun = t
        .start_action(action(ActionKind::Cancel, filter), false, None)
        .await
        .unwrap();
    t.clock.advance(TimeDelta::seconds(1));
    let later = t
        .create(NewJob {
            labels: labels(&[("team", "red")]),
            ..any_job()
        })
        .await;
    t.run_actions().await.unwrap();
    let status = async |id: &str| t.get_job(id).await.unwrap().status;
    assert_eq!(status(&red.id).await, JobStatus::Cancelled);
    assert_eq!(
        (status(&blue.id).await, status(&later.id).await),
        (JobStatus::Queued, JobStatus::Queued)
    );
    assert_eq!(sums(&t.get_action(&begun.id).await.unwrap()), (1, 1, 0, 0));
    let named = ActionFilter {
        job_ids: vec![blue.id.clone(), "nobody".into()],
        ..Default::default()
    };
    assert_eq!(
        sums(&done(&t, action(ActionKind::Cancel, named), false).await),
        (1, 1, 0, 0)
    );
    assert_eq!(status(&later.id).await, JobStatus::Queued);
}

#[on_both]
async fn an_action_of_many_batches_is_gone_on_with_by_another_server_and_can_be_aborted(
    t: TestApp,
) {
    let mut ids = Vec::new();
    for _ in 0..450 {
        ids.push(t.queued().await.id);
    }
    let begun = t
        .start_action(
            action(ActionKind::Cancel, with_status(&[JobStatus::Queued])),
            false,
            None,
        )
        .await
        .unwrap();
    // A server that is about to end does no more than it has begun.
    let ending = t.another().await;
    ending.end_streams().await;
    ending.run_actions().await.unwrap();
    let left = t.get_action(&begun.id).await.unwrap();
    assert_eq!(
        (left.status, left.process, left.changed),
        (ActionStatus::Running, None, 0)
    );
    let (a, b) = (t.another().await, t.another().await);
    let run = |jobs: JobManager| tokio::spawn(async move { jobs.run_actions().await });
    for task in [run(a.clone()), run(b.clone())] {
        task.await.unwrap().unwrap();
    }
    let ended = t.get_action(&begun.id).await.unwrap();
    assert_eq!(
        (ended.status, sums(&ended)),
        (ActionStatus::Completed, (450, 450, 0, 0))
    );
    let outcomes = t
        .list_action_outcomes(&begun.id, None, None, 1000)
        .await
        .unwrap();
    let met: std::collections::BTreeSet<_> = outcomes
        .iter()
        .map(|outcome| outcome.job_id.clone())
        .collect();
    assert_eq!((outcomes.len(), met), (450, ids.into_iter().collect()));
    // One that is aborted before it begins does nothing; one that has ended stays as it is.
    let retry = t
        .start_action(
            action(ActionKind::Retry, ActionFilter::default()),
            true,
            None,
        )
        .await
        .unwrap();
    assert_eq!(
        t.abort_action(&retry.id).await.unwrap().status,
        ActionStatus::Aborted
    );
    t.run_actions().await.unwrap();
    assert_eq!(
        sums(&t.get_action(&retry.id).await.unwrap()),
        (450, 0, 0, 0)
    );
    assert_eq!(t.abort_action(&begun.id).await.unwrap(), ended);
    for jobs in [a, b, ending] {
        jobs.database().clone().close().await.unwrap();
    }
}

#[on_both]
async fn an_action_whose_process_is_silent_is_gone_on_with(t: TestApp) {
    t.queued().await;
    let begun = t
        .start_action(
            action(ActionKind::Cancel, with_status(&[JobStatus::Queued])),
            false,
            None,
        )
        .await
        .unwrap();
    let raw = t.db.raw().await;
    let held = job_action::ActiveModel {
        id: sea_orm::ActiveValue::Set(begun.id.clone()),
        process: sea_orm::ActiveValue::Set(Some("elsewhere pid:[1] 7 7".into())),
        heartbeat_at: sea_orm::ActiveValue::Set(Some(t.now())),
        ..Default::default()
    };
    sea_orm::ActiveModelTrait::update(held, &raw).await.unwrap();
    t.run_actions().await.unwrap();
    assert_eq!(
        t.get_action(&begun.id).await.unwrap().status,
        ActionStatus::Running
    );
    t.clock.advance(TimeDelta::seconds(60));
    t.run_actions().await.unwrap();
    assert_eq!(
        t.get_action(&begun.id).await.unwrap().status,
        ActionStatus::Completed
    );
}

#[on_both]
async fn jobs_with_times_in_the_future_belong_to_an_action_and_later_ones_do_not(t: TestApp) {
    let future = t.job_in(JobStatus::Failed).await.id;
    // The clock was seven hours ahead when the job was created.
    t.clock.advance(-TimeDelta::hours(7));
    let now = t.job_in(JobStatus::Failed).await.id;
    let retry = action(ActionKind::Retry, with_status(&[JobStatus::Failed]));
    let begun = t.start_action(retry, false, None).await.unwrap();
    t.clock.advance(TimeDelta::seconds(1));
    let later = t.job_in(JobStatus::Failed).await.id;
    t.clock.advance(TimeDelta::seconds(1));
    t.run_actions().await.unwrap();
    let ended = t.get_action(&begun.id).await.unwrap();
    assert_eq!(sums(&ended), (2, 2, 0, 0));
    for (id, status) in [
        (future, JobStatus::Queued),
        (now, JobStatus::Queued),
        (later, JobStatus::Failed),
    ] {
        assert_eq!(t.get_job(&id).await.unwrap().status, status, "{id}");
    }
}

#[on_both]
async fn what_is_on_all_jobs_has_to_be_confirmed_however_it_is_said(t: TestApp) {
    let begin = async |filter: ActionFilter, confirm, key: Option<&str>| {
        let key = key.map(|key| Idempotency {
            key: key.into(),
            fingerprint: "same".into(),
        });
        t.start_action(action(ActionKind::Cancel, filter), confirm, key)
            .await
    };
    let every = [
        JobStatus::Queued,
        JobStatus::Processing,
        JobStatus::Completed,
        JobStatus::Failed,
        JobStatus::Cancelled,
    ];
    let since = |time| ActionFilter {
        created_after: Some(time),
        ..Default::default()
    };
    let long_ago = since("0001-01-01T00:00:00Z".parse().unwrap());
    t.queued().await;
    // Of a single job nobody is surprised that it is all there are.
    let first = begin(long_ago.clone(), false, Some("key")).await.unwrap();
    t.clock.advance(TimeDelta::hours(1));
    t.queued().await;
    let until = ActionFilter {
        created_before: Some(t.now() + TimeDelta::days(1)),
        ..with_status(&every)
    };
    for all in [long_ago.clone(), with_status(&every), until] {
        refusal(
            begin(all.clone(), false, None).await,
            "confirmation_required",
        );
        begin(all, true, None).await.unwrap();
    }
    assert_eq!(
        begin(long_ago.clone(), false, Some("key")).await.unwrap(),
        first,
        "a repeated call"
    );
    // These say which jobs are meant, or leave one out.
    let of_type = ActionFilter {
        job_type: Some("idea2video".into()),
        ..long_ago
    };
    for some in [
        of_type,
        with_status(&[JobStatus::Queued]),
        since(t.now()),
        with_status(&every[1..]),
    ] {
        begin(some, false, None).await.unwrap();
    }
}

#[on_both]
async fn a_search_for_no_words_on_all_jobs_has_to_be_confirmed(t: TestApp) {
    for n in 0..2 {
        let new = NewJob {
            content: Some(format!("A fox, take {n}")),
            ..any_job()
        };
        t.create_job(new, None).await.unwrap();
    }
    let search = |words: &str| {
        let filter = ActionFilter {
            q: Some(words.to_owned()),
            ..Default::default()
        };
        t.start_action(action(ActionKind::Delete, filter), false, None)
    };
    refusal(search("").await, "confirmation_required");
    search("fox").await.unwrap();
}

#[on_both]
async fn bad_actions_are_refused(t: TestApp) {
    let everything = action(ActionKind::Delete, ActionFilter::default());
    refusal(
        t.start_action(everything.clone(), false, None).await,
        "confirmation_required",
    );
    let bad = [
        NewAction {
            priority: Some(3),
            ..everything.clone()
        },
        NewAction {
            priority: Some(101),
            ..action(ActionKind::SetPriority, ActionFilter::default())
        },
        action(ActionKind::SetPriority, ActionFilter::default()),
        action(
            ActionKind::Cancel,
            ActionFilter {
                job_type: Some("a\0".into()),
                ..Default::default()
            },
        ),
        action(
            ActionKind::Cancel,
            ActionFilter {
                job_ids: vec!["x".into(); 1001],
                ..Default::default()
            },
        ),
        action(
            ActionKind::Cancel,
            ActionFilter {
                job_ids: vec!["\0".into()],
                ..Default::default()
            },
        ),
        action(
            ActionKind::Cancel,
            ActionFilter {
                labels: [("".into(), "".into())].into(),
                ..Default::default()
            },
        ),
    ];
    for new in bad {
        refusal(t.preview_action(&new).await, "invalid_request");
        refusal(t.start_action(new, true, None).await, "invalid_request");
    }
    refusal(t.get_action("nobody").await, "action_not_found");
    refusal(t.abort_action("no\0body").await, "action_not_found");
    refusal(
        t.list_action_outcomes("nobody", None, None, 1).await,
        "action_not_found",
    );
    assert!(t.list_actions(None, 10).await.unwrap().is_empty());
}
