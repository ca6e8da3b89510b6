//! Where a store lies: compressed files, folders, SQLite files with changes pending beside them, PostgreSQL.

use super::{
    dump::{Dump, counts, export_jobs, import, import_all, job, rejected, sample},
    kept_as_it_was::{Bytes, Copy},
    truth::differences,
};
use crate::support::{Backend, Fixture, TestApp, TestDb};
use callsheet::import::{self, ImportError, Options};
use sea_orm::{ConnectionTrait, DatabaseConnection};
use serde_json::{Value, json};
use std::{
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    path::Path,
};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

#[on_both]
async fn a_compressed_file_is_read_as_it_is(bench: TestApp) {
    let text = |id: &str| json!({id: job(id, json!({"status": "failed"}))}).to_string();
    // A key that stands twice has to be found in an archive as well.
    let twice = format!(
        "{{{}, {}}}",
        &text("a")[1..text("a").len() - 1],
        r#""a": null"#
    );
    let zstd = zstd::encode_all(text("b").as_bytes(), 1).unwrap();
    // Two archives one after the other are one archive.
    let both = [gzip(text("c").as_bytes()), gzip(text("d").as_bytes())].concat();
    let dumps = [
        Dump::of(gzip(twice.as_bytes())),
        Dump::of(zstd),
        Dump::of(both),
    ];
    let options = Options::new(dumps.iter().map(|dump| dump.path.clone()).collect());
    let (report, _) = import_all(&bench, &options).await;
    assert_eq!(counts(&report), (5, 3, 0, 2));
    let wanted = [
        ("a".to_owned(), "duplicate_id"),
        ("a".to_owned(), "not_an_object"),
    ];
    assert_eq!(rejected(&report), wanted);
}

#[on_both]
async fn a_broken_archive_gives_its_whole_records(bench: TestApp) {
    let records: Vec<_> = (0..2000)
        .map(|n| {
            job(
                &format!("job-{n}"),
                json!({"salt": fastrand::u128(..).to_string()}),
            )
        })
        .collect();
    let archive = gzip(Value::from(records).to_string().as_bytes());
    let report = import(&bench, &Dump::of(&archive[..archive.len() / 2])).await;
    assert!(report.total.imported > 100 && report.total.rejected == 1);
    assert!(matches!(
        rejected(&report)[0].1,
        "unreadable_file" | "truncated_json"
    ));
}

#[on_both]
async fn a_folder_is_read_with_what_lies_below_and_a_loop_is_told_of(bench: TestApp) {
    let folder = tempfile::tempdir().unwrap();
    let write =
        |name: &str, content: &str| std::fs::write(folder.path().join(name), content).unwrap();
    std::fs::create_dir_all(folder.path().join("2025/11")).unwrap();
    write("a.json", &job("a", json!({})).to_string());
    write(
        "2025/11/b.JSON",
        &json!([job("b", json!({})), job("c", json!({}))]).to_string(),
    );
    write("2025/notes.txt", "not a dump");
    write("2025/z.json", "");
    std::os::unix::fs::symlink(folder.path(), folder.path().join("2025/11/up")).unwrap();
    std::os::unix::fs::symlink("nowhere", folder.path().join("gone.json")).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(folder.path().join("pipe.json"))
        .status()
        .unwrap();
    assert!(made.success());

    let (report, _) = import_all(&bench, &Options::new(vec![folder.path().to_owned()])).await;
    assert_eq!(counts(&report), (7, 3, 0, 4));
    let told: Vec<_> = report
        .rejects
        .iter()
        .map(|o| {
            o.file
                .strip_prefix(folder.path())
                .unwrap()
                .to_str()
                .unwrap()
        })
        .collect();
    assert_eq!(
        told,
        ["gone.json", "pipe.json", "2025/z.json", "2025/11/up"]
    );
    let reasons: Vec<_> = rejected(&report)
        .into_iter()
        .map(|(_, reason)| reason)
        .collect();
    assert_eq!(
        reasons,
        [
            "unreadable_file",
            "unreadable_file",
            "empty_file",
            "folder_loop"
        ]
    );
}

