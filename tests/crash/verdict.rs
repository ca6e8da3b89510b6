//! Holds the database to what the clients were answered, when all is over.

use super::{
    ledger::{Fault, Ledger},
    rows::Rows,
    shared::{Created, Seen, State},
    whole,
};
use crate::support::Whole;
use entity::{import::ImportStatus, job_event};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

pub struct Verdict {
    jobs: usize,
    events: usize,
    /// Faults that the clients met, and those that the database has.
    pub faults: Vec<Fault>,
}

/// What the ledger says of each job that has to be there.
struct Expected<'a> {
    own: HashMap<&'a str, &'a super::entry::Entry>,
    created: HashMap<&'a str, &'a Created>,
    seen: HashMap<&'a str, Vec<&'a Seen>>,
    dumps: HashMap<&'a str, &'a super::imports::Dump>,
    suspects: HashSet<&'a str>,
}

impl<'a> Expected<'a> {
    fn of(ledger: &'a Ledger) -> Self {
        let mut seen: HashMap<_, Vec<_>> = HashMap::new();
        for one in &ledger.seen {
            seen.entry(one.id.as_str()).or_default().push(one);
        }
        Self {
            own: ledger
                .entries
                .iter()
                .map(|entry| (entry.id.as_str(), entry))
                .collect(),
            created: ledger
                .created
                .iter()
                .map(|created| (created.id.as_str(), created))
                .collect(),
            dumps: ledger
                .dumps
                .iter()
                .map(|dump| (dump.name.as_str(), dump))
                .collect(),
            suspects: ledger.suspects.iter().map(String::as_str).collect(),
            seen,
        }
    }
}

impl Verdict {
    pub async fn of(url: &str, ledger: &Ledger) -> Self {
        let rows = Rows::of(url).await;
        let mut verdict = Self {
            jobs: 0,
            events: 0,
            faults: ledger.faults.clone(),
        };
        verdict.jobs_are_as_expected(&rows, ledger).await;
        verdict.deleted_jobs_are_gone(&rows, ledger).await;
        verdict.tables_agree(&rows, ledger).await;
        verdict.series_are_there(&rows, ledger).await;
        verdict
            .faults
            .extend(rows.damage().await.into_iter().map(Fault::Wrong));
        rows.close().await;
        verdict
    }

    /// Numbers of answered calls by kind, and of faults.
    pub fn summary(&self, ledger: &Ledger) -> String {
        let calls = &ledger.calls;
        let kinds: Vec<_> = calls
            .answered
            .iter()
            .map(|(kind, calls)| format!("{kind} {calls}"))
            .collect();
        format!(
            "{} answered ({}), {} refused, {} unanswered, {} repeated, {} jobs, {} events, lost \
            {}, doubles {}, wrong {}",
            calls.total(),
            kinds.join(", "),
            calls.refused,
            calls.unanswered,
            calls.repeated,
            self.jobs,
            self.events,
            self.count(|fault| matches!(fault, Fault::Lost(_))),
            self.count(|fault| matches!(fault, Fault::Double(_))),
            self.count(|fault| matches!(fault, Fault::Wrong(_))),
        )
    }

    fn count(&self, kind: impl Fn(&Fault) -> bool) -> usize {
        self.faults.iter().filter(|fault| kind(fault)).count()
    }

