//! What the dashboard may weigh.

use callsheet::dashboard::{FILES, sent};
use flate2::{Compression, write::GzEncoder};
use std::io::Write;

#[test]
fn the_files_are_few_and_light() {
    let modules = FILES.iter().filter(|(name, _)| name.ends_with(".js")).count();
    let raw: usize = FILES.iter().map(|(_, text)| sent(text).len()).sum();
    let packed = |text: &str| {
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        packer.write_all(text.as_bytes()).unwrap();
        packer.finish().unwrap().len()
    };
    let packed: usize = FILES.iter().map(|(_, text)| packed(&sent(text))).sum();
    println!("{modules} modules, {raw} bytes, {packed} packed");
    assert!(modules <= 20, "{modules} modules");
    assert!(raw <= RAW, "{raw} bytes");
    assert!(packed <= PACKED, "{packed} bytes packed");
}

/// What may be sent, as it is and packed: raised only for something that is worth its weight.
const RAW: usize = 193_000;
const PACKED: usize = 66_000;

#[test]
fn what_is_sent_says_what_the_files_say() {
    for (name, text) in FILES {
        // No text goes on in the next line, and no line but a comment looks like one.
        let split = text.lines().find(|line| line.matches('`').count() % 2 == 1);
        assert_eq!(split, None, "{name}: a text of more than one line");
        let comments = text.lines().map(str::trim).filter(|line| line.starts_with("/*") || line.starts_with("* "));
        let behind: Vec<_> = comments.filter(|line| line.contains("*/") && !line.ends_with("*/")).collect();
        assert!(behind.is_empty(), "{name}: something stands behind a comment in its line: {behind:?}");
        assert_eq!(sent(text).lines().count(), text.trim_end().lines().count(), "{name}");
    }
    assert_eq!(sent("a\n  // b\n  /** c\n   * d */\n    e('//f')\n\n"), "a\n\n\n\ne('//f')\n");
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
        let hosts = text.split("http").skip(1).filter(|rest| rest.starts_with("://") || rest.starts_with("s://"));
        let strange: Vec<_> =
            hosts.filter(|rest| !rest.trim_start_matches(['s', ':', '/']).starts_with("www.w3.org/")).collect();
        assert!(strange.is_empty(), "{name} names another host: {strange:?}");
    }
}