#[on_both]
async fn a_copied_file_does_not_take_the_place_of_its_job(bench: TestApp) {
    let copy = Copy::of(&sample("web2img"));
    let job = copy.path.join("batch-a27769e9.json");
    let older = std::fs::read_to_string(&job)
        .unwrap()
        .replace("\"status\": \"completed\"", "\"status\": \"failed\"");
    std::fs::write(copy.path.join("a copy.json"), older).unwrap();
    let (report, _) = import_all(&bench, &Options::new(vec![copy.path.clone()])).await;
    assert_eq!((report.total.imported, report.total.rejected), (8, 3));
    assert_eq!(rejected(&report)[0].1, "duplicate_id");
    assert_eq!(
        bench.get_job("batch-a27769e9").await.unwrap().status,
        entity::JobStatus::Completed
    );
}

async fn open(file: &Path) -> DatabaseConnection {
    sea_orm::Database::connect(format!("sqlite://{}?mode=rwc", file.display()))
        .await
        .unwrap()
}

#[on_both]
async fn changes_that_wait_in_a_wal_come_along(bench: TestApp) {
    let work = Copy::of(&sample("comic"));
    let conn = open(&work.path.join("jobs.db")).await;
    let late = "INSERT INTO jobs VALUES ('late', 'completed', 1, 1, NULL, 1761680500.0, \
        1761680500.5, 1761680501.0)";
    for sql in [
        "PRAGMA wal_autocheckpoint = 0",
        late,
        "INSERT INTO job_results (job_id, item, success) VALUES ('late', 'x.cbz', 1)",
    ] {
        conn.execute_unprepared(sql).await.unwrap();
    }
    // What a process leaves that is killed: the database and its `-wal`, but not closed.
    let left = Copy::of(&work.path);
    std::fs::remove_file(left.path.join("jobs.db-shm")).unwrap();
    conn.close().await.unwrap();
    assert!(left.path.join("jobs.db-wal").metadata().unwrap().len() > 0);

    let before = Bytes::of(&left.path);
    let (report, _) = import_all(&bench, &Options::new(vec![left.path.clone()])).await;
    assert_eq!(counts(&report), (10, 9, 0, 1));
    assert_eq!(bench.get_job("late").await.unwrap().completed_shots, 1);
    assert_eq!(Bytes::of(&left.path), before);
}

#[on_both]
async fn a_journal_that_is_hot_is_rolled_back_in_the_copy(bench: TestApp) {
    let work = Copy::of(&sample("vimax_seko.db"));
    let conn = open(&work.path).await;
    for sql in [
        "PRAGMA cache_size = 1",
        "BEGIN",
        "UPDATE video_generation_jobs SET status = 'failed', content = hex(randomblob(3000))",
    ] {
        conn.execute_unprepared(sql).await.unwrap();
    }
    let left = Copy::of(work.path.parent().unwrap());
    conn.execute_unprepared("ROLLBACK").await.unwrap();
    conn.close().await.unwrap();
    assert!(
        left.path
            .join("vimax_seko.db-journal")
            .metadata()
            .unwrap()
            .len()
            > 0
    );
    assert_ne!(
        std::fs::read(left.path.join("vimax_seko.db")).unwrap(),
        std::fs::read(&work.path).unwrap()
    );

    let before = Bytes::of(&left.path);
    import_all(&bench, &Options::new(vec![left.path.join("vimax_seko.db")])).await;
    assert_eq!(
        differences(&sample("vimax_seko.truth.json"), &export_jobs(&bench).await),
        Vec::<String>::new()
    );
    assert_eq!(Bytes::of(&left.path), before);
}