    /// Each job is as answered, none is missing, and the labels' own table says the same.
    async fn jobs_are_as_expected(&mut self, rows: &Rows, ledger: &Ledger) {
        let (expected, mut labels) = (Expected::of(ledger), BTreeSet::new());
        if expected.created.len() != ledger.created.len() {
            self.faults.push(Fault::Double(
                "two creates were answered with one job".into(),
            ));
        }
        let (mut met, mut after) = (HashSet::new(), None);
        loop {
            let page = rows.page(after.as_deref()).await;
            let Some(last) = page.last().and_then(|whole| whole.job.as_ref()) else {
                break;
            };
            after = Some(last.id.clone());
            for whole in &page {
                self.jobs += 1;
                self.events += whole.events.len();
                self.faults.extend(whole::faults(whole));
                self.faults.extend(unexpected(whole, &expected));
                labels.extend(whole::labels(whole));
                met.extend(whole.job.as_ref().map(|job| job.id.clone()));
            }
        }
        let (kept, first) = (rows.labels().await, |label| {
            Fault::Wrong(format!("the label {label:?} stands alone"))
        });
        self.faults
            .extend(kept.symmetric_difference(&labels).take(10).map(first));
        let wanted = expected.own.keys().chain(expected.created.keys());
        let missing = wanted.filter(|id| !met.contains(**id));
        self.faults
            .extend(missing.map(|id| Fault::Lost(format!("the job {id} is gone"))));
    }

    async fn deleted_jobs_are_gone(&mut self, rows: &Rows, ledger: &Ledger) {
        let mut last = BTreeMap::new();
        for event in rows.events_without_job().await {
            self.events += 1;
            if event.kind != "deleted" {
                self.faults.push(Fault::Wrong(format!(
                    "an event of a job that is gone: {event:?}"
                )));
            } else if last.insert(event.job_id.clone(), event.seq).is_some() {
                self.faults
                    .push(Fault::Double(format!("{} was deleted twice", event.job_id)));
            }
        }
        for (id, deleted) in &ledger.deleted {
            let seq = last.get(id).copied();
            let right = seq == Some(deleted.seq) || (deleted.leased && seq > Some(deleted.seq));
            if !right {
                let what = format!(
                    "{id} was deleted at version {}, and its history says {seq:?}",
                    deleted.seq
                );
                self.faults.push(Fault::Lost(what));
            }
        }
        let items = rows.items_without_job().await;
        self.faults.extend(
            items
                .iter()
                .map(|item| Fault::Wrong(format!("an item of a job that is gone: {item:?}"))),
        );
    }

    /// The tables that are kept beside the jobs say the same as the jobs.
    async fn tables_agree(&mut self, rows: &Rows, ledger: &Ledger) {
        let mut wrong = miscounted(rows, ledger).await;
        let entries = ledger.entries.iter().filter(|entry| entry.active);
        let active: BTreeSet<_> = entries
            .map(|entry| {
                (
                    entry.job["job_type"]
                        .as_str()
                        .unwrap_or_default()
                        .to_owned(),
                    entry.id.clone(),
                )
            })
            .collect();
        let suspect = |id: &String| ledger.suspects.contains(id);
        for (client, id) in rows
            .active()
            .await
            .symmetric_difference(&active)
            .filter(|(_, id)| !suspect(id))
        {
            wrong.push(format!(
                "whether {id} is active of {client} is not as answered"
            ));
        }
        let running = rows
            .imports()
            .await
            .into_iter()
            .filter(|run| run.status == ImportStatus::Running);
        wrong.extend(running.map(|run| format!("an import runs and has no process: {run:?}")));
        self.faults.extend(wrong.into_iter().map(Fault::Wrong));
    }

    async fn series_are_there(&mut self, rows: &Rows, ledger: &Ledger) {
        let there = ledger.series.iter().filter(|series| !series.deleted);
        let wanted: BTreeMap<_, _> = there
            .map(|series| (series.id.clone(), series.title.clone()))
            .collect();
        let found = rows.series().await;
        if found != wanted {
            self.faults.push(Fault::Lost(format!(
                "the series are {found:?}, not {wanted:?}"
            )));
        }
        let episode = |series: &super::series::Series| {
            let parent = Some(series.id.clone()).filter(|_| !series.deleted);
            series
                .episodes
                .iter()
                .map(move |id| (id.clone(), parent.clone()))
                .collect::<Vec<_>>()
        };
        let wanted: BTreeMap<_, _> = ledger.series.iter().flat_map(episode).collect();
        let found = rows.episodes().await;
        if found != wanted {
            self.faults.push(Fault::Lost(format!(
                "the episodes are {found:?}, not {wanted:?}"
            )));
        }
    }
}

