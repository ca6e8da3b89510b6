//! A private PgBouncer in transaction mode, which ends with the value.

use std::{process::Stdio, time::Duration};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpListener,
    process::{Child, Command},
    time::timeout,
};

/// Servers of PostgreSQL that the pooler shares among all clients.
const POOL: u32 = 3;

pub struct PgBouncer {
    /// URL of the database, through the pooler.
    pub url: String,
    _child: Child,
    _folder: TempDir,
}

impl PgBouncer {
    /// Starts a pooler before the database at the URL.
    pub async fn before(database_url: &str) -> Self {
        let address = url::Url::parse(database_url).unwrap();
        let name = address.path().trim_start_matches('/').to_owned();
        let (host, port) = (address.host_str().unwrap(), address.port().unwrap());
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = free.local_addr().unwrap().port();
        drop(free);
        // It refuses to run as root.
        let account = if rustix::process::geteuid().is_root() {
            "user = nobody\n"
        } else {
            ""
        };
        let settings = format!(
            "[databases]\n{name} = host={host} port={port} user={}\n[pgbouncer]\n\
             listen_addr = 127.0.0.1\nlisten_port = {own}\nunix_socket_dir =\nauth_type = any\n\
             pool_mode = transaction\ndefault_pool_size = {POOL}\n{account}",
            address.username()
        );
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pgbouncer.ini");
        std::fs::write(&file, settings).unwrap();
        let mut child = Command::new("pgbouncer")
            .arg(&file)
            .env("PATH", "/usr/local/sbin:/usr/sbin:/usr/bin:/bin")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("pgbouncer is installed");
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let up = async {
            let mut said = Vec::new();
            while let Some(line) = lines.next_line().await.unwrap() {
                if line.contains("process up") {
                    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
                    return;
                }
                said.push(line);
            }
            panic!("pgbouncer ended: {said:?}");
        };
        timeout(Duration::from_secs(30), up).await.expect("it runs");
        let mut through = address;
        through.set_port(Some(own)).unwrap();
        through.set_host(Some("127.0.0.1")).unwrap();
        Self {
            url: through.to_string(),
            _child: child,
            _folder: folder,
        }
    }
}
