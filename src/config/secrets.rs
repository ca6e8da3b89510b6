//! Secrets, which have no flags: flags are seen in lists of processes.

use super::ConfigError;
use crate::jobs::BucketKeys;
use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

/// Returns the key of an admin that `CALLSHEET_ADMIN_KEY` has, or the file that
/// `CALLSHEET_ADMIN_KEY_FILE` names. It has no flag, because flags are seen in lists of processes.
pub fn admin_key() -> Result<Option<String>, ConfigError> {
    secret("CALLSHEET_ADMIN_KEY", "CALLSHEET_ADMIN_KEY_FILE", None)
}

/// Returns the secret that signs links to media; it has no flag either.
pub fn link_secret() -> Result<Option<String>, ConfigError> {
    let text = secret("CALLSHEET_LINK_SECRET", "CALLSHEET_LINK_SECRET_FILE", None)?;
    if text
        .as_ref()
        .is_some_and(|text| text.len() < MIN_LINK_SECRET_CHARS)
    {
        return Err(ConfigError::setting(
            "CALLSHEET_LINK_SECRET",
            "use at least 24 characters, e.g. of `openssl rand -hex 24`",
        ));
    }
    Ok(text)
}

/// Minimum characters of the secret that signs links.
const MIN_LINK_SECRET_CHARS: usize = 24;

/// Returns the key that a worker sends: of the file, or of `CALLSHEET_API_KEY`.
pub fn api_key(file: Option<&Path>) -> Result<Option<String>, ConfigError> {
    secret("CALLSHEET_API_KEY", "CALLSHEET_API_KEY_FILE", file)
}

/// Returns the keys of the bucket of the archive. Each may also be in the file that the variable
/// with `_FILE` behind its name says.
pub fn bucket_keys() -> Result<BucketKeys, ConfigError> {
    let missing = |name| {
        let detail = "set it, or the file with it in the same name and _FILE: the archive is in S3";
        ConfigError::setting(name, detail)
    };
    let (id, id_file) = ("AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY_ID_FILE");
    let (key, key_file) = ("AWS_SECRET_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY_FILE");
    Ok(BucketKeys {
        access_key_id: secret(id, id_file, None)?.ok_or_else(|| missing(id))?,
        secret_access_key: secret(key, key_file, None)?.ok_or_else(|| missing(key))?,
        session_token: secret("AWS_SESSION_TOKEN", "AWS_SESSION_TOKEN_FILE", None)?,
    })
}

/// Returns a variable that other programs name as well.
#[allow(
    clippy::disallowed_methods,
    reason = "this is the reader of the environment"
)]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[allow(
    clippy::disallowed_methods,
    reason = "this is the reader of the environment"
)]
fn secret(
    name: &'static str,
    file_name: &str,
    file: Option<&Path>,
) -> Result<Option<String>, ConfigError> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let named = file.map(Path::to_owned);
    let wrong = |detail: &'static str| ConfigError::setting(name, detail);
    let text = match named.or_else(|| set(file_name).map(PathBuf::from)) {
        Some(path) => Some(read_secret(&path)?),
        None => match set(name).map(OsString::into_string) {
            Some(Err(_)) => return Err(wrong("it is not UTF-8")),
            Some(Ok(text)) => Some(text),
            None => None,
        },
    };
    let text = text.map(|text| text.trim().to_owned());
    if text
        .as_ref()
        .is_some_and(|text| text.is_empty() || !text.bytes().all(|b| b.is_ascii_graphic()))
    {
        return Err(wrong("use visible ASCII characters, without blanks"));
    }
    Ok(text)
}

fn read_secret(path: &Path) -> Result<String, ConfigError> {
    use std::os::unix::fs::PermissionsExt;
    let unreadable = |source| ConfigError::NoKey {
        path: path.to_owned(),
        source,
    };
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    let mode = std::fs::metadata(path)
        .map_err(unreadable)?
        .permissions()
        .mode();
    if mode & 0o077 != 0 {
        crate::lines::err().say(format_args!(
            "warning: other users can read the key in {}: run chmod 600 on it",
            path.display()
        ));
    }
    Ok(text)
}
