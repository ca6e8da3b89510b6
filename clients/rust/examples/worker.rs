//! A worker that renders each item of a job with ffmpeg, as a clip of one colour.
//!
//!     cargo run --package callsheet-client --example worker [LEASE_SECONDS]

use callsheet_client::{Attempt, Client, Failed, Worker};
use serde_json::{Value, json};
use std::{path::PathBuf, time::Duration};
use tokio::process::Command;

async fn render(attempt: Attempt) -> Result<Value, Failed> {
    let folder = PathBuf::from("media").join(&attempt.job().job_id);
    std::fs::create_dir_all(&folder)?;
    for item in attempt.pending() {
        attempt.start(&item.key).await?;
        // Who creates jobs chooses keys and inputs: neither becomes a path or a filter unseen.
        let file = folder.join(format!("{}.mp4", item.idx));
        let colour = item.input["colour"].as_str().unwrap_or("navy");
        if !colour.chars().all(|c| c.is_ascii_alphanumeric()) {
            return Err(Failed::new(format!("{}: no such colour", item.key)).permanent());
        }
        let ended = Command::new("ffmpeg")
            .args(["-loglevel", "error", "-y", "-f", "lavfi", "-i"])
            .arg(format!("color={colour}:size=640x360:duration=2"))
            .arg(&file)
            .kill_on_drop(true)
            .status()
            .await?;
        if !ended.success() {
            return Err(Failed::new(format!("{}: ffmpeg: {ended}", item.key)));
        }
        let path = format!("/{}", file.display());
        attempt.done(&item.key, json!({"video_path": path})).await?;
    }
    Ok(json!({"clips": attempt.items().len()}))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::from_env()?;
    let seconds = std::env::args()
        .nth(1)
        .map_or(Ok(60), |text| text.parse())?;
    let worker = Worker::new(["clips"]).lease(Duration::from_secs(seconds));
    worker
        .log(|line| println!("{line}"))
        .run(&client, render)
        .await?;
    Ok(())
}
