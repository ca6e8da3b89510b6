//! Holds the database to what the clients were answered, past all of Callsheet's own reading.

use super::ledger::{Created, Ledger, Seen, State};
use crate::support::{TestDb, Whole};
use entity::{ItemStatus, JobStatus, job, job_event, job_item};
use sea_orm::{EntityTrait, QueryOrder};
use std::collections::{BTreeMap, HashSet};

pub struct Verdict {
    jobs: BTreeMap<String, Whole>,
    /// Answered writes that are not there as they were answered.
    lost: usize,
    /// All that is not as it has to be, one sentence each.
    pub wrong: Vec<String>,
}

impl Verdict {
    pub async fn of(db: &TestDb, ledger: &Ledger) -> Self {
        let mut verdict = Self { jobs: all(db).await, lost: 0, wrong: Vec::new() };
        verdict.answered(ledger);
        verdict.nothing_twice(ledger);
        let whole: Vec<String> = verdict.jobs.values().flat_map(within).collect();
        verdict.wrong.extend(whole);
        verdict
    }

    pub fn summary(&self, ledger: &Ledger) -> String {
        format!(
            "{} answered writes ({} creates, {} of them repeated), {} refused, {} unanswered, {} jobs, {} events, {} lost",
            ledger.writes(),
            ledger.created.len(),
            ledger.repeated,
            ledger.refused,
            ledger.unanswered,
            self.jobs.len(),
            self.jobs.values().map(|whole| whole.events.len()).sum::<usize>(),
            self.lost,
        )
    }

    fn answered(&mut self, ledger: &Ledger) {
        let created = ledger.created.iter().filter_map(|created| missing_create(&self.jobs, created));
        let seen = ledger.seen.iter().filter_map(|seen| missing_change(&self.jobs, seen));
        let lost: Vec<String> = created.chain(seen).collect();
        self.lost = lost.len();
        self.wrong.extend(lost);
    }

    /// Every create was answered in the end, so each job is one of theirs.
    fn nothing_twice(&mut self, ledger: &Ledger) {
        let ids: HashSet<&str> = ledger.created.iter().map(|created| created.id.as_str()).collect();
        if ids.len() != ledger.created.len() {
            self.wrong.push("two creates were answered with one job".into());
        }
        let strangers = self.jobs.values().filter_map(|whole| whole.job.as_ref()).filter(|job| !ids.contains(&*job.id));
        self.wrong.extend(strangers.map(|job| format!("nobody knows of {}, {:?}", job.id, job.content)));
    }
}

async fn all(db: &TestDb) -> BTreeMap<String, Whole> {
    let conn = db.raw().await;
    let none = |job| Whole { job: Some(job), items: Vec::new(), events: Vec::new() };
    let jobs = job::Entity::find().all(&conn).await.unwrap();
    let mut whole: BTreeMap<_, _> = jobs.into_iter().map(|job| (job.id.clone(), none(job))).collect();
    for item in job_item::Entity::find().order_by_asc(job_item::Column::Idx).all(&conn).await.unwrap() {
        whole.get_mut(&item.job_id).expect("the item's job").items.push(item);
    }
    for event in job_event::Entity::find().order_by_asc(job_event::Column::Seq).all(&conn).await.unwrap() {
        whole.get_mut(&event.job_id).expect("the event's job").events.push(event);
    }
    conn.close().await.unwrap();
    whole
}

fn missing_create(jobs: &BTreeMap<String, Whole>, created: &Created) -> Option<String> {
    let Created { id, body } = created;
    let Some(Whole { job: Some(job), items, .. }) = jobs.get(id) else {
        return Some(format!("the job {id} was created and is gone"));
    };
    let keys = body["items"].as_array().unwrap().iter().map(|item| item["key"].as_str().unwrap());
    let same = job.content.as_deref() == body["content"].as_str()
        && job.labels.as_ref() == Some(&body["labels"])
        && items.iter().map(|item| item.key.as_str()).eq(keys);
    (!same).then(|| format!("{id} is not what was created: {job:?} with {items:?}, instead of {body}"))
}

fn missing_change(jobs: &BTreeMap<String, Whole>, seen: &Seen) -> Option<String> {
    let Seen { id, version, state } = seen;
    let Some(Whole { job: Some(job), events, .. }) = jobs.get(id) else {
        return Some(format!("the job {id} was answered at version {version} and is gone"));
    };
    if *version > job.version {
        return Some(format!("{id} was answered at version {version} and is at {}", job.version));
    }
    let told = events.iter().find(|event| event.seq == *version).map(state_of);
    (told.as_ref() != Some(state)).then(|| format!("{id} was answered {state:?} at version {version}, not {told:?}"))
}

fn state_of(event: &job_event::Model) -> State {
    State {
        status: event.status.to_string(),
        progress: event.progress,
        current_stage: event.current_stage.clone(),
        total_shots: event.total_shots.into(),
        completed_shots: event.completed_shots.into(),
    }
}

/// What is wrong with a job by itself: gaps in its history, counters that are not those of its items, items that are
/// not what the history tells.
fn within(whole: &Whole) -> Vec<String> {
    let job = whole.job.as_ref().unwrap();
    let mut wrong = Vec::new();
    if let Err(gap) = std::panic::catch_unwind(|| whole.assert_history_is_whole()) {
        wrong.push(gap.downcast_ref::<String>().cloned().unwrap_or_else(|| format!("the history of {}", job.id)));
    }
    let done = whole.items.iter().filter(|item| matches!(item.status, ItemStatus::Completed | ItemStatus::Skipped));
    let counters = (usize::try_from(job.total_shots).unwrap(), usize::try_from(job.completed_shots).unwrap());
    if counters != (whole.items.len(), done.count()) {
        wrong.push(format!("{} counts {counters:?} of {:?}", job.id, whole.items));
    }
    let told = items_told(&whole.events);
    // A completion skips the items that were never said to have ended.
    let completed = job.status == JobStatus::Completed;
    let open = |status: &str| matches!(status, "pending" | "processing");
    let differ = |item: &&job_item::Model| {
        let last = told.get(&item.idx).map_or("pending", String::as_str);
        let expected = if completed && open(last) { "skipped" } else { last };
        expected != status_of(item)
    };
    wrong.extend(whole.items.iter().filter(differ).map(|item| format!("{item:?} is not as its history tells")));
    wrong
}

/// The last status that the history tells of each item.
fn items_told(events: &[job_event::Model]) -> BTreeMap<i32, String> {
    let reports = events.iter().filter(|event| event.kind == "items_reported").filter_map(|event| event.data.as_ref());
    let items = reports.flat_map(|data| data["items"].as_array().unwrap());
    let row = |item: &serde_json::Value| {
        (i32::try_from(item["idx"].as_i64().unwrap()).unwrap(), item["status"].as_str().unwrap().to_owned())
    };
    items.map(row).collect()
}

fn status_of(item: &job_item::Model) -> &'static str {
    match item.status {
        ItemStatus::Pending => "pending",
        ItemStatus::Processing => "processing",
        ItemStatus::Completed => "completed",
        ItemStatus::Failed => "failed",
        ItemStatus::Skipped => "skipped",
    }
}
