//! The archive in a bucket: what a folder does, and what only a network can do to it.

use super::{
    archive::{archived_ids, ended_jobs},
    ended, is_there, nothing,
    steps::each_in_one_place,
};
use crate::{
    api::face::Api,
    cli::run::Desk,
    import::dump::export_text,
    import_run::own::fill,
    support::{Fate, S3_SECRET, TestApp, TestBucket, refusal, s3_url},
};
use callsheet::jobs::{ArchiveStep, ArchiveStore, Storage, Then};
use chrono::TimeDelta;
use entity::JobStatus;
use sea_orm::EntityTrait;

fn archive_to(t: &TestApp, store: ArchiveStore) {
    t.set_storage(Storage {
        keep: nothing(Then::Archive),
        archive: Some(store),
    });
}

async fn locations(t: &TestApp) -> Vec<String> {
    let (rows, _) = t.list_archives(None, 100).await.unwrap();
    rows.into_iter().map(|one| one.row.location).collect()
}

/// Asserts that the error says what is away, and shows no secret and no signature.
fn away<T>(result: callsheet::error::Result<T>, part: &str) {
    let error = refusal(result.map(|_| ()), "archive_unavailable").to_string();
    assert!(error.contains(part), "{error}");
    assert!(
        !error.contains(S3_SECRET) && !error.contains("X-Amz"),
        "{error}"
    );
}

#[on_both]
async fn jobs_come_back_from_a_bucket_byte_for_byte(t: TestApp) {
    let bucket = TestBucket::empty().await;
    fill(&t).await;
    let ids = ended_jobs(&t, 100).await;
    let before = export_text(&t).await;
    archive_to(&t, bucket.store());
    let run = t.run_retention().await.unwrap();
    assert_eq!(archived_ids(&t).await.len() as u64, run.archived);
    assert_eq!(bucket.objects().await, locations(&t).await.len());
    assert_eq!(each_in_one_place(&t, &ids).await, 100);
    let verified = t.verify_archives().await.unwrap();
    assert_eq!((verified.jobs, verified.findings), (run.archived, vec![]));
    for id in archived_ids(&t).await {
        t.restore_job(&id).await.unwrap();
    }
    assert_eq!(export_text(&t).await, before);
}

#[on_both]
async fn a_corrupted_byte_and_a_missing_object_in_a_bucket_are_named(t: TestApp) {
    let bucket = TestBucket::empty().await;
    let ids = ended_jobs(&t, 3).await;
    archive_to(&t, bucket.store());
    t.run_retention().await.unwrap();
    let location = locations(&t).await.remove(0);
    let whole = bucket.object(&location).await;
    for at in (0..whole.len()).step_by(whole.len() / 10) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        bucket.put(&location, bytes).await;
        let findings = t.verify_archives().await.unwrap().findings;
        let named: Vec<_> = findings
            .iter()
            .filter_map(|one| one.job_id.clone())
            .collect();
        assert!(
            findings.iter().all(|one| one.location == location),
            "{findings:?}"
        );
        assert!(
            !findings.is_empty() && named.len() <= 1,
            "byte {at}: {findings:?}"
        );
        for id in &ids {
            let read = t.get_archived_job(id).await;
            match named.contains(id) {
                true => drop(refusal(read.map(drop), "archive_damaged")),
                false => assert_eq!(&read.unwrap().record.job.id, id),
            }
        }
    }
    for length in [whole.len() - 1, whole.len() / 2, 1] {
        bucket.put(&location, whole[..length].to_vec()).await;
        let findings = t.verify_archives().await.unwrap().findings;
        assert!(findings.len() >= 2, "{length} bytes: {findings:?}");
        for id in findings.into_iter().filter_map(|one| one.job_id) {
            refusal(t.get_archived_job(&id).await.map(drop), "archive_damaged");
        }
    }
    let longer = [&whole[..], b"more"].concat();
    bucket.put(&location, longer).await;
    assert_eq!(t.verify_archives().await.unwrap().findings.len(), 1);
    bucket.remove(&location).await;
    bucket.put("2026/02/stranger.jsonl.zst", whole).await;
    away(t.get_archived_job(&ids[0]).await, "there is no such object");
    let findings = t.verify_archives().await.unwrap().findings;
    let what: Vec<_> = findings.iter().map(|one| one.what.as_str()).collect();
    assert_eq!(findings.len(), 2, "{findings:?}");
    assert!(what[0].contains("there is no such object"), "{what:?}");
    assert!(what[1].contains("another database"), "{what:?}");
}