#[on_both]
async fn a_database_that_is_damaged_or_unknown_is_named(bench: TestApp) {
    let whole = std::fs::read(sample("vimax_seko.db")).unwrap();
    let mut holes = whole.clone();
    for page in holes.chunks_mut(4096).skip(1) {
        page.fill(0xa5);
    }
    let own = TestDb::migrated(Backend::Sqlite).await;
    let own = std::fs::read(own.url.strip_prefix("sqlite://").unwrap()).unwrap();
    let dumps = [
        Dump::of(&whole[..100]),
        Dump::of(&whole[..whole.len() / 2]),
        Dump::of(holes),
        Dump::of(own),
    ];
    for dump in &dumps {
        let before = Bytes::of(&dump.path);
        let report = import(&bench, dump).await;
        assert_eq!(report.total.rejected, 1);
        assert!(matches!(
            rejected(&report)[0].1,
            "bad_database" | "unknown_shape"
        ));
        assert_eq!(Bytes::of(&dump.path), before);
    }
}

#[on_both]
async fn rows_of_a_table_that_are_odd_are_told_of(bench: TestApp) {
    let work = Copy::of(&sample("vimax_seko.db"));
    let conn = open(&work.path).await;
    conn.execute_unprepared("DELETE FROM video_generation_jobs")
        .await
        .unwrap();
    let row = |id: &str, status: &str, created: &str, result: &str| {
        format!(
            "INSERT INTO video_generation_jobs (id, job_type, status, created_at, result_data) \
            VALUES ({id}, 'x', {status}, {created}, {result})"
        )
    };
    let now = "'2025-01-01 00:00:00.000000'";
    for sql in [
        row("'good'", "'completed'", now, "'{\"total_shots\": 2}'"),
        row("'null-status'", "NULL", now, "NULL"),
        row("'null-time'", "'queued'", "NULL", "NULL"),
        row(&format!("'{}'", "x".repeat(300)), "'queued'", now, "NULL"),
        row("'no-json'", "'completed'", now, "'{\"total_shots\": '"),
        row("'bytes'", "'completed'", now, "x'7b22fffe'"),
        row("7", "'queued'", "1735689600.5", "'null'"),
    ] {
        conn.execute_unprepared(&sql).await.unwrap();
    }
    conn.close().await.unwrap();
    let (report, _) = import_all(&bench, &Options::new(vec![work.path.clone()])).await;
    assert_eq!(counts(&report), (7, 4, 0, 3));
    let wanted = [("null-status", "unknown_status"), ("null-time", "bad_time")];
    assert_eq!(
        rejected(&report)[..2],
        wanted.map(|(key, reason)| (key.to_owned(), reason))
    );
    assert_eq!(rejected(&report)[2].1, "bad_id");
    let kept = bench.get_job("no-json").await.unwrap().context.unwrap();
    assert_eq!(kept["legacy"]["result"], "{\"total_shots\": ");
    assert_eq!(
        bench
            .get_job("7")
            .await
            .unwrap()
            .created_at
            .timestamp_millis(),
        1_735_689_600_500
    );
}

#[on_both]
async fn an_active_job_that_is_gone_is_told_of(bench: TestApp) {
    let work = Copy::of(&sample("comic"));
    let conn = open(&work.path.join("preferences.db")).await;
    conn.execute_unprepared("UPDATE active_job SET job_id = 'gone'")
        .await
        .unwrap();
    conn.close().await.unwrap();
    let (report, _) = import_all(&bench, &Options::new(vec![work.path.clone()])).await;
    assert_eq!(counts(&report), (10, 8, 0, 2));
    let told: Vec<_> = report
        .rejects
        .iter()
        .map(|o| o.file.file_name().unwrap().to_str().unwrap())
        .collect();
    assert_eq!(told, ["jobs.db", "preferences.db"]);
    assert_eq!(rejected(&report)[1], ("gone".to_owned(), "orphan"));
}

