//! What the dashboard may weigh.

use callsheet::dashboard::FILES;
use flate2::{Compression, write::GzEncoder};
use std::io::Write;

#[test]
fn the_files_are_few_and_light() {
    let modules = FILES.iter().filter(|(name, _)| name.ends_with(".js")).count();
    let raw: usize = FILES.iter().map(|(_, text)| text.len()).sum();
    let packed = |text: &str| {
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        packer.write_all(text.as_bytes()).unwrap();
        packer.finish().unwrap().len()
    };
    let packed: usize = FILES.iter().map(|(_, text)| packed(text)).sum();
    println!("{modules} modules, {raw} bytes, {packed} packed");
    assert!(modules <= 20, "{modules} modules");
    assert!(raw <= RAW, "{raw} bytes");
    assert!(packed <= PACKED, "{packed} bytes packed");
}

/// What may be sent, as it is and packed: raised only for something that is worth its weight.
const RAW: usize = 242_000;
const PACKED: usize = 77_000;

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
        let hosts = text.split("http").skip(1).filter(|rest| rest.starts_with("://") || rest.starts_with("s://"));
        let strange: Vec<_> =
            hosts.filter(|rest| !rest.trim_start_matches(['s', ':', '/']).starts_with("www.w3.org/")).collect();
        assert!(strange.is_empty(), "{name} names another host: {strange:?}");
    }
}
