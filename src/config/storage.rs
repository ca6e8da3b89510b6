//! Settings of retention and of the archive.

use super::{ConfigError, archive::archive, file::File};
use crate::{
    jobs::Storage,
    lifecycle::{Keep, KeepRule, Then},
};
use clap::Args;
use std::path::PathBuf;

/// How long ended jobs are kept, and where they are archived.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Configuration")]
pub struct StorageFlags {
    /// Time for which completed jobs are kept, such as 12h or 30d, unless their queue has another
    /// rule; 0 keeps none [default: forever]
    #[arg(
        long,
        env = "CALLSHEET_KEEP_COMPLETED",
        hide_env_values = true,
        value_name = "DURATION",
        global = true,
        allow_hyphen_values = true
    )]
    pub keep_completed: Option<String>,
    /// Time for which failed jobs are kept [default: forever]
    #[arg(
        long,
        env = "CALLSHEET_KEEP_FAILED",
        hide_env_values = true,
        value_name = "DURATION",
        global = true,
        allow_hyphen_values = true
    )]
    pub keep_failed: Option<String>,
    /// Time for which cancelled jobs are kept [default: forever]
    #[arg(
        long,
        env = "CALLSHEET_KEEP_CANCELLED",
        hide_env_values = true,
        value_name = "DURATION",
        global = true,
        allow_hyphen_values = true
    )]
    pub keep_cancelled: Option<String>,
    /// What happens to ended jobs that were kept long enough, unless their queue says otherwise:
    /// delete or archive [default: delete]
    #[arg(
        long,
        env = "CALLSHEET_KEEP_THEN",
        hide_env_values = true,
        value_name = "WORD",
        global = true
    )]
    pub keep_then: Option<String>,
    /// Whether files in the media folder stay when retention deletes the job whose result names
    /// them, unless its queue says otherwise [default: true]
    #[arg(
        long,
        env = "CALLSHEET_KEEP_MEDIA",
        hide_env_values = true,
        value_name = "BOOL",
        global = true
    )]
    pub keep_media: Option<bool>,
    /// Folder, or s3://bucket/prefix, to which jobs are archived, and from which archived jobs are
    /// read; the keys of a bucket are those of the variables AWS_ACCESS_KEY_ID,
    /// AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN [default: none]
    #[arg(
        long,
        env = "CALLSHEET_ARCHIVE",
        hide_env_values = true,
        value_name = "PLACE",
        global = true
    )]
    pub archive: Option<PathBuf>,
    /// URL of a service that speaks S3, if the bucket of the archive is not in AWS [default: the
    /// variable AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL]
    #[arg(
        long,
        env = "CALLSHEET_ARCHIVE_ENDPOINT",
        hide_env_values = true,
        value_name = "URL",
        global = true
    )]
    pub archive_endpoint: Option<String>,
    /// Region of the bucket of the archive [default: the variable AWS_REGION or AWS_DEFAULT_REGION,
    /// else us-east-1 at an endpoint that is not of AWS]
    #[arg(
        long,
        env = "CALLSHEET_ARCHIVE_REGION",
        hide_env_values = true,
        value_name = "REGION",
        global = true
    )]
    pub archive_region: Option<String>,
}

/// Returns the settings of the flags, else of the file, else the defaults.
pub fn storage(flags: StorageFlags, file: &File) -> Result<Storage, ConfigError> {
    let keep = |name, flag: Option<String>, of_file: &Option<String>| {
        let text = flag.or_else(|| of_file.clone());
        let keep = text.map(|text| Keep::parse(&text)).transpose();
        keep.map(Option::unwrap_or_default)
            .map_err(|detail| ConfigError::setting(name, detail))
    };
    let then = match flags.keep_then.or_else(|| file.keep_then.clone()) {
        None => Then::default(),
        Some(name) => Then::named(&name)
            .ok_or_else(|| ConfigError::setting("keep_then", "use delete or archive"))?,
    };
    let archive = archive(
        flags.archive.or_else(|| file.archive.clone()),
        flags
            .archive_endpoint
            .or_else(|| file.archive_endpoint.clone()),
        flags.archive_region.or_else(|| file.archive_region.clone()),
    )?;
    if then == Then::Archive && archive.is_none() {
        let detail = "name the folder or the bucket with archive too";
        return Err(ConfigError::setting("keep_then", detail));
    }
    Ok(Storage {
        keep: KeepRule {
            completed: keep("keep_completed", flags.keep_completed, &file.keep_completed)?,
            failed: keep("keep_failed", flags.keep_failed, &file.keep_failed)?,
            cancelled: keep("keep_cancelled", flags.keep_cancelled, &file.keep_cancelled)?,
            then,
            removes_media: !flags.keep_media.or(file.keep_media).unwrap_or(true),
        },
        archive,
    })
}
