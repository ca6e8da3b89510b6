//! What the dashboard may weigh.

use callsheet::dashboard::{FILES, PAGES, styles};
use flate2::{Compression, write::GzEncoder};
use std::io::Write;

/// Bytes of all files as they are in the repository, comments included, and as they are sent,
/// packed one by one. Raise them only for something that is worth its weight.
const RAW: usize = 290_000;
const PACKED: usize = 103_000;
const MODULES: usize = 55;

#[test]
fn the_files_are_few_and_light() {
    let modules = FILES
        .iter()
        .filter(|(name, _)| name.ends_with(".js"))
        .count();
    let raw: usize = FILES.iter().map(|(_, text)| text.len()).sum();
    let alone = FILES
        .iter()
        .filter(|(name, _)| !name.ends_with(".css"))
        .map(|(_, text)| pack(text));
    let packed = alone.sum::<usize>() + pack(&styles());
    println!("{modules} modules, {raw} bytes, {packed} packed");
    assert!(modules <= MODULES, "{modules} modules");
    assert!(raw <= RAW, "{raw} bytes");
    assert!(packed <= PACKED, "{packed} bytes packed");
}

fn pack(text: &str) -> usize {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(text.as_bytes()).unwrap();
    packer.finish().unwrap().len()
}

#[test]
fn the_server_and_the_table_of_pages_name_the_same_paths() {
    let table = FILES
        .iter()
        .find(|(name, _)| *name == "app/pages.js")
        .unwrap()
        .1;
    let named = table
        .split("path: '")
        .skip(1)
        .map(|rest| rest.split_once('\'').unwrap().0);
    let served: Vec<&str> = std::iter::once("/").chain(PAGES).collect();
    assert_eq!(named.collect::<Vec<_>>(), served);
}

/// The formatter breaks what it can; a longer line is a text that it leaves alone.
#[test]
fn no_line_is_longer_than_a_hundred_columns() {
    for (name, text) in FILES.iter().filter(|(name, _)| *name != "icon.svg") {
        let long = text.lines().find(|line| line.chars().count() > 100);
        assert_eq!(long, None, "{name}");
    }
}

#[test]
fn nothing_makes_markup_of_text_or_asks_another_host() {
    for (name, text) in FILES {
        for word in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "DOMParser",
            "eval(",
            "new Function",
            "SharedWorker",
            "setAttribute('style'",
        ] {
            assert!(!text.contains(word), "{name} uses {word}");
        }
        let hosts = text
            .split("http")
            .skip(1)
            .filter(|rest| rest.starts_with("://") || rest.starts_with("s://"));
        let strange: Vec<_> = hosts
            .filter(|rest| {
                !rest
                    .trim_start_matches(['s', ':', '/'])
                    .starts_with("www.w3.org/")
            })
            .collect();
        assert!(strange.is_empty(), "{name} names another host: {strange:?}");
    }
}