/// A folder in the place of the journal cannot be copied.
#[on_both]
async fn preferences_that_cannot_be_copied_are_rejected_and_the_jobs_come_in(bench: TestApp) {
    let work = Copy::of(&sample("comic"));
    std::fs::create_dir(work.path.join("preferences.db-wal")).unwrap();
    for source in [work.path.join("jobs.db"), work.path.clone()] {
        let (report, _) = import_all(&bench, &Options::new(vec![source])).await;
        assert_eq!((report.total.found, report.total.rejected), (10, 2));
        let outcome = report.rejects.last().unwrap();
        assert!(outcome.file.ends_with("preferences.db"), "{outcome:?}");
        assert_eq!(rejected(&report)[1].1, "unreadable_file");
    }
}

/// Copies the rows of a sample, as its ORM would have written them there.
async fn fill(store: &DatabaseConnection, ddl: &str, table: &str, rows: &[Value]) {
    store.execute_unprepared(ddl).await.unwrap();
    let rows = Value::from(rows).to_string().replace('\'', "''");
    let sql = format!(
        "INSERT INTO {table} SELECT * FROM json_populate_recordset(NULL::{table}, '{rows}')"
    );
    store.execute_unprepared(&sql).await.unwrap();
}

async fn sqlite_rows(file: &Path, sql: &str) -> Vec<Value> {
    let conn = open(file).await;
    let rows = conn
        .query_all_raw(sea_orm::Statement::from_string(
            sea_orm::DbBackend::Sqlite,
            sql,
        ))
        .await
        .unwrap();
    let rows = rows
        .iter()
        .map(|row| serde_json::from_str(&row.try_get::<String>("", "row").unwrap()).unwrap())
        .collect();
    conn.close().await.unwrap();
    rows
}

#[on_both]
async fn the_vedo_table_comes_from_postgres(bench: TestApp) {
    let columns = [
        "id",
        "job_type",
        "mode",
        "status",
        "content",
        "user_requirement",
        "style",
        "project_title",
    ];
    let others = [
        "progress",
        "current_stage",
        "working_dir",
        "error_message",
        "total_shots",
        "completed_shots",
        "episode_id",
        "series_id",
        "created_at",
        "updated_at",
        "started_at",
        "completed_at",
    ];
    let pairs: Vec<_> = columns
        .iter()
        .chain(&others)
        .map(|c| format!("'{c}', {c}"))
        .collect();
    // PostgreSQL's json takes no NaN; the store could not have written one there.
    let sql = format!(
        "SELECT json_object({}, 'request_data', json(request_data), 'result_data', \
        json(replace(result_data, 'NaN', 'null'))) AS row FROM video_generation_jobs",
        pairs.join(", ")
    );
    let work = Copy::of(&sample("vimax_seko.db"));
    let rows = sqlite_rows(&work.path, &sql).await;
    let store = TestDb::empty(Backend::Postgres).await;
    let ddl = "CREATE TABLE video_generation_jobs (id varchar(36) PRIMARY KEY, job_type varchar(50) NOT NULL, mode varchar(20), \
               status varchar(50), content text, user_requirement text, style varchar(255), project_title varchar(255), \
               request_data json, context json, progress float, current_stage varchar(255), working_dir varchar(500), \
               result_data json, error_message text, total_shots int, completed_shots int, episode_id varchar(36), \
               series_id varchar(36), created_at timestamp, updated_at timestamp, started_at timestamp, completed_at timestamp)";
    let conn = store.raw().await;
    fill(&conn, ddl, "video_generation_jobs", &rows).await;
    let (report, _) = import_all(&bench, &Options::new(vec![store.url.clone().into()])).await;
    assert_eq!(counts(&report), (20, 20, 0, 0), "{:?}", report.rejects);
    assert_eq!(
        differences(&sample("vimax_seko.truth.json"), &export_jobs(&bench).await),
        Vec::<String>::new()
    );
    let (report, _) = import_all(&bench, &Options::new(vec![store.url.clone().into()])).await;
    assert_eq!(counts(&report), (20, 0, 20, 0));
    conn.close().await.unwrap();
    store.tear_down().await;
}

