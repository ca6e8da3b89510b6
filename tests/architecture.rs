//! The direction of imports, and the paths that ARCHITECTURE.md names.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Crates, and the parts of `src` that may use them. `entity` and `migration` are crates of their
/// own.
const CRATES: [(&str, &[&str]); 6] = [
    ("sea_orm", &["db/", "import/read/"]),
    ("sqlx", &["db/", "import/read/"]),
    ("poem", &["api/", "dashboard/", "server/"]),
    ("poem_openapi", &["api/"]),
    ("redis", &["db/changes/redis_tier/", "import/read"]),
    ("prometheus_client", &["metrics/"]),
];

/// Parts of `src`, and the parts that they may use. Files directly in `src` are used by everyone.
const PARTS: [(&str, &[&str]); 17] = [
    ("lifecycle", &[]),
    ("metrics", &[]),
    ("telemetry", &[]),
    ("outbound", &[]),
    ("db", &["lifecycle", "metrics"]),
    ("job_line", &["db"]),
    (
        "jobs",
        &[
            "db",
            "job_line",
            "lifecycle",
            "metrics",
            "outbound",
            "telemetry",
        ],
    ),
    ("background", &["import", "jobs"]),
    ("import", &["db", "export", "job_line", "jobs", "lifecycle"]),
    ("export", &["db", "job_line", "jobs", "lifecycle"]),
    ("dashboard", &[]),
    (
        "api",
        &[
            "dashboard",
            "db",
            "import",
            "jobs",
            "lifecycle",
            "metrics",
            "telemetry",
        ],
    ),
    ("server", &[]),
    ("worker", &[]),
    (
        "config",
        &["jobs", "lifecycle", "outbound", "server", "telemetry"],
    ),
    (
        "cli",
        &[
            "api",
            "background",
            "config",
            "dashboard",
            "db",
            "export",
            "import",
            "jobs",
            "lifecycle",
            "server",
            "telemetry",
            "worker",
        ],
    ),
    ("bench", &[]),
];

/// Files directly in `src` that put the parts together, so that no part may use them.
const TOP: [&str; 3] = ["main.rs", "lib.rs", "app.rs"];

fn source(folder: &str) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let code = fs::read_to_string(&path).unwrap();
                files.push((path, code));
            }
        }
    }
    files
}

/// Path below `src`, with slashes.
fn below_src(path: &Path) -> String {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    path.strip_prefix(src)
        .unwrap()
        .to_string_lossy()
        .into_owned()
}

/// Lines of the file that are code, without the tests at its end.
fn code(text: &str) -> impl Iterator<Item = &str> {
    let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    code.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
}

fn names(line: &str, name: &str) -> bool {
    let is_part_of_name = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(name).any(|(at, _)| {
        !line[..at].ends_with(is_part_of_name) && line[at + name.len()..].starts_with("::")
    })
}