#[on_both]
async fn an_archive_into_a_bucket_that_stops_before_any_step_loses_nothing(t: TestApp) {
    use ArchiveStep::{Finish, ReadBack, Start, Write};
    for step in [Start, Write, ReadBack, Finish] {
        let bucket = TestBucket::empty().await;
        let ids = [ended(&t, "film", JobStatus::Completed).await];
        archive_to(&t, bucket.store().stopped_by(move |now| now == step));
        assert!(t.run_retention().await.is_err(), "{step:?}");
        assert_eq!(each_in_one_place(&t, &ids).await, 0, "{step:?}");
        let left = usize::from(matches!(step, ReadBack | Finish));
        assert_eq!(bucket.objects().await, left, "{step:?}");
        t.clock.advance(TimeDelta::hours(2));
        archive_to(&t, bucket.store());
        assert_eq!(t.run_retention().await.unwrap().archived, 1, "{step:?}");
        assert_eq!(each_in_one_place(&t, &ids).await, 1, "{step:?}");
        assert_eq!(
            bucket.objects().await,
            1,
            "{step:?}: what was left is swept"
        );
        t.restore_job(&ids[0]).await.unwrap();
        t.delete_job(&ids[0], None).await.unwrap();
        entity::archive::Entity::delete_many()
            .exec(t.database().read())
            .await
            .unwrap();
    }
}

const FAULTS: [Fate; 6] = [
    Fate::Cut,
    Fate::CutAfter,
    Fate::Half,
    Fate::Status(500, "InternalError"),
    Fate::Status(503, "SlowDown"),
    Fate::Silence,
];

/// Requests of an archive of one job into a new bucket: PUT, and GET to read it back.
const REQUESTS: usize = 2;

#[on_both]
async fn a_bucket_that_fails_at_any_request_leaves_each_job_in_the_database(t: TestApp) {
    let bucket = TestBucket::empty().await;
    let ids = [ended(&t, "film", JobStatus::Completed).await];
    for fault in FAULTS {
        for failing in 0..REQUESTS {
            let fate = move |number| {
                if number == failing {
                    fault
                } else {
                    Fate::Arrives
                }
            };
            archive_to(&t, bucket.store_behind(1, fate).await);
            away(t.run_retention().await, "s3://");
            assert_eq!(each_in_one_place(&t, &ids).await, 0, "{fault:?} {failing}");
        }
    }
    t.clock.advance(TimeDelta::hours(2));
    archive_to(&t, bucket.store());
    assert_eq!(t.run_retention().await.unwrap().archived, 1);
    assert_eq!(bucket.objects().await, 1, "what the failures left is swept");
}

#[on_both]
async fn one_failure_of_a_bucket_is_made_good_by_another_attempt(t: TestApp) {
    for fault in FAULTS {
        for failing in 0..REQUESTS {
            let bucket = TestBucket::empty().await;
            let id = ended(&t, "film", JobStatus::Completed).await;
            let fate = move |number| {
                if number == failing {
                    fault
                } else {
                    Fate::Arrives
                }
            };
            archive_to(&t, bucket.store_behind(3, fate).await);
            let run = t.run_retention().await;
            assert_eq!(run.unwrap().archived, 1, "{fault:?} {failing}");
            // The first request reads the job.
            archive_to(&t, bucket.store_behind(3, move |n| fate(n + failing)).await);
            assert_eq!(t.restore_job(&id).await.unwrap().id, id, "{fault:?}");
            t.delete_job(&id, None).await.unwrap();
            entity::archive::Entity::delete_many()
                .exec(t.database().read())
                .await
                .unwrap();
        }
    }
}

#[on_both]
async fn a_bucket_that_refuses_says_what_to_check_and_keeps_the_jobs(t: TestApp) {
    let bucket = TestBucket::empty().await;
    let id = ended(&t, "film", JobStatus::Completed).await;
    for (status, code, part) in [
        (
            403,
            "AccessDenied",
            "answers 403 AccessDenied: check AWS_ACCESS_KEY_ID",
        ),
        (403, "RequestTimeTooSkewed", "check the clock"),
        (404, "NoSuchBucket", "there is no such bucket"),
        (301, "PermanentRedirect", "check AWS_REGION"),
        (400, "AuthorizationHeaderMalformed", "check AWS_REGION"),
        (412, "PreconditionFailed", "there is such an object already"),
        (501, "NotImplemented", "the service has a fault"),
        (507, "<odd>", "answers 507: the service"),
    ] {
        let refused = Fate::Status(status, code);
        archive_to(&t, bucket.store_behind(3, move |_| refused).await);
        away(t.run_retention().await, part);
        assert!(is_there(&t, &id).await, "{code}");
    }
    let mut gone = bucket.settings(&s3_url());
    gone.name = "there-is-no-such-bucket".to_owned();
    archive_to(&t, ArchiveStore::bucket(gone).unwrap());
    away(
        t.reach_archive().await,
        "NoSuchBucket: there is no such bucket",
    );
    away(t.run_retention().await, "there is no such bucket");
    let mut off = bucket.settings("http://127.0.0.1:1");
    off.patience.attempts = 2;
    archive_to(&t, ArchiveStore::bucket(off).unwrap());
    away(t.run_retention().await, "onnection refused");
    assert!(is_there(&t, &id).await);
    archive_to(&t, bucket.store());
    t.reach_archive().await.unwrap();
    assert_eq!(t.run_retention().await.unwrap().archived, 1);
}