#[on_both]
async fn comic_comes_from_postgres(bench: TestApp) {
    let sql = "SELECT json_object('job_id', job_id, 'status', upper(status), 'total_items', total_items, \
               'processed_items', processed_items, 'error', error, 'created_at', created_at, 'started_at', started_at, \
               'completed_at', completed_at, 'results', (SELECT json_group_array(json_object('item', item, 'success', \
               json(iif(success, 'true', 'false')), 'error', error, 'details', json(details))) FROM job_results AS r \
               WHERE r.job_id = j.job_id)) AS row FROM jobs AS j";
    let work = Copy::of(&sample("comic"));
    let rows = sqlite_rows(&work.path.join("jobs.db"), sql).await;
    let store = TestDb::empty(Backend::Postgres).await;
    let ddl = "CREATE TYPE jobstatus AS ENUM ('QUEUED', 'PROCESSING', 'COMPLETED', 'FAILED', 'CANCELLED'); \
               CREATE TABLE jobs (job_id varchar(36) PRIMARY KEY, status jobstatus NOT NULL, total_items int NOT NULL, \
               processed_items int, error text, created_at float8 NOT NULL, started_at float8, completed_at float8, results text)";
    let conn = store.raw().await;
    fill(&conn, ddl, "jobs", &rows).await;
    let (report, _) = import_all(&bench, &Options::new(vec![store.url.clone().into()])).await;
    assert_eq!(counts(&report), (8, 8, 0, 0), "{:?}", report.rejects);
    let mut jobs = export_jobs(&bench).await;
    let raw = |word: &Value| word.as_str().unwrap().to_lowercase();
    assert!(jobs.iter().all(|job| {
        job["source_status"]
            .as_str()
            .unwrap()
            .chars()
            .all(char::is_uppercase)
    }));
    jobs.iter_mut()
        .for_each(|job| job["source_status"] = raw(&job["source_status"]).into());
    assert_eq!(
        differences(&sample("comic.truth.json"), &jobs),
        Vec::<String>::new()
    );
    conn.close().await.unwrap();
    store.tear_down().await;
}

#[on_both]
async fn a_database_that_lets_nobody_in_is_named_without_its_password(bench: TestApp) {
    let good = Dump::json(&json!([job("a", json!({}))]));
    let empty = TestDb::empty(Backend::Postgres).await;
    let gone = "postgres://vedo:hunter2@127.0.0.1:1/jobs?password=hunter2";
    let files = vec![gone.into(), empty.url.clone().into(), good.path.clone()];
    let (report, _) = import_all(&bench, &Options::new(files)).await;
    assert_eq!(counts(&report), (3, 1, 0, 2));
    let reasons: Vec<_> = rejected(&report)
        .into_iter()
        .map(|(_, reason)| reason)
        .collect();
    assert_eq!(reasons, ["unreachable", "unknown_shape"]);
    let run = bench
        .get_import(report.import_id.as_ref().unwrap())
        .await
        .unwrap();
    let kept = bench
        .list_import_rejects(&run.id, None, 1000)
        .await
        .unwrap();
    assert_eq!(kept[0].file, "postgres://vedo:***@127.0.0.1:1/jobs");
    assert!(kept[0].detail.contains("refused"), "{}", kept[0].detail);
    assert!(!format!("{report:?} {kept:?} {run:?}").contains("hunter2"));
    let told = &mut |_: &import::Outcome| panic!("there is nothing to tell of");
    let error = import::run(&bench, &Options::new(vec![gone.into()]), told)
        .await
        .unwrap_err();
    assert!(
        matches!(error, ImportError::NoneReadable(_)) && !error.to_string().contains("hunter2")
    );
    empty.tear_down().await;
}

