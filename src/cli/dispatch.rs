//! The run of a command, on the database or the server that it needs.

use super::{
    Failure, archive, audit, backup,
    command::{Command, parse},
    completions, doctor, export, import, imports, jobs, keys, migrate,
    open::{Use, open, ready, ready_with, untouched},
    openapi, queue, restore, retention, schedules, serve, servers,
    target::Target,
    webhooks, work, workers,
};
use crate::{
    app::App,
    clock,
    config::{Flags, ServerFlags, StorageFlags},
    import::read_sqlite,
};
use std::process::ExitCode;

/// Runs the command that the arguments name.
pub async fn dispatch() -> Result<ExitCode, Failure> {
    let cli = parse();
    let Some(command) = cli.command else {
        return Ok(ExitCode::from(2));
    };
    clock::check(clock::since_1970()).map_err(|why| Failure::Other(why.to_owned()))?;
    match command {
        Command::Openapi(arguments) => openapi::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Doctor(arguments) => doctor::run(cli.flags, arguments).await,
        Command::Work(arguments) => work::run(cli.flags, arguments).await,
        Command::WorkGuard(arguments) => work::guard(&arguments),
        Command::ReadSqlite(arguments) => {
            read_sqlite(arguments).await?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Serve(server) => serve::run(open(cli.flags, *server, Use::Serve).await?).await,
        Command::Migrate(arguments) => {
            let purpose = Use::create_if(arguments.creates());
            migrate::run(
                open(cli.flags, ServerFlags::default(), purpose).await?,
                arguments,
            )
            .await
        }
        Command::Import(import::Arguments {
            explain: Some(file),
            ..
        }) => import::explain(file).await,
        Command::Import(arguments) if arguments.dry_run => {
            arguments.check()?;
            import::run(untouched(cli.flags).await?, arguments).await
        }
        Command::Import(arguments) => {
            arguments.check()?;
            let app = ready(cli.flags, true).await?;
            run_and_close(&app, import::run(app.clone(), arguments)).await
        }
        Command::Imports(arguments) => {
            let target = target(cli.flags, arguments.server.as_deref()).await?;
            imports::run(target, arguments).await
        }
        Command::Queue(arguments) => {
            let target = target(cli.flags, arguments.server.as_deref()).await?;
            queue::run(target, arguments).await
        }
        Command::Schedules(arguments) => {
            let target = match arguments.server.as_deref() {
                Some(url) => Target::server(cli.flags, url)?,
                None => Target::Database(Box::new(ready(cli.flags, arguments.creates()).await?)),
            };
            schedules::run(target, arguments).await
        }
        Command::Webhooks(arguments) => {
            let allowed = ServerFlags {
                webhooks: arguments.allowed.clone(),
                ..ServerFlags::default()
            };
            let target = match arguments.server.as_deref() {
                Some(url) => Target::server(cli.flags, url)?,
                None => {
                    let app = ready_with(cli.flags, allowed, arguments.creates()).await?;
                    Target::Database(Box::new(app))
                }
            };
            webhooks::run(target, arguments).await
        }
        Command::Keys(arguments) => {
            let app = ready(cli.flags, arguments.creates()).await?;
            run_and_close(&app, keys::run(app.clone(), arguments)).await
        }
        Command::Audit(arguments) => audit::run(ready(cli.flags, false).await?, arguments).await,
        Command::Workers(arguments) => {
            let target = target(cli.flags, arguments.server.as_deref()).await?;
            workers::run(target, arguments).await
        }
        Command::Servers(arguments) => {
            let target = target(cli.flags, arguments.server.as_deref()).await?;
            servers::run(target, arguments).await
        }
        Command::Export(arguments) => export::run(ready(cli.flags, false).await?, arguments).await,
        Command::Backup(arguments) => backup::run(ready(cli.flags, false).await?, arguments).await,
        Command::Restore(arguments) => restore::run(cli.flags, arguments).await,
        Command::Retention(arguments) => {
            let app = ready_with(cli.flags, of_storage(&arguments.storage), false).await?;
            run_and_close(&app, retention::run(app.clone(), arguments)).await
        }
        Command::Archive(arguments) => {
            let app = ready_with(cli.flags, of_storage(&arguments.storage), false).await?;
            run_and_close(&app, archive::run(app.clone(), arguments)).await
        }
        Command::Jobs(arguments) => {
            let target = match arguments.server.as_deref() {
                Some(url) => Target::server(cli.flags, url)?,
                None if arguments.is_dry_run() => {
                    Target::Database(Box::new(untouched(cli.flags).await?))
                }
                None => Target::Database(Box::new(ready(cli.flags, arguments.creates()).await?)),
            };
            jobs::run(target, arguments).await
        }
    }
}

/// Returns where a command works that needs a database or a server: the server at the URL, if there
/// is one.
async fn target(flags: Flags, server: Option<&str>) -> Result<Target, Failure> {
    match server {
        Some(url) => Target::server(flags, url),
        None => Ok(Target::Database(Box::new(ready(flags, false).await?))),
    }
}

/// Runs a command that may write, then closes the database, which first notifies its servers.
async fn run_and_close(
    app: &App,
    run: impl Future<Output = Result<ExitCode, Failure>>,
) -> Result<ExitCode, Failure> {
    let outcome = run.await;
    let _ = app.jobs.database().clone().close().await;
    outcome
}

fn of_storage(storage: &StorageFlags) -> ServerFlags {
    ServerFlags {
        storage: storage.clone(),
        ..ServerFlags::default()
    }
}
