//! The `callsheet servers` command.

use super::{
    Failure,
    answers::{taken, time},
    out::{say, say_json},
    plain,
    target::Target,
};
use crate::jobs::ListedServer;
use clap::Args;
use comfy_table::{ContentArrangement, Table, presets::NOTHING};
use serde_json::{Value, json};
use std::process::ExitCode;

#[derive(Args)]
pub struct Arguments {
    /// URL of a server to call instead of opening the database, with the key of CALLSHEET_API_KEY
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// Print JSON, for programs
    #[arg(long)]
    json: bool,
}

pub async fn run(target: Target, arguments: Arguments) -> Result<ExitCode, Failure> {
    let servers = list(&target).await?;
    if arguments.json {
        say_json(&json!({"servers": servers}))?;
    } else if servers.is_empty() {
        say("no servers")?;
    } else {
        say(table(&servers))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn list(target: &Target) -> Result<Vec<Value>, Failure> {
    match target {
        Target::Database(app) => {
            let servers = app.jobs.list_servers().await?;
            Ok(servers.iter().map(object).collect())
        }
        Target::Server(server) => Ok(taken(&mut server.get("/servers").await?, "servers")),
    }
}

fn object(server: &ListedServer) -> Value {
    let row = &server.row;
    json!({
        "server_id": row.id, "version": row.version, "live": server.live, "started_at": row.started_at,
        "seen_at": row.seen_at, "listen": row.listen, "schema": row.schema,
    })
}

fn table(servers: &[Value]) -> Table {
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    table.set_header([
        "LISTENS ON",
        "VERSION",
        "STATE",
        "STARTED",
        "LAST SEEN",
        "SCHEMA",
    ]);
    for server in servers {
        let word = |name: &str| plain(server[name].as_str().unwrap_or("-"));
        let state = if server["live"] == true {
            "live"
        } else {
            "gone"
        };
        table.add_row([
            word("listen"),
            word("version"),
            state.to_owned(),
            time(&server["started_at"]),
            time(&server["seen_at"]),
            word("schema"),
        ]);
    }
    table
}
