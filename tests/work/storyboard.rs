//! `examples/storyboard`: a real pipeline, killed and resumed. Renders are counted where they
//! happen: in front of ffmpeg.

use super::stage::{Stage, Worker, path};
use crate::support::{TestDb, callsheet};
use serde_json::{Value, json};
use std::{os::unix::fs::PermissionsExt, path::Path};
use tokio::process::Command;

const IDEA: &str =
    "A fox learns to ride the night train home, and 100% of the passengers can't believe it";
const SCRIPT: &str = "INT. STATION - NIGHT\nA fox waits alone. The clock says ten. A train comes in.\n\n\
    INT. TRAIN - NIGHT\nThe conductor looks twice: \"Ticket?\" The fox has one.\n";

struct Studio {
    stage: Stage,
}

impl Studio {
    async fn at(db: &TestDb) -> Self {
        let media = tempfile::tempdir().unwrap().keep();
        let stage = Stage::with(db, &["--media-dir", media.to_str().unwrap()]).await;
        std::os::unix::fs::symlink(&media, stage.path("media")).unwrap();
        std::fs::create_dir(stage.path("bin")).unwrap();
        let counting = format!(
            "#!/bin/sh\nfor last; do :; done\nbasename \"$last\" >> {}\nexec {} \"$@\"\n",
            stage.path("renders").display(),
            which::which("ffmpeg").unwrap().display()
        );
        std::fs::write(stage.path("bin/ffmpeg"), counting).unwrap();
        std::fs::set_permissions(stage.path("bin/ffmpeg"), PermissionsExt::from_mode(0o755))
            .unwrap();
        Self { stage }
    }

    fn worker(&self, args: &[&str]) -> Worker {
        let program =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/storyboard/storyboard.py");
        let media = self.stage.path("media").display().to_string();
        let own = [
            "work",
            "--type",
            "idea2video,script2video",
            "--server",
            &self.stage.server.url,
        ];
        let program = ["--", program.to_str().unwrap(), "--media", &media];
        let mut command = callsheet(&[&own, args, &program].concat());
        // The counting ffmpeg comes first.
        Worker::start(command.env(
            "PATH",
            format!("{}:{}", self.stage.path("bin").display(), path()),
        ))
    }

    /// How many times each shot was rendered.
    fn renders(&self, shot: &str) -> usize {
        self.stage
            .read("renders")
            .lines()
            .filter(|line| *line == format!("{shot}.part.mp4"))
            .count()
    }

    async fn items(&self, id: &str) -> Vec<Value> {
        self.stage.get(&format!("/jobs/{id}/items")).await["items"]
            .as_array()
            .unwrap()
            .clone()
    }

    /// The film as it is served, held against what its job says.
    async fn assert_plays(&self, id: &str) {
        let job = self.stage.job(id).await;
        assert_eq!(job["status"], "completed", "{job}");
        let shots = job["total_shots"].as_u64().unwrap();
        assert_eq!(
            json!([job["completed_shots"], job["result"]["shots"]]),
            json!([shots, shots])
        );
        for (path, kind) in [
            ("video_path", "video/mp4"),
            ("thumbnail_path", "image/jpeg"),
        ] {
            let path = job["result"][path].as_str().unwrap();
            let answer = self
                .stage
                .server
                .client
                .get(self.stage.server.at(path))
                .send()
                .await
                .unwrap();
            assert_eq!(
                (
                    answer.status().as_u16(),
                    answer.headers()["content-type"].to_str().unwrap()
                ),
                (200, kind)
            );
            std::fs::write(self.stage.path("served"), answer.bytes().await.unwrap()).unwrap();
            if kind == "video/mp4" {
                let film = self.probe().await;
                let video = &film["streams"][0];
                assert_eq!(
                    json!([video["codec_name"], video["pix_fmt"]]),
                    json!(["h264", "yuv420p"])
                );
                assert_eq!(film["chapters"].as_array().unwrap().len() as u64, shots);
                let title = job["project_title"].as_str().unwrap_or_default();
                let told = film["format"]["tags"]["title"].as_str();
                assert_eq!(told.unwrap_or_default(), title);
                let seconds: f64 = film["format"]["duration"]
                    .as_str()
                    .unwrap()
                    .parse()
                    .unwrap();
                assert!(
                    (seconds - job["result"]["seconds"].as_f64().unwrap()).abs() < 0.2,
                    "{seconds} s"
                );
                // A browser begins to play before it has the whole file.
                let bytes = std::fs::read(self.stage.path("served")).unwrap();
                let at = |name: &[u8]| bytes.windows(4).position(|four| four == name).unwrap();
                assert!(at(b"moov") < at(b"mdat"));
            }
        }
    }

