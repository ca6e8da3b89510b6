//! archive_jobs: moves ended jobs from the database into an object of the archive.
//!
//! The row of the object comes first, then the object, which is read back; one transaction then
//! removes the jobs that have not changed since. So a job is in the database until the object is
//! safe, and never in both places for a reader.

use super::{
    location::location,
    object::Object,
    store::{ArchiveStep, ArchiveStore, blocking},
};
use crate::{
    db::{
        EndedJob,
        write::{AbandonArchive, FinishArchive, ForgetArchive, StartArchive},
    },
    error::{Error, Result},
    jobs::JobManager,
};
use chrono::TimeDelta;
use entity::{ArchiveState, archive};

/// Time after which an archive that has not ended is one of a killed process. If it is not, its end
/// finds the row abandoned, and its jobs stay in the database.
const LEFT_AFTER: TimeDelta = TimeDelta::hours(1);

/// Jobs that are read at once: the first ones, and the most.
const FIRST_JOBS: usize = 16;
const MAX_JOBS: usize = 200;
/// Bytes of the lines of jobs that are read at once.
const PART_BYTES: usize = 2 << 20;

impl JobManager {
    /// Moves those of the jobs into a new object that are still as a query found them. Returns how
    /// many left the database.
    ///
    /// Errors: `archive_unavailable`, `archive_damaged`; the jobs are in the database then.
    pub(in crate::jobs) async fn archive_jobs(&self, jobs: Vec<EndedJob>) -> Result<u64> {
        let store = self.archive_store()?;
        let mut moved = 0;
        let mut left = jobs.as_slice();
        while !left.is_empty() {
            let (object, taken) = self.make_object(left).await?;
            left = &left[taken..];
            moved += self.store(&store, object).await?;
        }
        Ok(moved)
    }

    pub(in crate::jobs) fn archive_store(&self) -> Result<ArchiveStore> {
        self.storage().archive.ok_or_else(|| {
            let detail = "this server has no archive: start it with --archive";
            Error::ArchiveUnavailable(detail.to_owned())
        })
    }

    /// Checks that the store can be reached, if the server has one.
    ///
    /// Errors: `archive_unavailable`.
    pub async fn reach_archive(&self) -> Result<()> {
        match self.storage().archive {
            Some(store) => store.reach().await,
            None => Ok(()),
        }
    }

    /// Checks that the store has the newest object of the database: a folder of a disk that is not
    /// mounted is there, and empty, and so is the bucket of another server.
    ///
    /// Errors: `archive_unavailable`.
    pub(in crate::jobs) async fn check_archive_store(&self) -> Result<()> {
        let store = self.archive_store()?;
        let Some(newest) = self.db.archives(None, 1).await?.pop() else {
            return Ok(());
        };
        let location = newest.row.location;
        if store.has(&location).await? {
            return Ok(());
        }
        Err(Error::ArchiveUnavailable(format!(
            "{store} lacks {location}: is its disk mounted, and is it the archive of all servers?"
        )))
    }

    /// Makes an object of the first of the jobs. Returns how many of them it took, also those that
    /// are gone or have changed meanwhile.
    async fn make_object(&self, jobs: &[EndedJob]) -> Result<(Object, usize)> {
        let (mut object, mut taken, mut count) = (Object::default(), 0, FIRST_JOBS);
        while taken < jobs.len() && !object.is_full() {
            let part = &jobs[taken..jobs.len().min(taken + count)];
            let ids: Vec<&str> = part.iter().map(|job| job.id.as_str()).collect();
            let mut whole = self.db.whole_jobs(&ids).await?;
            let place = |id: &str| part.iter().position(|job| job.id == id);
            whole.retain(|one| {
                let found = place(&one.job.id).map(|i| part[i].version);
                found == Some(one.job.version)
            });
            whole.sort_by_key(|one| place(&one.job.id));
            let (jobs_read, jobs_before) = (whole.len().max(1), object.jobs.len());
            let bytes;
            (object, bytes) = blocking(move || {
                let bytes = object.add(whole)?;
                Ok((object, bytes))
            })
            .await?;
            let added = object.jobs.len() - jobs_before;
            // A full object leaves jobs of the part for the next one.
            taken += if added < jobs_read && object.is_full() {
                let last = object.jobs.last().and_then(|job| place(&job.job_id));
                last.map_or(part.len(), |last| last + 1)
            } else {
                part.len()
            };
            count = (count * PART_BYTES / bytes.max(1)).clamp(1, (count * 2).min(MAX_JOBS));
        }
        Ok((object, taken))
    }

    async fn store(&self, store: &ArchiveStore, object: Object) -> Result<u64> {
        if object.jobs.is_empty() {
            return Ok(0);
        }
        let (id, now) = (self.chance.id(), self.now());
        let location = location(&id, now);
        store.before(ArchiveStep::Start).await?;
        let row = archive::Model {
            id: id.clone(),
            state: ArchiveState::Writing,
            location: location.clone(),
            jobs: 0,
            bytes: 0,
            sha256: None,
            created_at: now,
            finished_at: None,
        };
        self.db.commit(StartArchive(row)).await?;
        store.before(ArchiveStep::Write).await?;
        store.write(&location, object.bytes.clone()).await?;
        store.before(ArchiveStep::ReadBack).await?;
        let read = store.read(&location, object.bytes.len() as u64).await?;
        let object = blocking(move || Ok(object.check(&read).map(|()| object)))
            .await?
            .map_err(|why| Error::ArchiveDamaged(format!("{location}: {why}")))?;
        store.before(ArchiveStep::Finish).await?;
        let finish = FinishArchive {
            id: id.clone(),
            bytes: object.bytes.len() as u64,
            sha256: object.sha256(),
            jobs: object.jobs,
            now: self.now(),
        };
        // If the answer is lost, the jobs may have left: the sweep then goes by the row.
        let moved = self.db.commit(finish).await?;
        if moved == 0 {
            store.before(ArchiveStep::Remove).await?;
            self.forget_archive(store, id, location).await?;
        }
        Ok(moved)
    }

    async fn forget_archive(
        &self,
        store: &ArchiveStore,
        id: String,
        location: String,
    ) -> Result<()> {
        store.remove(&location).await?;
        self.db.commit(ForgetArchive { id }).await
    }

    /// Removes the objects that killed processes left, each before its row. Returns how many.
    pub async fn sweep_archives(&self) -> Result<u64> {
        let store = self.archive_store()?;
        if !self.db.has_unfinished_archives().await? {
            return Ok(0);
        }
        let begun_before = self.now() - LEFT_AFTER;
        let abandoned = self.db.commit(AbandonArchive { begun_before }).await?;
        let swept = abandoned.len() as u64;
        for row in abandoned {
            self.forget_archive(&store, row.id, row.location).await?;
        }
        Ok(swept)
    }
}
