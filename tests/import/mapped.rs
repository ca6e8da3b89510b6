//! Stores that the importer does not know, by a map of their fields.

use super::{
    dump::{Dump, counts, export_jobs, import_all, job, rejected},
    trials::trial,
};
use crate::support::TestApp;
use callsheet::import::{Format, Mapping, Options, Report, StatusWords};
use serde_json::{Value, json};
use std::{path::PathBuf, sync::Arc};

struct Map<'a> {
    format: Format,
    table: Option<&'a str>,
    job_type: Option<&'a str>,
    pairs: &'a str,
    words: &'a [&'a str],
}

const JSON: Map<'_> = Map {
    format: Format::Json,
    table: None,
    job_type: Some("video"),
    pairs: "",
    words: &[],
};

fn options(map: &Map<'_>, source: PathBuf) -> Options {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let pairs = [map.pairs.to_owned()];
    let mapping = Mapping::new(map.format, owned(map.table), owned(map.job_type), &pairs).unwrap();
    let mut words = StatusWords::default();
    map.words.iter().for_each(|pair| words.add(pair).unwrap());
    Options {
        mapping: Some(Arc::new(mapping)),
        words,
        ..Options::new(vec![source])
    }
}

async fn mapped(bench: &TestApp, name: &str, map: Map<'_>) -> (Report, Vec<Value>) {
    let (report, _) = import_all(bench, &options(&map, trial(name))).await;
    assert_eq!(report.total.rejected, 0, "{name}: {:?}", report.rejects);
    let unmet = |told: &&String| told.contains("--map names");
    assert_eq!(
        report.assumed.iter().filter(unmet).count(),
        0,
        "{:?}",
        report.assumed
    );
    let mut jobs = export_jobs(bench).await;
    jobs.sort_by_key(|job| job["job_id"].as_str().unwrap().to_owned());
    (report, jobs)
}

#[on_both]
async fn a_dict_by_id_comes_in(bench: TestApp) {
    let map = Map {
        job_type: Some("silence-cut"),
        pairs: "input_file=request.input_path,output_file=result.video_path,params=request,message=current_stage",
        ..JSON
    };
    let (_, jobs) = mapped(&bench, "10a_silence_cutter_dict.json", map).await;
    let job = &jobs[0];
    assert_eq!(
        (&job["job_type"], &job["source"]),
        (&json!("silence-cut"), &json!("mapped"))
    );
    assert_eq!(
        job["request_data"],
        json!({"crf": 18, "input_path": "uploads/a.mp4"})
    );
    assert_eq!(job["result"]["video_path"], "outputs/a.mp4");
    assert_eq!(job["current_stage"], "Done, 70 % shorter");
}

#[on_both]
async fn a_queue_with_its_version_beside_the_list_comes_in(bench: TestApp) {
    let map = Map {
        job_type: Some("render"),
        pairs: "name=project_title,added=created_at,started=started_at,finished=completed_at,\
                output=result.video_path,script=request.script,args=request.args",
        words: &["paused=queued"],
        ..JSON
    };
    let (_, jobs) = mapped(&bench, "10b_render_queue.json", map).await;
    let of = |name: &str| jobs.iter().map(|job| job[name].clone()).collect::<Vec<_>>();
    assert_eq!(of("job_id"), ["1", "2", "3"]);
    assert_eq!(of("status"), ["completed", "queued", "processing"]);
    assert_eq!(jobs[0]["created_at"], "2026-07-30T14:02:35.000000Z");
    assert_eq!(jobs[0]["completed_at"], "2026-07-30T22:36:09.000000Z");
    assert_eq!(jobs[0]["updated_at"], jobs[0]["completed_at"]);
    assert_eq!(jobs[0]["result"]["video_path"], "C:\\r\\orbit.mp4");
    assert_eq!(jobs[0]["context"]["legacy"]["note"], "fine");
}

#[on_both]
async fn camel_case_and_milliseconds_come_in(bench: TestApp) {
    let map = Map {
        pairs: "id=job_id,prompt=content,stepDescription=current_stage,createdAt=created_at,\
                startedAt=started_at,completedAt=completed_at,videoUrl=result.video_path",
        words: &["generation=processing"],
        ..JSON
    };
    let (_, jobs) = mapped(&bench, "10c_camel_ms.json", map).await;
    assert_eq!(
        (&jobs[0]["status"], &jobs[1]["status"]),
        (&json!("completed"), &json!("processing"))
    );
    assert_eq!(jobs[0]["created_at"], "2026-09-29T22:36:43.133000Z");
    assert_eq!(jobs[1]["progress"], 70.0);
    assert_eq!(jobs[0]["result"]["video_path"], "/storage/videos/a.mp4");
}