    async fn probe(&self) -> Value {
        let show = [
            "-v",
            "error",
            "-of",
            "json",
            "-show_streams",
            "-show_chapters",
            "-show_format",
        ];
        let output = Command::new("ffprobe")
            .args(show)
            .arg(self.stage.path("served"))
            .output()
            .await
            .unwrap();
        assert!(
            output.status.success() && output.stderr.is_empty(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

#[on_both]
async fn a_film_of_an_idea_plays_and_has_as_many_shots_as_its_job(db: TestDb) {
    let studio = Studio::at(&db).await;
    let idea = json!({"idea": IDEA, "project_title": "Night train: 'a=b'; #1\\"});
    let id = studio.stage.post("/generate/idea2video", idea).await["job_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut worker = studio.worker(&["--concurrency", "2"]);
    // Whoever makes a job of their own shots gets a film of those.
    let items = json!([{"key": "shot one", "input": {"visual_desc": "A lighthouse at dawn\\"}}, {"key": "2", "input": {"motion_desc": "push in"}}]);
    let own = json!({"job_type": "idea2video", "job_id": "own:shots", "items": items});
    studio.stage.post("/jobs", own).await;
    for id in [&*id, "own:shots"] {
        studio
            .stage
            .until(id, |job| {
                job["status"] == "completed" || job["error"].is_string()
            })
            .await;
        studio.assert_plays(id).await;
    }
    assert_eq!(studio.stage.job("own:shots").await["total_shots"], 2);
    worker.says("completed").await;
    worker.stop().await;
}

#[on_both]
async fn killed_at_a_random_shot_it_renders_only_what_is_missing(db: TestDb) {
    let studio = Studio::at(&db).await;
    let script = json!({"script": SCRIPT, "project_title": "Night train"});
    let id = studio.stage.post("/generate/script2video", script).await["job_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut worker = studio.worker(&["--lease-seconds", "2"]);
    worker.says("started").await;
    let shot = fastrand::u64(1..=4);
    studio
        .stage
        .until(&id, |job| job["completed_shots"].as_u64() >= Some(shot))
        .await;
    worker.kill().await;
    // The file of one finished shot is lost: it does not count as done.
    let done: Vec<_> = studio
        .items(&id)
        .await
        .into_iter()
        .filter(|item| item["status"] == "completed")
        .collect();
    let keys: Vec<_> = done
        .iter()
        .map(|item| item["key"].as_str().unwrap().to_owned())
        .collect();
    let lost = &keys[0];
    std::fs::write(
        studio.stage.path(&format!("media/{id}/{lost}.mp4")),
        "half a file",
    )
    .unwrap();
    let before: Vec<_> = keys.iter().map(|key| studio.renders(key)).collect();
    studio
        .stage
        .until(&id, |job| job["status"] == "queued")
        .await;
    studio.stage.do_not_wait(&id).await;

    let mut worker = studio.worker(&["--lease-seconds", "30"]);
    worker.says("completed").await;
    studio.assert_plays(&id).await;
    assert_eq!(studio.stage.job(&id).await["attempt"], 2);
    for (key, before) in keys.iter().zip(before) {
        assert_eq!(
            (before, studio.renders(key)),
            (1, if key == lost { 2 } else { 1 }),
            "{key}, killed at shot {shot}"
        );
    }
    worker.stop().await;
}

#[on_both]
async fn on_a_full_disk_the_shot_fails_and_is_rendered_when_there_is_room(db: TestDb) {
    let studio = Studio::at(&db).await;
    let folder = studio.stage.path("media/film");
    std::fs::create_dir(&folder).unwrap();
    let part = folder.join("shot-02.part.mp4");
    std::os::unix::fs::symlink("/dev/full", &part).unwrap();
    let body = json!({"job_type": "idea2video", "job_id": "film", "content": IDEA, "project_title": "Faro"});
    studio.stage.post("/jobs", body).await;
    let mut worker = studio.worker(&[]);
    worker.says("film failed, to be tried again").await;
    let job = studio.stage.job("film").await;
    assert!(
        job["error"]
            .as_str()
            .unwrap()
            .contains("No space left on device"),
        "{job}"
    );
    let items = studio.items("film").await;
    assert_eq!(
        json!([items[0]["status"], items[1]["status"]]),
        json!(["completed", "failed"])
    );
    assert!(
        items[1]["error"]
            .as_str()
            .unwrap()
            .contains("No space left on device")
    );

    std::fs::remove_file(&part).unwrap();
    studio.stage.do_not_wait("film").await;
    worker.says("film completed").await;
    studio.assert_plays("film").await;
    assert_eq!(
        (studio.renders("shot-01"), studio.renders("shot-02")),
        (1, 2)
    );
    worker.stop().await;
}
