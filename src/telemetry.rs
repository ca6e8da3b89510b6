//! The log: lines on standard error, so that standard output stays for answers.

use tracing_subscriber::{EnvFilter, fmt};

/// Starts logging what the filter lets through. A filter that is not understood is answered with a sentence.
pub fn start(filter: &str) -> Result<(), String> {
    let parsed = EnvFilter::try_new(filter)
        .map_err(|e| format!("the log filter `{filter}` is not understood ({e}): use info, or e.g. callsheet=debug"))?;
    // A second start, as in tests, keeps the first.
    let ansi = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let _ = fmt().with_env_filter(parsed).with_writer(std::io::stderr).with_ansi(ansi).with_target(false).try_init();
    Ok(())
}
