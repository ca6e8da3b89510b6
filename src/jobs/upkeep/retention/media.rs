//! Files in the media folder that go with the jobs that retention deletes.

use crate::{
    db::EndedJob,
    error::{Error, Result},
    jobs::JobManager,
    lifecycle::KeepRules,
    media_folder::{MediaFolder, means_one_of, names_in, paths_in},
};
use serde_json::Value;
use std::{
    collections::{BTreeSet, HashMap},
    path::PathBuf,
};

/// Items that one query reads.
const PAGE: u64 = 200;

/// Paths of the files of each job.
pub(super) type MediaOf = HashMap<String, BTreeSet<String>>;

impl JobManager {
    /// Sets the folder from which retention removes files.
    pub fn remove_media_from(&self, folder: PathBuf) {
        // A server sets it once, at its start.
        let _ = self.media.set(MediaFolder::new(folder));
    }

    /// Returns the files that results of the jobs and of their items name, for those whose rule
    /// removes files. What a job was given is not its own, and stays.
    pub(super) async fn media_of(&self, rules: &KeepRules, jobs: &[EndedJob]) -> Result<MediaOf> {
        let mut media = MediaOf::new();
        if self.media.get().is_none() {
            return Ok(media);
        }
        for job in jobs {
            if rules.of(&job.job_type).removes_media {
                media.insert(job.id.clone(), self.files_of(&job.id).await?);
            }
        }
        Ok(media)
    }

    async fn files_of(&self, id: &str) -> Result<BTreeSet<String>> {
        let (mut made, mut given) = (BTreeSet::new(), BTreeSet::new());
        let mut note = |results: [Option<&Value>; 1], inputs: [Option<&Value>; 2]| {
            made.extend(results.into_iter().flatten().flat_map(paths_in));
            given.extend(inputs.into_iter().flatten().flat_map(names_in));
        };
        let job = match self.db.job(id).await {
            Err(Error::NotFound(_)) => return Ok(made),
            job => job?,
        };
        let context = job.context.as_ref();
        note(
            [job.result_data.as_ref()],
            [job.request_data.as_ref(), context],
        );
        let mut after = None;
        loop {
            let page = self.db.items(id, after, PAGE).await?;
            for item in page.iter() {
                note([item.result.as_ref()], [item.input.as_ref(), None]);
            }
            after = page.last().map(|item| item.idx);
            if !page.more {
                break;
            }
        }
        // The same file may be written in another way, such as with %20 for a space.
        made.retain(|path| !means_one_of(path, &given));
        Ok(made)
    }

    /// Removes the files of those jobs that were deleted. A file that cannot be removed stays, and
    /// is logged: its job is gone already.
    pub(super) async fn remove_media(&self, mut media: MediaOf, removed: &[String]) {
        let Some(folder) = self.media.get().cloned() else {
            return;
        };
        let paths: Vec<String> = removed
            .iter()
            .filter_map(|id| media.remove(id))
            .flatten()
            .collect();
        if paths.is_empty() {
            return;
        }
        let remove = move || {
            for path in paths {
                if let Err(error) = folder.remove(&path) {
                    tracing::warn!(path, %error, "a media file of a deleted job stays");
                }
            }
        };
        if let Err(error) = tokio::task::spawn_blocking(remove).await {
            tracing::error!(%error, "media files of deleted jobs stay");
        }
    }
}
