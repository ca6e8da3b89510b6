//! `--metrics-listen`: an address that offers the metrics and nothing else.

use super::{PATIENCE, served};
use tokio::time::timeout;

#[tokio::test]
async fn the_other_address_offers_the_metrics_alone() {
    let mut served = served(&["--metrics-listen", "127.0.0.1:0"]).await;
    let url = loop {
        let line = timeout(PATIENCE, served.server.lines.recv()).await;
        let line = line.expect("it says where the metrics are").unwrap();
        if let Some((_, url)) = line.split_once("metrics   ") {
            break url.to_owned();
        }
    };
    let client = &served.server.client;
    let answer = client.get(&url).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(
        answer
            .text()
            .await
            .unwrap()
            .contains("callsheet_build_info")
    );
    for path in ["/", "/health/live", "/api/v1/jobs", "/docs"] {
        let other = client.get(url.replace("/metrics", path)).send().await;
        assert_eq!(other.unwrap().status(), 404, "{path}");
    }
    let stranger = client.get(&url).header("host", "evil.test").send().await;
    assert_eq!(stranger.unwrap().status(), 421);
    let main = client.get(served.server.at("/metrics")).send().await;
    assert_eq!(main.unwrap().status(), 404);
}
