//! Display form of the URL of a database or a server: scheme, user, host, port and path. A URL that
//! cannot be parsed may have its password anywhere, so nothing of it is shown.

use crate::printable::printable;
use url::Url;

/// Placeholder for a URL that is not shown.
const REDACTED: &str = "(URL not shown: it cannot be parsed and may contain a password)";

/// Returns the URL without passwords and parameters.
pub fn shown_url(address: &str) -> String {
    if let Some(path) = address.strip_prefix("sqlite:") {
        return shown_file(path);
    }
    let shown = Url::parse(address)
        .ok()
        .filter(|url| url.has_authority() && is_whole(url))
        .map(|url| shown(&url));
    shown.map_or_else(
        || REDACTED.to_owned(),
        |shown| printable(&shown).into_owned(),
    )
}

/// Returns whether the URL may contain a password.
pub fn has_password(address: &str) -> bool {
    let is_file = address.starts_with("sqlite:");
    let has_none = |url: Url| {
        let in_parameters = url.query_pairs().any(|(name, _)| name == "password");
        is_whole(&url) && url.password().is_none() && !in_parameters
    };
    !is_file && !Url::parse(address).is_ok_and(has_none)
}

/// Returns whether the parser found the real host. A password that contains `/`, `?` or `#` ends
/// the host too early, and the rest of it and the real host follow behind.
fn is_whole(url: &Url) -> bool {
    let behind = [Some(url.path()), url.query(), url.fragment()];
    !behind
        .into_iter()
        .flatten()
        .any(|part| part.contains('@') || part.to_ascii_lowercase().contains("%40"))
}

fn shown(url: &Url) -> String {
    let user = match (url.username(), url.password()) {
        ("", None) => String::new(),
        (user, None) => format!("{user}@"),
        (user, Some(_)) => format!("{user}:***@"),
    };
    let port = url
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    format!(
        "{}://{user}{}{port}{}",
        url.scheme(),
        url.host_str().unwrap_or_default(),
        url.path()
    )
}

/// Returns the display form of a SQLite path. A path has no password, but a server's URL may have
/// been meant.
fn shown_file(path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    match path.contains('@') && path.contains(':') {
        true => REDACTED.to_owned(),
        false => format!("sqlite:{}", printable(path)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn user_host_and_name_are_shown_and_nothing_else() {
        let cases = [
            ("postgres://u:secret@h/d", "postgres://u:***@h/d"),
            (
                "postgres://u:se@cr:et@h:5433/d?sslmode=require",
                "postgres://u:***@h:5433/d",
            ),
            ("postgres://u:secret%40@h", "postgres://u:***@h"),
            ("postgres://u:sec ret@h/d", "postgres://u:***@h/d"),
            ("postgres://u:sec\nret@h/d", "postgres://u:***@h/d"),
            ("postgres:///d?password=secret", "postgres:///d"),
            ("postgres://h/d?PASSWORD=secret&user=u", "postgres://h/d"),
            ("postgresql://u@h/d#secret", "postgresql://u@h/d"),
            (
                "postgres://u:secret@[::1]:5432/d",
                "postgres://u:***@[::1]:5432/d",
            ),
            ("redis://:secret@h:6379/0", "redis://:***@h:6379/0"),
            ("rediss://u:secret@h", "rediss://u:***@h"),
            ("http://u:secret@h/", "http://u:***@h/"),
            ("sqlite://a/b.db", "sqlite://a/b.db"),
            ("sqlite:b.db?password=secret", "sqlite:b.db"),
            ("sqlite://\x1b[2Jb.db", "sqlite://\\u001b[2Jb.db"),
        ];
        for (address, shown) in cases {
            assert_eq!(shown_url(address), shown, "{address}");
        }
    }

    #[test]
    fn what_is_not_understood_is_not_shown() {
        let odd = [
            "user=u password=secret host=h",
            "postgres://u:sec/ret@h/d",
            "postgres://u:12/34secret@h/d",
            "postgres://u:12?secret@h/d",
            "postgres://u:12#secret@h/d",
            "postgres://u:12/secret%40h/d",
            "postgres:u:secret@h/d",
            "u:secret@h/d",
            "postgres//u:secret@h/d",
            "postgres://u:secret@h d/d",
            "sqlite://u:secret@h/d",
            "",
            "secret",
        ];
        for address in odd {
            assert_eq!(shown_url(address), REDACTED, "{address}");
        }
    }

    proptest! {
        #[test]
        fn no_password_is_ever_shown(
            before in "(postgres|redis|http|mysql|x)(://|:/|:|//)[a-z]{0,3}:[/?#@ 0-9]{0,3}", after in "[/?#@: 0-9%]{0,4}@?[a-z]{0,3}",
        ) {
            let address = format!("{before}SECRET{after}@host/db");
            prop_assert!(!shown_url(&address).contains("SECRET"), "{}", address);
        }
    }
}
