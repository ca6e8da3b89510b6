//! verify_archives: reads all objects and decodes every archived job.

use super::{
    object::{frame_of, read_job, sha256},
    store::ArchiveStore,
};
use crate::{error::Result, jobs::JobManager};
use entity::{archive, archived_job};

/// Objects and jobs that are read at once.
const PAGE: u64 = 200;

/// Something wrong with an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArchiveFinding {
    pub location: String,
    /// Job that cannot be read; `None` if it is about the object as a whole.
    pub job_id: Option<String>,
    pub what: String,
}

/// Result of a verification.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    pub archives: u64,
    /// Jobs that can be read.
    pub jobs: u64,
    pub findings: Vec<ArchiveFinding>,
}

impl JobManager {
    /// Reads all objects of the archive, compares their hashes, and decodes each archived job.
    /// Objects in the store that the database does not know are findings too; nothing is removed.
    ///
    /// Errors: `archive_unavailable`, if the store is away.
    pub async fn verify_archives(&self) -> Result<Verified> {
        let store = self.archive_store()?;
        let (mut verified, mut after) = (Verified::default(), None);
        let found = store.list().await?;
        loop {
            let (rows, next) = self.list_archives(after, PAGE).await?;
            for row in rows {
                verified.archives += 1;
                self.verify_archive(&store, row.row, &mut verified).await?;
            }
            after = next;
            if after.is_none() {
                break;
            }
        }
        for location in found {
            if !self.db.has_archive_at(&location).await? {
                let what = "the database has no row for this object, which may belong to another \
                    database: nothing reads it";
                verified.findings.push(ArchiveFinding {
                    location,
                    job_id: None,
                    what: what.to_owned(),
                });
            }
        }
        Ok(verified)
    }

    async fn verify_archive(
        &self,
        store: &ArchiveStore,
        row: archive::Model,
        verified: &mut Verified,
    ) -> Result<()> {
        let mut finding = |job_id: Option<String>, what: String| {
            verified.findings.push(ArchiveFinding {
                location: row.location.clone(),
                job_id,
                what,
            });
        };
        let object = match store.read(&row.location, row.bytes.unsigned_abs()).await {
            Ok(object) => object,
            Err(error) => {
                finding(None, error.to_string());
                return Ok(());
            }
        };
        if row.sha256.as_deref() != Some(&*sha256(&object)) {
            finding(None, "its bytes are not those that were written".to_owned());
        }
        let mut after = String::new();
        loop {
            let jobs = self.db.archived_jobs_of(&row.id, &after, PAGE).await?;
            let Some(last) = jobs.last() else {
                return Ok(());
            };
            after.clone_from(&last.job_id);
            for job in jobs {
                match check(&object, &job) {
                    Ok(()) => verified.jobs += 1,
                    Err(what) => verified.findings.push(ArchiveFinding {
                        location: row.location.clone(),
                        job_id: Some(job.job_id),
                        what,
                    }),
                }
            }
        }
    }
}

fn check(object: &[u8], row: &archived_job::Model) -> std::result::Result<(), String> {
    let (at, length) = (row.at.unsigned_abs(), row.length.unsigned_abs());
    let frame = frame_of(object, at, length).ok_or("the object is cut off")?;
    read_job(frame, &row.job_id, row.version).map(|_| ())
}