#[on_both]
async fn records_without_times_have_that_of_their_file(bench: TestApp) {
    let map = Map {
        pairs: "outputPath=result.video_path,out=result.video_path2,video=request.input_path,msg=error",
        ..JSON
    };
    let (report, jobs) = mapped(&bench, "10d_no_times.json", map).await;
    assert_eq!(report.total.rules.get("time_taken_from_the_file"), Some(&2));
    assert_eq!(
        (&jobs[0]["status"], &jobs[1]["status"]),
        (&json!("completed"), &json!("failed"))
    );
    assert_eq!(jobs[1]["error"], "ffmpeg returned 234");
    assert_eq!(jobs[0]["result"]["video_path"], "D:\\out\\a.mp4");
    let changed = trial("10d_no_times.json")
        .metadata()
        .unwrap()
        .modified()
        .unwrap();
    let changed = chrono::DateTime::<chrono::Utc>::from(changed).timestamp_micros();
    let id = jobs[0]["job_id"].as_str().unwrap();
    assert_eq!(
        bench
            .get_job(id)
            .await
            .unwrap()
            .created_at
            .timestamp_micros(),
        changed
    );
}

#[on_both]
async fn lists_come_in_and_keep_what_has_no_name_here(bench: TestApp) {
    let clips = Map {
        job_type: Some("clips"),
        pairs: "youtube_url=content",
        words: &["preview_ready=processing"],
        ..JSON
    };
    let (_, jobs) = mapped(&bench, "10e_clips_list.json", clips).await;
    assert_eq!(
        (&jobs[0]["status"], &jobs[1]["status"]),
        (&json!("queued"), &json!("processing"))
    );
    assert_eq!(jobs[0]["content"], "https://video.example/shorts/abc");
    let upscaler = Map {
        job_type: Some("upscale"),
        pairs: "input_path=request.input_path,output_path=result.image_path,scale=request.scale",
        ..JSON
    };
    let (_, jobs) = mapped(&bench, "10f_upscaler_list.json", upscaler).await;
    let job = jobs
        .iter()
        .find(|job| job["job_type"] == "upscale")
        .unwrap();
    assert_eq!(
        job["request_data"],
        json!({"input_path": "uploads\\a.png", "scale": 2})
    );
    assert_eq!(job["progress"], 100.0);
}

#[on_both]
async fn the_type_may_be_a_field_of_the_record(bench: TestApp) {
    let map = Map {
        job_type: None,
        pairs: "mode=job_type,prompt=content",
        ..JSON
    };
    let (_, jobs) = mapped(&bench, "10k_mode_and_status.json", map).await;
    assert_eq!(
        (&jobs[0]["job_type"], &jobs[1]["job_type"]),
        (&json!("txt2img"), &json!("turbo"))
    );
}

#[on_both]
async fn tables_of_sqlite_come_in(bench: TestApp) {
    let animation = Map {
        format: Format::Sqlite,
        table: Some("jobs"),
        job_type: None,
        pairs: "id=job_id,prompt=content,input_data=request,result_data=result.video_path,error_message=error",
        ..JSON
    };
    let (_, jobs) = mapped(&bench, "12a_animation_jobs.db", animation).await;
    let of = |name: &str| jobs.iter().map(|job| job[name].clone()).collect::<Vec<_>>();
    assert_eq!(of("job_type"), ["image_generation", "animation"]);
    assert_eq!(of("status"), ["failed", "completed"]);
    assert_eq!(jobs[0]["error"], "title: Unauthenticated");
    assert_eq!(jobs[0]["request_data"], json!({"num": 1}));
    assert_eq!(jobs[1]["result"]["video_path"], "static/out.mp4");
    // The file has one table, which needs no name.
    let only = Map {
        format: Format::Sqlite,
        pairs: "result_data=result",
        ..JSON
    };
    let (_, jobs) = mapped(&bench, "12b_video_jobs.db", only).await;
    let job = jobs.iter().find(|job| job["job_id"] == "a").unwrap();
    assert_eq!(
        (&job["status"], &job["progress"]),
        (&json!("completed"), &json!(100.0))
    );
}

#[on_both]
async fn a_table_that_is_not_there_and_a_wrong_form_are_named(bench: TestApp) {
    let of = |format: Format, table: Option<&'static str>| Map {
        format,
        table,
        ..JSON
    };
    for (map, name, told) in [
        (
            of(Format::Sqlite, Some("tasks")),
            "12a_animation_jobs.db",
            "no table `tasks`; name one with --table: jobs",
        ),
        (of(Format::Sqlite, None), "10c_camel_ms.json", "--from json"),
        (
            of(Format::Json, None),
            "12a_animation_jobs.db",
            "--from sqlite",
        ),
    ] {
        let (report, _) = import_all(&bench, &options(&map, trial(name))).await;
        let sentence = report.rejects[0].kind.to_string();
        assert!(
            report.total.rejected == 1 && sentence.contains(told),
            "{sentence}"
        );
    }
}