#[test]
fn each_crate_is_used_where_it_belongs() {
    let mut wrong = Vec::new();
    for (path, text) in source("src") {
        let file = below_src(&path);
        for (name, parts) in CRATES {
            let used = code(&text).any(|line| names(line, name));
            if used && !parts.iter().any(|part| file.starts_with(part)) {
                wrong.push(format!("src/{file} uses {name}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// Names behind `crate::` in a statement, those in braces too.
fn used_parts(text: &str) -> BTreeSet<String> {
    let flat: String = code(text).map(|line| format!("{} ", line.trim())).collect();
    let mut parts = BTreeSet::new();
    for (at, _) in flat.match_indices("crate::") {
        let rest = &flat[at + "crate::".len()..];
        let word = |text: &str| {
            text.chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect::<String>()
        };
        match rest.strip_prefix('{') {
            None => _ = parts.insert(word(rest)),
            Some(list) => {
                let mut depth = 0;
                let mut begins = true;
                for (i, c) in list.char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => begins = true,
                        c if begins && c.is_alphabetic() => {
                            parts.insert(word(&list[i..]));
                            begins = false;
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    parts
}

#[test]
fn no_part_uses_one_above_it() {
    let mut wrong = Vec::new();
    for (path, text) in source("src") {
        let file = below_src(&path);
        let Some((part, _)) = file.split_once('/') else {
            continue;
        };
        let may = PARTS
            .iter()
            .find(|(name, _)| *name == part)
            .unwrap_or_else(|| panic!("src/{part} has no row"));
        for used in used_parts(&text) {
            let is_part = PARTS.iter().any(|(name, _)| *name == used);
            let is_above =
                TOP.contains(&format!("{used}.rs").as_str()) && part != "cli" && part != "api";
            if (is_part && used != part && !may.1.contains(&used.as_str())) || is_above {
                wrong.push(format!("src/{file} uses {used}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn files_that_all_parts_use_use_no_part() {
    let mut wrong = Vec::new();
    for (path, text) in source("src") {
        let file = below_src(&path);
        if file.contains('/') || TOP.contains(&file.as_str()) || file == "error.rs" {
            continue;
        }
        let used = used_parts(&text);
        wrong.extend(
            PARTS
                .iter()
                .filter(|(part, _)| used.contains(*part))
                .map(|(part, _)| format!("{file} uses {part}")),
        );
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn no_folder_of_jobs_and_db_has_more_than_fifteen_entries() {
    let mut large = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.join("jobs"), root.join("db")];
    while let Some(folder) = folders.pop() {
        let entries: Vec<_> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        if entries.len() > 15 {
            large.push(format!("{} has {}", below_src(&folder), entries.len()));
        }
        folders.extend(entries.into_iter().filter(|path| path.is_dir()));
    }
    assert_eq!(large, Vec::<String>::new());
}

#[test]
fn every_path_of_the_architecture_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let words = text.split(|c: char| c.is_whitespace() || "`()[],;|".contains(c));
    let folders = [
        "src/",
        "entity/",
        "migration/",
        "tests/",
        "docs/",
        "openapi/",
        "benches/",
        "scripts/",
        "examples/",
        "clients/",
    ];
    let paths: BTreeSet<&str> = words
        .map(|word| word.trim_end_matches(['.', ':']))
        .filter(|word| {
            folders.iter().any(|folder| word.starts_with(folder))
                && !word.contains(['*', '{', '…', '<'])
        })
        .collect();
    assert!(paths.len() > 10, "{paths:?}");
    let missing: Vec<_> = paths
        .into_iter()
        .filter(|path| !root.join(path).exists())
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
}

/// Blocks of lines that begin with `///` or `//!`, each with the number of its first line.
fn doc_comments(text: &str) -> Vec<(usize, String)> {
    let mut blocks: Vec<(usize, String)> = Vec::new();
    let mut last = usize::MAX;
    for (i, line) in text.lines().enumerate() {
        let line = line.trim_start();
        let Some(words) = line.strip_prefix("///").or(line.strip_prefix("//!")) else {
            continue;
        };
        match blocks.last_mut() {
            Some((_, block)) if last.checked_add(1) == Some(i) => block.push_str(words),
            _ => blocks.push((i + 1, words.to_owned())),
        }
        last = i;
    }
    blocks
}

#[test]
fn a_doc_comment_has_three_words_or_more() {
    let mut short = Vec::new();
    for folder in ["src", "entity", "migration", "clients/rust/src"] {
        for (path, text) in source(folder) {
            let blocks = doc_comments(&text).into_iter();
            let few = blocks.filter(|(_, block)| block.split_whitespace().count() < 3);
            short.extend(few.map(|(line, block)| format!("{}:{line}:{block}", path.display())));
        }
    }
    assert_eq!(short, Vec::<String>::new());
}

#[test]
fn lines_without_texts_and_tables_fit_into_100_columns() {
    let mut long = Vec::new();
    for folder in ["src", "entity", "migration", "clients/rust/src"] {
        for (path, text) in source(folder) {
            let lines = text.lines().enumerate();
            let wide = lines.filter(|(_, line)| {
                line.chars().count() > 100 && !line.contains(['"', '|']) && !line.ends_with('\\')
            });
            long.extend(wide.map(|(i, _)| format!("{}:{}", path.display(), i + 1)));
        }
    }
    assert_eq!(long, Vec::<String>::new());
}
