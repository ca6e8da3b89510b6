use super::*;
use proptest::prelude::*;

fn job(raw: Option<Value>) -> Result<(JobStatus, String), Reject> {
    of_job(raw, &StatusWords::default(), &mut Legacy::default())
}

fn item(raw: &str) -> ItemStatus {
    let raw = Value::from(raw);
    of_item(Some(&raw), &StatusWords::default(), &mut Legacy::default())
}

#[test]
fn the_pipelines_words_are_synonyms() {
    assert_eq!(
        job(Some("pending".into())),
        Ok((JobStatus::Queued, "pending".into()))
    );
    assert_eq!(
        job(Some("running".into())),
        Ok((JobStatus::Processing, "running".into()))
    );
}

#[test]
fn words_of_other_systems_are_taken_in_any_spelling_and_told() {
    for (raw, status) in [
        ("canceled", JobStatus::Cancelled),
        ("SUCCESS", JobStatus::Completed),
        ("Done", JobStatus::Completed),
        ("in progress", JobStatus::Processing),
        ("InProgress", JobStatus::Processing),
        ("IN-PROGRESS", JobStatus::Processing),
        ("JobStatus.FINISHED", JobStatus::Completed),
        (" FAILURE ", JobStatus::Failed),
        ("timed_out", JobStatus::Failed),
        ("REVOKED", JobStatus::Cancelled),
        ("waiting", JobStatus::Queued),
    ] {
        let mut kept = Legacy::default();
        let found = of_job(Some(raw.into()), &StatusWords::default(), &mut kept);
        assert_eq!(found, Ok((status, raw.to_owned())), "{raw}");
        assert_ne!(kept.assumed, Default::default(), "{raw}");
    }
}

#[test]
fn a_missing_unknown_or_wordless_status_is_reported() {
    for raw in [
        None,
        Some("archived".into()),
        Some("".into()),
        Some(3.into()),
    ] {
        assert_eq!(job(raw).unwrap_err().reason, Reason::UnknownStatus);
    }
}

#[test]
fn a_word_that_the_user_names_comes_before_all_others() {
    let mut words = StatusWords::default();
    for pair in [
        "preview_ready=queued",
        "done=failed",
        "left out=skipped",
        "3=completed",
    ] {
        words.add(pair).unwrap();
    }
    let of = |raw: Value| of_job(Some(raw), &words, &mut Legacy::default());
    assert_eq!(of("Preview-Ready".into()).unwrap().0, JobStatus::Queued);
    assert_eq!(of("done".into()).unwrap().0, JobStatus::Failed);
    assert_eq!(of(3.into()).unwrap().0, JobStatus::Completed);
    let raw = Value::from("LEFT OUT");
    let item = of_item(Some(&raw), &words, &mut Legacy::default());
    assert_eq!(item, ItemStatus::Skipped);
    assert!(words.add("done=over").unwrap_err().contains("cancelled"));
    assert!(words.add("done").unwrap_err().contains("WORD=STATUS"));
}

#[test]
fn items_know_the_words_of_jobs_and_an_unknown_one_is_noted() {
    for (raw, status) in [
        ("done", ItemStatus::Completed),
        ("succeeded", ItemStatus::Completed),
        ("skipped", ItemStatus::Skipped),
        ("in_progress", ItemStatus::Processing),
        ("queued", ItemStatus::Pending),
        ("cancelled", ItemStatus::Failed),
    ] {
        assert_eq!(item(raw), status, "{raw}");
    }
    let mut kept = Legacy::default();
    let words = StatusWords::default();
    for raw in [Value::from("odd"), 2.into()] {
        assert_eq!(of_item(Some(&raw), &words, &mut kept), ItemStatus::Pending);
    }
    assert_eq!(kept.repairs().len(), 1);
    let done = Value::Bool(true);
    assert_eq!(
        of_item(Some(&done), &words, &mut kept),
        ItemStatus::Completed
    );
}

proptest! {
    #[test]
    fn the_case_of_a_word_does_not_matter_and_the_raw_one_is_kept(
        row in 0usize..JOBS.len(),
        upper: [bool; 24],
    ) {
        let (word, status) = JOBS[row];
        let change = |(c, up): (char, &bool)| if *up { c.to_ascii_uppercase() } else { c };
        let raw: String = word.chars().zip(upper.iter().cycle()).map(change).collect();
        prop_assert_eq!(job(Some(raw.clone().into())), Ok((status, raw)));
    }

    #[test]
    fn an_item_is_completed_only_when_a_word_says_so(raw in ".*") {
        let plain: String = raw.chars().filter(char::is_ascii_alphabetic).collect();
        let said = |word: &&str| plain.to_ascii_lowercase().ends_with(&word.replace('_', ""));
        prop_assume!(!words::COMPLETED.iter().any(said));
        prop_assert_ne!(item(&raw), ItemStatus::Completed);
    }
}
