//! A film that is opened by its address, and loaded again.

use super::desk::Desk;
use serde_json::json;

/// A minimal PCM sound of a tenth of a second: any browser plays it without a codec.
fn sound() -> Vec<u8> {
    let samples = vec![128_u8; 800];
    let mut wav = b"RIFF".to_vec();
    wav.extend(u32::try_from(36 + samples.len()).unwrap().to_le_bytes());
    wav.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend(8000_u32.to_le_bytes());
    wav.extend(8000_u32.to_le_bytes());
    wav.extend(b"\x01\0\x08\0data");
    wav.extend(u32::try_from(samples.len()).unwrap().to_le_bytes());
    wav.extend(samples);
    wav
}

const PLAYABLE: &str = "(() => { const media = document.querySelector('video, audio'); \
    return media && media.readyState >= 1 && !media.error && !window.old; })()";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_opened_by_its_address_plays_after_every_reload() {
    let desk = Desk::open().await;
    std::fs::write(desk.folder.path().join("media/film.wav"), sound()).unwrap();
    let browser = desk.browser().await;
    let page = browser.page().await;
    page.call("Page.navigate", json!({"url": desk.at("/media/film.wav")}))
        .await;
    page.until(PLAYABLE).await;
    for _ in 0..3 {
        page.eval("void (window.old = true)").await;
        page.call("Page.reload", json!({})).await;
        page.until(PLAYABLE).await;
    }
    browser.close().await;
}
