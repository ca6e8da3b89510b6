//! Other programs in the database, and servers of PostgreSQL that are not as they should be.

use crate::support::{Backend, TestApp, any_job};
use callsheet::{
    db::{ConnectError, Database, MigrateError, Options, Tail, migrate, sqlite_file},
    error::Error,
    jobs::JobManager,
};
use sea_orm::{ConnectionTrait, DatabaseConnection, TransactionTrait};
use std::{
    path::Path,
    time::{Duration, Instant},
};

async fn run(raw: &DatabaseConnection, sql: &str) {
    raw.execute_unprepared(sql).await.expect(sql);
}

fn name_of(t: &TestApp) -> String {
    t.db.url.rsplit('/').next().unwrap().to_owned()
}

/// URL of the test's database for another role, and for another database.
fn url_for(t: &TestApp, role: &str, database: &str) -> String {
    let mut url = url::Url::parse(&t.db.url).unwrap();
    url.set_username(role).unwrap();
    url.set_path(database);
    url.to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_transaction_of_a_stranger_holds_up_streams_and_statistics_for_seconds_alone() {
    crate::support::run(Backend::Postgres, |t: TestApp| async move {
        t.queued().await;
        let raw = t.db.raw().await;
        #[allow(clippy::disallowed_methods, reason = "another program's transaction")]
        let idle = raw.begin().await.unwrap();
        idle.execute_unprepared("DELETE FROM job_events WHERE id = -1")
            .await
            .unwrap();
        let began = Instant::now();
        let mut tail = Tail::from_end(t.database().read().clone()).await.unwrap();
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "{:?}",
            began.elapsed()
        );
        t.queued().await;
        assert_eq!(tail.read().await.unwrap().len(), 1, "the stream goes on");
        let error = t.roll_up_stats().await.unwrap_err();
        assert!(matches!(error, Error::Waits(_)), "{error}");
        assert!(error.to_string().contains("pid "), "{error}");
        let position = "SELECT position FROM positions WHERE name = 'stats'";
        let counted = raw.query_one_raw(sea_orm::Statement::from_string(
            sea_orm::DbBackend::Postgres,
            position,
        ));
        let counted = counted
            .await
            .unwrap()
            .map(|row| row.try_get_by_index::<i64>(0).unwrap());
        assert_eq!(counted, Some(2), "what is certain is counted");
        idle.rollback().await.unwrap();
        t.queued().await;
        assert!(t.roll_up_stats().await.is_ok());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_leads_to_a_read_only_server_is_closed_and_the_write_made_on_another() {
    crate::support::run(Backend::Postgres, |t: TestApp| async move {
        let raw = t.db.raw().await;
        let setting = format!(
            "ALTER DATABASE {} SET default_transaction_read_only",
            name_of(&t)
        );
        run(&raw, &format!("{setting} = on")).await;
        let server = t.another().await;
        let refused = server.create_job(any_job(), None).await;
        assert!(matches!(refused, Err(Error::Unavailable(_))));
        assert!(server.database().ready().await.is_err(), "it is not ready");
        run(&raw, &format!("{setting} = off")).await;
        server.create_job(any_job(), None).await.unwrap();
        server.database().clone().close().await.unwrap();
    })
    .await;
}

/// Creates a role that may change rows, and nothing else, of the test's database.
async fn role(t: &TestApp, raw: &DatabaseConnection, options: &str) -> String {
    let role = format!("{}_rows", name_of(t));
    for sql in [
        format!("CREATE ROLE {role} LOGIN {options}"),
        format!("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}"),
        format!("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}"),
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC".to_owned(),
    ] {
        run(raw, &sql).await;
    }
    role
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_may_only_change_rows_serves_and_is_told_what_it_lacks_for_a_migration() {
    crate::support::run(Backend::Postgres, |t: TestApp| async move {
        let raw = t.db.raw().await;
        let role = role(&t, &raw, "").await;
        let url = url_for(&t, &role, &name_of(&t));
        let db = Database::connect(&Options::new(&url)).await.unwrap();
        let up = migrate::Change::Up { limit: None };
        assert!(migrate::migrate(&db, up).await.unwrap().is_empty());
        let server = JobManager::new(db.clone(), t.clock.clone(), t.chance.clone());
        server.create_job(any_job(), None).await.unwrap();
        run(&raw, "DROP TABLE callsheet_migrations, write_probes").await;
        let error = migrate::migrate(&db, up).await.unwrap_err();
        db.close().await.unwrap();
        run(&raw, &format!("DROP OWNED BY {role}")).await;
        run(&raw, &format!("DROP ROLE {role}")).await;
        assert!(!matches!(error, MigrateError::Database(_)), "{error}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_without_rights_is_told_which_it_lacks() {
    crate::support::run(Backend::Postgres, |t: TestApp| async move {
        let raw = t.db.raw().await;
        let role = role(&t, &raw, "").await;
        let url = url_for(&t, &role, &name_of(&t));
        let take = |rights| format!("REVOKE {rights} ON ALL TABLES IN SCHEMA public FROM {role}");
        run(&raw, &take("INSERT, UPDATE, DELETE")).await;
        let db = Database::connect(&Options::new(&url)).await.unwrap();
        let server = JobManager::new(db.clone(), t.clock.clone(), t.chance.clone());
        let refused = server.create_job(any_job(), None).await;
        let ready = db.ready().await;
        run(&raw, &take("SELECT")).await;
        let status = migrate::status(&db).await.err().unwrap();
        db.close().await.unwrap();
        run(&raw, &format!("DROP OWNED BY {role}")).await;
        run(&raw, &format!("DROP ROLE {role}")).await;
        for error in [refused.err().unwrap(), ready.err().unwrap()] {
            assert_eq!(error.code(), "database_unavailable", "{error}");
            let text = error.to_string();
            assert!(
                text.contains("permission denied for table") && text.contains("the rights on"),
                "{text}"
            );
            assert!(!text.contains("Execution Error"), "{text}");
        }
        assert!(matches!(status, MigrateError::NotReadable), "{status}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_database_in_which_the_role_may_make_nothing_is_refused_with_the_grant() {
    crate::support::run(Backend::Postgres, |t: TestApp| async move {
        let raw = t.db.raw().await;
        let role = role(&t, &raw, "").await;
        let empty = format!("{}_empty", name_of(&t));
        run(&raw, &format!("CREATE DATABASE {empty} TEMPLATE template0")).await;
        let mut owner = url::Url::parse(&t.db.url).unwrap();
        owner.set_path(&empty);
        let as_owner = sea_orm::Database::connect(owner.to_string()).await.unwrap();
        run(&as_owner, "REVOKE CREATE ON SCHEMA public FROM PUBLIC").await;
        as_owner.close().await.unwrap();
        let db = Database::connect(&Options::new(url_for(&t, &role, &empty)))
            .await
            .unwrap();
        let error = migrate::migrate(&db, migrate::Change::Up { limit: None }).await;
        db.close().await.unwrap();
        run(&raw, &format!("DROP DATABASE {empty} WITH (FORCE)")).await;
        run(&raw, &format!("DROP OWNED BY {role}")).await;
        run(&raw, &format!("DROP ROLE {role}")).await;
        let text = error.unwrap_err().to_string();
        assert!(
            text.contains("GRANT CREATE") && text.contains("--no-migrate"),
            "{text}"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_gets_fewer_connections_than_it_wants_works_with_those() {
    crate::support::run(Backend::Postgres, |t: TestApp| async move {
        let raw = t.db.raw().await;
        let role = role(&t, &raw, "CONNECTION LIMIT 3").await;
        let options = Options {
            hold: true,
            ..Options::new(url_for(&t, &role, &name_of(&t)))
        };
        let db = Database::connect(&options).await.unwrap();
        assert_eq!((db.connections(), db.writers()), (3, 2));
        let server = JobManager::new(db.clone(), t.clock.clone(), t.chance.clone());
        let began = Instant::now();
        let creates = (0..60).map(|_| {
            let server = server.clone();
            async move { server.create_job(any_job(), None).await.unwrap() }
        });
        crate::support::at_once(creates).await;
        assert!(
            began.elapsed() < Duration::from_secs(4),
            "{:?}",
            began.elapsed()
        );
        db.close().await.unwrap();
        run(&raw, &format!("DROP OWNED BY {role}")).await;
        run(&raw, &format!("DROP ROLE {role}")).await;
    })
    .await;
}

#[on_both]
async fn a_database_that_is_not_utf_8_is_refused_with_a_sentence(t: TestApp) {
    let raw = t.db.raw().await;
    let (url, drop) = match t.db.backend {
        Backend::Postgres => {
            let other = format!("{}_latin1", name_of(&t));
            let sql = format!(
                "CREATE DATABASE {other} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' \
                 TEMPLATE template0"
            );
            run(&raw, &sql).await;
            let mut url = url::Url::parse(&t.db.url).unwrap();
            url.set_path(&other);
            (url.to_string(), Some(format!("DROP DATABASE {other}")))
        }
        Backend::Sqlite => {
            let url = format!("{}.utf-16", t.db.url);
            let file = sea_orm::Database::connect(format!("{url}?mode=rwc"))
                .await
                .unwrap();
            run(&file, "PRAGMA encoding = 'UTF-16le'; CREATE TABLE a (b)").await;
            file.close().await.unwrap();
            (url, None)
        }
    };
    let refused = Database::connect(&Options::new(url)).await.err();
    if let Some(sql) = drop {
        run(&raw, &sql).await;
    }
    assert!(
        matches!(&refused, Some(ConnectError::Encoding { .. })),
        "{refused:?}"
    );
}

#[on_sqlite]
async fn a_path_of_sqlite_means_one_file_to_all(t: TestApp) {
    let folder = sqlite_file(&t.db.url).unwrap();
    let folder = folder.parent().unwrap().join("new folder 100%");
    for (name, file) in [
        ("my films.db", "my films.db"),
        ("my%20films%20too.db", "my films too.db"),
        ("100%.db", "100%.db"),
        ("50%25.db", "50%.db"),
    ] {
        let url = format!("sqlite://{}/{name}", folder.display());
        let expected = folder.join(file);
        assert_eq!(sqlite_file(&url).as_deref(), Some(expected.as_path()));
        let db = Database::connect(&Options::new(&url)).await.unwrap();
        migrate::migrate(&db, migrate::Change::Up { limit: None })
            .await
            .unwrap();
        db.close().await.unwrap();
        assert!(Path::is_file(&expected), "{name}");
        let existing = Options {
            create: false,
            ..Options::new(&url)
        };
        let again = Database::connect(&existing).await.unwrap();
        again.close().await.unwrap();
    }
    assert_eq!(
        std::fs::read_dir(&folder).unwrap().count(),
        4,
        "and no other file"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_without_a_search_path_changes_jobs_and_their_counts() {
    crate::support::run(Backend::Postgres, |t: TestApp| async move {
        let raw = t.db.raw().await;
        let insert = "SET search_path = ''; \
            INSERT INTO public.video_generation_jobs \
            (id, job_type, status, labels, created_at, updated_at) \
            VALUES ('restored', 'idea2video', 'queued', '{\"team\": \"a\"}', now(), now()); \
            RESET search_path";
        run(&raw, insert).await;
        let counts = t
            .count_jobs(&callsheet::jobs::Filter::default())
            .await
            .unwrap();
        assert_eq!(counts.queued, 1);
        let label = "SELECT 1 FROM job_labels WHERE job_id = 'restored'";
        let label = raw.query_one_raw(sea_orm::Statement::from_string(
            sea_orm::DbBackend::Postgres,
            label,
        ));
        assert!(label.await.unwrap().is_some());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_whose_caller_is_gone_is_cancelled_in_the_database() {
    crate::support::run(Backend::Postgres, |t: TestApp| async move {
        let sleep =
            || sea_orm::Statement::from_string(sea_orm::DbBackend::Postgres, "SELECT pg_sleep(50)");
        let read = t.database().read().clone();
        let gone = tokio::time::timeout(Duration::from_millis(300), read.query_all_raw(sleep()));
        assert!(gone.await.is_err());
        let raw = t.db.raw().await;
        let patience = crate::support::Patience::begin();
        let began = Instant::now();
        loop {
            let running = sea_orm::Statement::from_string(
                sea_orm::DbBackend::Postgres,
                "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() \
                 AND state = 'active' AND query = 'SELECT pg_sleep(50)'",
            );
            if raw.query_one_raw(running).await.unwrap().is_none() {
                break;
            }
            patience.pause("the statement is cancelled").await;
        }
        assert!(began.elapsed() < Duration::from_secs(10));
    })
    .await;
}
