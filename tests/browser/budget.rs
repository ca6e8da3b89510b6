//! What the dashboard may weigh.

use super::desk::Desk;
use callsheet::dashboard::{FILES, PAGES, is_shared, styles};
use flate2::{Compression, write::GzEncoder};
use std::{collections::BTreeSet, io::Write, path::Path};

/// Bytes of all files as they are in the repository, comments included, and as they are sent,
/// packed one by one. Raise them only for something that is worth its weight.
const RAW: usize = 407_000;
const PACKED: usize = 155_000;
const MODULES: usize = 86;

/// As `RAW` and `PACKED`, of what the first page needs before it is painted, the page itself too.
const FIRST_RAW: usize = 120_000;
const FIRST_PACKED: usize = 40_000;

#[test]
fn the_files_are_few_and_light() {
    let modules = FILES
        .iter()
        .filter(|(name, _)| name.ends_with(".js"))
        .count();
    let raw: usize = FILES.iter().map(|(_, text)| text.len()).sum();
    let alone = FILES
        .iter()
        .filter(|(name, _)| !is_shared(name))
        .map(|(_, text)| pack(text));
    let packed = alone.sum::<usize>() + pack(&styles());
    println!("{modules} modules, {raw} bytes, {packed} packed");
    assert!(modules <= MODULES, "{modules} modules");
    assert!(raw <= RAW, "{raw} bytes");
    assert!(packed <= PACKED, "{packed} bytes packed");
}

fn text_of(name: &str) -> &'static str {
    let found = FILES.iter().find(|(file, _)| *file == name);
    found.unwrap_or_else(|| panic!("no file {name}")).1
}

/// Adds the module and all that it imports, but not what it imports when it is needed.
pub fn gather(name: &str, into: &mut BTreeSet<String>) {
    if !into.insert(name.to_owned()) {
        return;
    }
    let folder = Path::new(name).parent().unwrap();
    for rest in text_of(name).split("from '.").skip(1) {
        let path = format!(".{}", rest.split_once('\'').unwrap().0);
        let mut parts: Vec<&str> = folder.iter().map(|part| part.to_str().unwrap()).collect();
        for part in path.split('/') {
            match part {
                "." => {}
                ".." => drop(parts.pop()),
                part => parts.push(part),
            }
        }
        gather(&parts.join("/"), into);
    }
}

/// Stylesheets that the first page shows nothing without, besides the shared ones.
const FIRST_STYLES: &str = "styles/overview.css";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_page_loads_only_what_it_needs() {
    let desk = Desk::open().await;
    let page = desk.server.client.get(desk.at("/")).send().await.unwrap();
    let page = page.text().await.unwrap();
    let mut modules = BTreeSet::new();
    gather("app/main.js", &mut modules);
    gather("pages/overview.js", &mut modules);
    let named = text_of("app/pages.js");
    assert!(
        named.contains("page('overview', 'overview')"),
        "{FIRST_STYLES}"
    );
    let texts = modules.iter().map(|name| text_of(name));
    let shared = styles();
    let texts = texts.chain([text_of(FIRST_STYLES), &shared, &page]);
    let (raw, packed) = texts.fold((0, 0), |(raw, packed), text| {
        (raw + text.len(), packed + pack(text))
    });
    println!("{} modules, {raw} bytes, {packed} packed", modules.len());
    assert!(!modules.contains("pages/job.js") && modules.contains("parts/dom.js"));
    for ahead in page.split("modulepreload\" href=\"/assets/").skip(1) {
        let name = ahead.split_once('/').unwrap().1.split_once('"').unwrap().0;
        assert!(modules.contains(name), "{name} is loaded for nothing");
    }
    assert!(raw <= FIRST_RAW, "{raw} bytes");
    assert!(packed <= FIRST_PACKED, "{packed} bytes packed");
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
