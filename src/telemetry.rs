//! The log: lines on standard error, so that standard output stays for answers.

use crate::lines;
use std::panic::PanicHookInfo;
use tracing_subscriber::{EnvFilter, fmt};

/// Starts logging what the filter lets through. A filter that is not understood is answered with a sentence.
pub fn start(filter: &str) -> Result<(), String> {
    let parsed = EnvFilter::try_new(filter)
        .map_err(|e| format!("the log filter `{filter}` is not understood ({e}): use info, or e.g. callsheet=debug"))?;
    // A second start, as in tests, keeps the first.
    let ansi = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let _ = fmt().with_env_filter(parsed).with_writer(lines::err).with_ansi(ansi).with_target(false).try_init();
    Ok(())
}

/// Has panics reported as lines of the log: the standard report waits until standard error takes it.
pub fn report_panics() {
    std::panic::set_hook(Box::new(|panic: &PanicHookInfo<'_>| {
        let thread = std::thread::current();
        let name = thread.name().unwrap_or("?");
        lines::err().say(format_args!("thread '{name}' {panic}"));
    }));
}