/// Speaks as much of PostgreSQL's protocol as it takes to ask for a password and to refuse it: the servers of the tests
/// trust everybody.
fn refuse_every_password(server: TcpListener) {
    const TLS: u32 = 80_877_103;
    const PASSWORD: &[u8] = b"R\0\0\0\x08\0\0\0\x03";
    const REFUSED: &[u8] = b"SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed for user \
            \"vedo\"\0Fauth.c\0L334\0Rauth_failed\0\0";
    fn message(client: &mut TcpStream, tag: usize) -> io::Result<Vec<u8>> {
        let mut head = [0; 5];
        client.read_exact(&mut head[1 - tag..])?;
        let mut body =
            vec![0; u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize - 4];
        client.read_exact(&mut body).map(|()| body)
    }
    fn refuse(mut client: TcpStream) -> io::Result<()> {
        if message(&mut client, 0)? == TLS.to_be_bytes() {
            client.write_all(b"N")?;
            message(&mut client, 0)?;
        }
        client.write_all(PASSWORD)?;
        message(&mut client, 1)?;
        client.write_all(b"E")?;
        client.write_all(&(REFUSED.len() as u32 + 4).to_be_bytes())?;
        client.write_all(REFUSED)
    }
    std::thread::spawn(move || {
        server
            .incoming()
            .flatten()
            .for_each(|client| drop(refuse(client)))
    });
}

#[on_both]
async fn a_wrong_password_is_named(bench: TestApp) {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!(
        "postgres://vedo:hunter2@{}/jobs",
        server.local_addr().unwrap()
    );
    refuse_every_password(server);
    let good = Dump::json(&json!([job("a", json!({}))]));
    let (report, _) = import_all(
        &bench,
        &Options::new(vec![url.clone().into(), good.path.clone()]),
    )
    .await;
    assert_eq!(
        (counts(&report), rejected(&report)[0].1),
        ((2, 1, 0, 1), "unreachable")
    );
    let told = report.rejects[0].kind.to_string();
    assert!(
        told.ends_with("password authentication failed for user \"vedo\"."),
        "{told}"
    );

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json");
    let options = Options {
        report: Some(path.clone()),
        ..Options::new(vec![url.into()])
    };
    let error = import::run(&bench, &options, &mut |_| {})
        .await
        .unwrap_err();
    assert!(matches!(error, ImportError::NoneReadable(_)), "{error}");
    let report: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(
        (
            &report["records"][0]["reason"],
            &report["total"]["rejected"]
        ),
        (&json!("unreachable"), &json!(1))
    );
    assert!(!format!("{report} {error} {told}").contains("hunter2"));
}

#[on_both]
async fn an_address_of_something_else_is_named_without_its_password(bench: TestApp) {
    let good = Dump::json(&json!([job("a", json!({}))]));
    for address in [
        "mysql://root:hunter2@h/jobs",
        "REDIS://:hunter2@h:6379/0",
        "https://u:hunter2@h/jobs.json",
    ] {
        let options = Options::new(vec![address.into(), good.path.clone()]);
        let (report, _) = import_all(&bench, &options).await;
        assert_eq!(
            (report.total.found, rejected(&report)),
            (2, vec![(String::new(), "unreachable")])
        );
        let run = bench
            .get_import(report.import_id.as_ref().unwrap())
            .await
            .unwrap();
        let kept = bench
            .list_import_rejects(&run.id, None, 1000)
            .await
            .unwrap();
        assert!(
            kept[0].detail.starts_with("Nothing is read from ") && kept[0].file.contains(":***@h"),
            "{kept:?}"
        );
        assert!(!format!("{report:?} {kept:?} {run:?}").contains("hunter2"));
        let error = import::run(&bench, &Options::new(vec![address.into()]), &mut |_| {})
            .await
            .unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}