#[on_both]
async fn tables_of_text_come_in_with_any_separator(bench: TestApp) {
    let rows = [
        ["uuid", "state", "made", "clip", "percent", "note"],
        [
            "c-1",
            "done",
            "2026-01-02 03:04",
            "/a.mp4",
            "100",
            "\"two, words\"",
        ],
        ["c-2", "running", "2026-01-02 03:05", "", "40%", ""],
        ["c-2", "error", "2026-01-02 03:05", "", "", "last"],
    ];
    let pairs = "uuid=job_id,state=status,made=created_at,clip=result.video_path,percent=progress";
    for separator in [",", ";", "\t"] {
        let text: Vec<_> = rows.iter().map(|row| row.join(separator)).collect();
        let dump = Dump::of(format!("\u{feff}{}\r\n", text.join("\r\n")));
        let map = Map {
            format: Format::Csv,
            pairs,
            ..JSON
        };
        let (report, _) = import_all(&bench, &options(&map, dump.path.clone())).await;
        assert_eq!(
            (report.total.found, report.total.rejected),
            (2, 0),
            "{:?}",
            report.rejects
        );
    }
    let jobs = export_jobs(&bench).await;
    assert_eq!(
        (&jobs[0]["status"], &jobs[1]["status"]),
        (&json!("completed"), &json!("failed"))
    );
    assert_eq!(jobs[0]["context"]["legacy"]["note"], "two, words");
    assert_eq!(jobs[0]["result"]["video_path"], "/a.mp4");
    let long = Dump::of("id,status\na,done,more\nb,done\n");
    let map = Map {
        format: Format::Csv,
        ..JSON
    };
    let (report, _) = import_all(&bench, &options(&map, long.path.clone())).await;
    assert_eq!(
        (counts(&report), rejected(&report)),
        ((2, 1, 0, 1), vec![("line 2".to_owned(), "wrong_type")])
    );
}

#[on_both]
async fn a_text_that_is_no_whole_number_is_kept_as_it_was(bench: TestApp) {
    let dump = Dump::of("id,status,total,weight\na,done,3,nan\nb,done,1e400,2.5\nc,done,4.0,-7\n");
    let map = Map {
        format: Format::Csv,
        pairs: "total=total_shots,weight=priority",
        ..JSON
    };
    import_all(&bench, &options(&map, dump.path.clone())).await;
    let jobs = export_jobs(&bench).await;
    let job = |id: &str| jobs.iter().find(|job| job["job_id"] == id).unwrap();
    let numbers = |id: &str| (job(id)["total_shots"].clone(), job(id)["priority"].clone());
    assert_eq!(numbers("a"), (json!(3), json!(0)));
    assert_eq!(job("a")["context"]["legacy"]["priority"], "nan");
    assert_eq!(numbers("b").1, json!(0));
    assert_eq!(job("b")["context"]["legacy"]["total_shots"], "1e400");
    assert_eq!(job("b")["context"]["legacy"]["priority"], "2.5");
    assert_eq!(numbers("c"), (json!(4), json!(-7)));
}

#[on_both]
async fn a_dry_run_shows_the_first_records_and_writes_nothing(bench: TestApp) {
    let record =
        |n: u32| json!({"uuid": n, "status": "done", "at": "2026-01-02", "api_key": "opensesame"});
    let dump = Dump::json(&(0..9).map(record).collect());
    let map = Map {
        pairs: "uuid=job_id,at=created_at,gone=error",
        ..JSON
    };
    let dry = Options {
        dry_run: true,
        ..options(&map, dump.path.clone())
    };
    let (report, _) = import_all(&bench, &dry).await;
    assert_eq!(report.previews.len(), 5);
    assert_eq!(report.previews[4]["job_id"], "4");
    assert_eq!(
        report.previews[0]["context"]["legacy"]["api_key"],
        "[secret removed]"
    );
    assert!(
        report
            .assumed
            .contains(&"no record has `gone`, which --map names".to_owned())
    );
    assert!(export_jobs(&bench).await.is_empty());
}

#[on_both]
async fn the_newest_line_counts_by_the_names_of_the_map(bench: TestApp) {
    let line = |state: &str, at: u64| {
        json!({"meta": {"id": "x"}, "state": state, "changed": at}).to_string()
    };
    let log = [
        line("queued", 1767323045),
        line("done", 1767323099),
        line("running", 1767323050),
    ];
    let dump = Dump::of(log.join("\n"));
    let map = Map {
        pairs: "meta.id=job_id,state=status,changed=updated_at",
        ..JSON
    };
    let (report, _) = import_all(&bench, &options(&map, dump.path.clone())).await;
    assert_eq!(counts(&report), (1, 1, 0, 0), "{:?}", report.rejects);
    assert_eq!(
        bench.get_job("x").await.unwrap().status,
        entity::JobStatus::Completed
    );
}

#[on_both]
async fn a_known_store_may_be_mapped_as_well(bench: TestApp) {
    let dump = Dump::json(&json!({"jobs": [job("a", json!({"status": "done"}))]}));
    let map = Map {
        job_type: None,
        pairs: "request.idea=content",
        ..JSON
    };
    let (report, _) = import_all(&bench, &options(&map, dump.path.clone())).await;
    assert_eq!(counts(&report), (1, 1, 0, 0), "{:?}", report.rejects);
    let job = bench.get_job("a").await.unwrap();
    assert_eq!(
        (job.job_type.as_str(), job.source.as_deref()),
        ("idea2video", Some("mapped"))
    );
    assert_eq!(
        job.content.as_deref(),
        Some("A fox learns to ride the night train")
    );
}
