//! What other people read of the service is frozen: a change of it is seen in review.

use crate::support::callsheet;
use std::{fmt::Write, path::Path};

#[tokio::test]
async fn the_committed_documents_are_those_of_the_binary() {
    for (format, file) in [
        ("json", "openapi.json"),
        ("yaml", "openapi.yaml"),
        ("json-3.0", "openapi-3.0.json"),
    ] {
        let made = callsheet(&["openapi", "--format", format])
            .output()
            .await
            .unwrap();
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        let committed = std::fs::read(
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("openapi")
                .join(file),
        )
        .unwrap();
        assert!(
            committed == made.stdout,
            "openapi/{file} is not what the binary makes. Renew it, and see in its diff that no client breaks:\n    \
             cargo run -- openapi --format {format} >openapi/{file}"
        );
    }
}

/// Holds the text to tests/snapshots. To renew one, see the difference and run the tests with
/// INSTA_UPDATE=always.
macro_rules! assert_committed {
    ($name:literal, $text:expr) => {
        insta::with_settings!({snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true}, {
            insta::assert_snapshot!($name, $text);
        });
    };
}

#[test]
fn the_codes_are_the_committed_ones() {
    let mut table = String::new();
    for (code, status, title) in callsheet::codes::CODES {
        writeln!(table, "{status} {code:<26} {title}").unwrap();
    }
    assert_committed!("error_codes", table);
}

#[test]
fn the_help_of_every_command_is_the_committed_one() {
    assert_committed!("cli_help", callsheet::cli::help());
}
