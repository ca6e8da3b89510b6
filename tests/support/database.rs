//! A database for one test: a file on SQLite, a database with a unique name on PostgreSQL.

use super::Fixture;
use callsheet::db::{
    Database, Options,
    migrate::{Change, migrate},
};
use sea_orm::{ConnectionTrait, DatabaseConnection};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};
use tempfile::TempDir;
use tokio::sync::OnceCell;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    Sqlite,
    Postgres,
}

#[derive(Clone)]
pub struct TestDb {
    pub backend: Backend,
    pub url: String,
    /// Folder of the SQLite file, deleted with the last clone.
    _folder: Option<Arc<TempDir>>,
}

/// Name of a migrated database from which each test gets a copy, because a copy is much faster than
/// the migrations. It exists until the PostgreSQL server ends.
static TEMPLATE: OnceCell<String> = OnceCell::const_new();

impl TestDb {
    pub async fn empty(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => Self::sqlite(),
            Backend::Postgres => Self::postgres("template0").await,
        }
    }

    pub async fn migrated(backend: Backend) -> Self {
        match backend {
            Backend::Sqlite => {
                let db = Self::sqlite();
                migrate_up(&db.url).await;
                db
            }
            Backend::Postgres => Self::postgres(TEMPLATE.get_or_init(make_template).await).await,
        }
    }

    fn sqlite() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("callsheet-test-")
            .tempdir()
            .unwrap();
        let url = format!("sqlite://{}", folder.path().join("jobs.db").display());
        Self {
            backend: Backend::Sqlite,
            url,
            _folder: Some(Arc::new(folder)),
        }
    }

    async fn postgres(template: &str) -> Self {
        let name = unique_name();
        on_server(&format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        Self {
            backend: Backend::Postgres,
            url: url_of(&name),
            _folder: None,
        }
    }

    /// Opens a connection pool as Callsheet does.
    pub async fn connect(&self) -> Database {
        Database::connect(&Options::new(&self.url)).await.unwrap()
    }

    /// Opens a connection that bypasses Callsheet, to inspect the database or to act as a foreign
    /// client.
    pub async fn raw(&self) -> DatabaseConnection {
        let url = if self.backend == Backend::Sqlite {
            format!("{}?mode=rwc", self.url)
        } else {
            self.url.clone()
        };
        sea_orm::Database::connect(url).await.unwrap()
    }
}

impl Fixture for TestDb {
    async fn set_up(backend: Backend) -> Self {
        Self::empty(backend).await
    }

    async fn tear_down(self) {
        if self.backend == Backend::Postgres {
            let name = self.url.rsplit('/').next().unwrap();
            on_server(&format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }
}

async fn make_template() -> String {
    let name = unique_name();
    on_server(&format!("CREATE DATABASE {name} TEMPLATE template0")).await;
    migrate_up(&url_of(&name)).await;
    name
}

async fn migrate_up(url: &str) {
    let db = Database::connect(&Options::new(url)).await.unwrap();
    migrate(&db, Change::Up { limit: None }).await.unwrap();
    db.close().await.unwrap();
}

fn unique_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    format!(
        "callsheet_test_{}_{}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::SeqCst)
    )
}

async fn on_server(sql: &str) {
    let server = sea_orm::Database::connect(server_url()).await.unwrap();
    server.execute_unprepared(sql).await.unwrap();
    server.close().await.unwrap();
}

fn url_of(database: &str) -> String {
    let server = server_url();
    let (server, _) = server.rsplit_once('/').unwrap();
    format!("{server}/{database}")
}

#[allow(
    clippy::disallowed_methods,
    reason = "scripts/test says where its private server is"
)]
fn server_url() -> String {
    std::env::var("CALLSHEET_TEST_POSTGRES_URL").unwrap_or_else(|_| {
        panic!(
            "CALLSHEET_TEST_POSTGRES_URL is not set: run `scripts/test`, which starts a \
            private PostgreSQL for the tests"
        )
    })
}