#[on_both]
async fn a_service_without_conditions_takes_the_object_all_the_same(t: TestApp) {
    let bucket = TestBucket::empty().await;
    ended(&t, "film", JobStatus::Completed).await;
    let fate = |number| match number {
        0 => Fate::Status(501, "NotImplemented"),
        _ => Fate::Arrives,
    };
    archive_to(&t, bucket.store_behind(3, fate).await);
    assert_eq!(t.run_retention().await.unwrap().archived, 1);
}

#[on_both]
async fn a_bucket_that_lacks_the_newest_object_gets_no_other(t: TestApp) {
    let (bucket, other) = (TestBucket::empty().await, TestBucket::empty().await);
    ended(&t, "film", JobStatus::Completed).await;
    archive_to(&t, bucket.store());
    assert_eq!(t.run_retention().await.unwrap().archived, 1);
    let id = ended(&t, "film", JobStatus::Completed).await;
    archive_to(&t, other.store());
    away(t.run_retention().await, "lacks 2026/01/");
    assert!(is_there(&t, &id).await);
    assert_eq!(other.objects().await, 0);
}

#[on_both]
async fn while_the_bucket_is_away_archived_jobs_answer_503_and_others_are_read(api: Api) {
    let bucket = TestBucket::empty().await;
    let id = ended(&api, "film", JobStatus::Completed).await;
    let sound = Storage {
        keep: nothing(Then::Archive),
        archive: Some(bucket.store()),
    };
    api.served().set_storage(sound.clone());
    api.served().run_retention().await.unwrap();
    let path = format!("/api/v1/jobs/{id}");
    let job = api.get(&path).await.json(200);
    assert!(job["archived_at"].is_string(), "{job}");
    let other = ended(&api, "film", JobStatus::Completed).await;
    for fault in FAULTS {
        let store = bucket.store_behind(1, move |_| fault).await;
        api.served().set_storage(Storage {
            archive: Some(store),
            ..sound.clone()
        });
        api.get(&path).await.problem(503, "archive_unavailable");
        api.get(&format!("/api/v1/jobs/{other}")).await.json(200);
    }
    api.served().set_storage(sound);
    api.get(&path).await.json(200);
}

#[on_both]
async fn the_command_line_archives_into_a_bucket_and_verifies_it(t: TestApp) {
    let bucket = TestBucket::empty().await;
    let place = format!("s3://{}/films", bucket.name);
    let desk = Desk::at(&t.db).with("CALLSHEET_ARCHIVE", &place);
    let sentence = desk.fails(2, &["archive", "list"]).await;
    assert!(sentence.contains("archive_region is wrong"), "{sentence}");
    let desk = desk.with("AWS_ENDPOINT_URL", &s3_url());
    let sentence = desk.fails(2, &["archive", "list"]).await;
    assert!(
        sentence.contains("AWS_ACCESS_KEY_ID is wrong: set it"),
        "{sentence}"
    );
    let desk = desk.with("AWS_ACCESS_KEY_ID", "AKIDOFTESTS");
    let desk = desk.with("AWS_SECRET_ACCESS_KEY", S3_SECRET);
    let id = ended(&t, "film", JobStatus::Completed).await;
    let keep = ["--keep-then", "archive", "--keep-completed", "1s"];
    let run = [&["archive", "run"][..], &keep].concat();
    assert_eq!(desk.done(&run).await, "Archived 1.\n");
    let verified = desk.done(&["archive", "verify"]).await;
    assert_eq!(verified, "1 objects and 1 jobs can be read, 0 findings\n");
    desk.done(&["archive", "restore", &id]).await;
    assert!(t.get_job(&id).await.is_ok());
    for (place, part) in [
        ("s3://x", "use s3://bucket/prefix"),
        ("s3://films/../other", "may not be empty, . or .."),
        ("gs://films", "use a folder or s3://bucket/prefix"),
    ] {
        let sentence = desk
            .fails(2, &["archive", "list", "--archive", place])
            .await;
        assert!(sentence.contains(part), "{sentence}");
    }
}
