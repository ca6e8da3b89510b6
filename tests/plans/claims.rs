//! Claims, rescues and counts of what runs read the two indexes of live jobs and nothing else,
//! whatever the history.

use super::{
    explain::plan_of,
    fill::{analyze, fill},
};
use crate::support::{Backend, TestApp};
use callsheet::db::claim_statements;

#[on_both]
async fn claims_and_rescues_read_the_indexes_of_live_jobs(t: TestApp) {
    fill(&t).await;
    if t.db.backend == Backend::Sqlite {
        look_at_all(&t).await;
    }
    analyze(&t).await;
    look_at_all(&t).await;
}

async fn look_at_all(t: &TestApp) {
    let types = [
        "type-1".to_owned(),
        "type-2".to_owned(),
        "nothing".to_owned(),
    ];
    for (name, statement) in claim_statements(t.database(), &types, t.now(), 100) {
        let steps = plan_of(t, statement).await;
        let text = steps.join("\n");
        let reads = |step: &&String| {
            step.contains("video_generation_jobs")
                || step.contains(" job")
                || step.contains("idx_job")
        };
        let jobs: Vec<_> = steps.iter().filter(reads).collect();
        assert!(!jobs.is_empty(), "{name}:\n{text}");
        let live = |step: &&&String| indexes_for(name).iter().any(|index| step.contains(index));
        let elsewhere: Vec<_> = jobs
            .iter()
            .filter(|step| !live(step))
            .filter(|step| touches(step))
            .collect();
        assert!(
            elsewhere.is_empty(),
            "{name} on {:?} reads {elsewhere:?}:\n{text}",
            t.db.backend
        );
    }
}

/// Indexes that a statement may read. The index of all types would lead a claim past the jobs of
/// all other types.
fn indexes_for(name: &str) -> &'static [&'static str] {
    if name.ends_with("of all types") {
        return &["idx_job_next"];
    }
    &[
        "idx_job_claim",
        "idx_job_claim_id",
        "idx_job_processing",
        "video_generation_jobs_pkey",
        "sqlite_autoindex",
    ]
}

/// The step reads rows; others only say what becomes of them.
fn touches(step: &str) -> bool {
    let step = step.trim_start_matches(['-', '>', ' ']);
    // A bitmap's heap scan reads what its index scan found.
    ["SCAN", "SEARCH", "Seq Scan", "Index", "Bitmap Index"]
        .iter()
        .any(|word| step.starts_with(word))
        && !step.starts_with("Index Cond")
}