/// The kept counts, the answered ones, those of the statistics and those of the imports.
async fn miscounted(rows: &Rows, ledger: &Ledger) -> Vec<String> {
    let mut wrong = Vec::new();
    let [kept, counted] = rows.counts().await;
    if kept != counted {
        wrong.push(format!(
            "the kept counts are {kept:?}, and there are {counted:?}"
        ));
    }
    let answered = ledger
        .counts
        .as_ref()
        .map(|counts| counts["total"].as_i64());
    if answered.is_some_and(|total| total != Some(counted.values().sum())) {
        wrong.push(format!(
            "{:?} was answered, and there are {counted:?}",
            ledger.counts
        ));
    }
    let created = ledger.entries.len() + ledger.deleted.len() + ledger.created.len();
    let creates = rows.creates().await;
    if ledger.suspects.is_empty() && creates.values().any(|count| *count != created) {
        wrong.push(format!(
            "{created} jobs were created, and the statistics say {creates:?}"
        ));
    }
    for dump in ledger.dumps.iter().filter(|dump| !dump.deleted) {
        let jobs: i64 = counted
            .iter()
            .filter(|((kind, _), _)| *kind == dump.name)
            .map(|(_, jobs)| jobs)
            .sum();
        if jobs != dump.landed {
            wrong.push(format!(
                "{} jobs of {} were imported, and there are {jobs}",
                dump.landed, dump.name
            ));
        }
    }
    wrong
}

/// What the ledger says of the job and is not so.
fn unexpected(whole: &Whole, expected: &Expected<'_>) -> Vec<Fault> {
    let Some(job) = &whole.job else {
        return Vec::new();
    };
    if expected.suspects.contains(job.id.as_str()) {
        return Vec::new();
    }
    if let Some(entry) = expected.own.get(job.id.as_str()) {
        return whole::differs(whole, entry)
            .map(Fault::Lost)
            .into_iter()
            .collect();
    }
    if let Some(created) = expected.created.get(job.id.as_str()) {
        let seen = expected.seen.get(job.id.as_str()).into_iter().flatten();
        return missing_create(whole, created)
            .into_iter()
            .chain(seen.filter_map(|s| missing_change(whole, s)))
            .collect();
    }
    match expected.dumps.get(job.job_type.as_str()) {
        Some(dump) if !dump.deleted => {
            let lacks = || Fault::Lost(format!("{} is not the record that was imported", job.id));
            (!dump.has(whole)).then(lacks).into_iter().collect()
        }
        _ => vec![Fault::Double(format!(
            "no answered call made {}: {:?}",
            job.id, job.labels
        ))],
    }
}

fn missing_create(whole: &Whole, Created { id, body }: &Created) -> Option<Fault> {
    let job = whole.job.as_ref()?;
    let keys = body["items"]
        .as_array()?
        .iter()
        .filter_map(|item| item["key"].as_str());
    let same = job.content.as_deref() == body["content"].as_str()
        && job.labels.as_ref() == Some(&body["labels"])
        && whole.items.iter().map(|item| item.key.as_str()).eq(keys);
    (!same).then(|| {
        Fault::Lost(format!(
            "{id} is not what was created: {job:?} with {:?}",
            whole.items
        ))
    })
}

fn missing_change(whole: &Whole, Seen { id, version, state }: &Seen) -> Option<Fault> {
    let event = whole
        .events
        .iter()
        .find(|event| event.seq == *version)
        .map(state_of);
    let what = || format!("{id} was answered {state:?} at version {version}, not {event:?}");
    (event.as_ref() != Some(state)).then(|| Fault::Lost(what()))
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
