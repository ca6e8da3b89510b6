//! Checks of the configuration: environment and file.

use super::{
    finding::{Finding, nearest},
    settings::check_settings,
};
use crate::config::{self, Config, Flags, ServerFlags};
use clap::{Args, Command, CommandFactory, FromArgMatches};
use std::{collections::BTreeSet, path::Path};

/// Variables that a worker sets for its programs.
const OF_PROGRAMS: [&str; 5] = [
    "CALLSHEET_JOB_ID",
    "CALLSHEET_JOB_TYPE",
    "CALLSHEET_ATTEMPT",
    "CALLSHEET_MAX_ATTEMPTS",
    "CALLSHEET_JOB_TOKEN",
];

/// Variables with secrets, which are no flags.
const SECRETS: [&str; 6] = [
    "CALLSHEET_ADMIN_KEY",
    "CALLSHEET_ADMIN_KEY_FILE",
    "CALLSHEET_LINK_SECRET",
    "CALLSHEET_LINK_SECRET_FILE",
    "CALLSHEET_API_KEY",
    "CALLSHEET_API_KEY_FILE",
];

/// Checks the configuration with which `callsheet serve` would start here. Returns it too, unless
/// it cannot be used.
pub fn check_config(flags: &Flags) -> (Vec<Finding>, Option<Config>) {
    let mut found = check_variables(config::variables());
    if let Some(file) = &flags.config {
        found.extend(check_file(file));
    }
    let server = match of_environment() {
        Ok(server) => server,
        Err(error) => {
            let what = error.to_string();
            let line = what.lines().next().unwrap_or_default();
            found.push(invalid(line.trim_start_matches("error: ").to_owned()));
            return (found, None);
        }
    };
    match Config::load(flags.clone(), server) {
        Ok(config) => {
            found.extend(check_settings(&config));
            (found, Some(config))
        }
        Err(error) => {
            // An unknown key is a finding of its own, with a better sentence.
            if !found.iter().any(|one| one.id == "config.unknown_key") {
                found.push(invalid(error.to_string()));
            }
            (found, None)
        }
    }
}

/// Returns the finding of a setting that is wrong.
pub fn invalid(what: String) -> Finding {
    let fix = "Correct the setting: `callsheet serve` does not start with it.";
    Finding::error("config.invalid", what, fix)
}

/// Reads the flags of the server from the environment alone.
fn of_environment() -> Result<ServerFlags, clap::Error> {
    let command = ServerFlags::augment_args(Command::new("serve"));
    let matches = command.try_get_matches_from(["serve"])?;
    ServerFlags::from_arg_matches(&matches)
}

/// Names of the variables that some command reads.
fn known_variables() -> BTreeSet<String> {
    fn add(command: &Command, names: &mut BTreeSet<String>) {
        let variables = command.get_arguments().filter_map(clap::Arg::get_env);
        names.extend(variables.map(|name| name.to_string_lossy().into_owned()));
        command.get_subcommands().for_each(|sub| add(sub, names));
    }
    let mut names: BTreeSet<String> = OF_PROGRAMS
        .into_iter()
        .chain(SECRETS)
        .map(str::to_owned)
        .collect();
    add(&crate::cli::command::Cli::command(), &mut names);
    names
}

/// Names of the settings that the file may have.
fn known_keys() -> BTreeSet<String> {
    let command = Flags::augment_args(Command::new("serve"));
    let command = ServerFlags::augment_args(command);
    let variables = command.get_arguments().filter_map(clap::Arg::get_env);
    let keys = variables.map(|name| {
        let name = name.to_string_lossy().into_owned();
        name.trim_start_matches("CALLSHEET_").to_lowercase()
    });
    keys.filter(|key| key != "config").collect()
}

fn check_variables(given: Vec<String>) -> Vec<Finding> {
    let known = known_variables();
    let unknown = given
        .into_iter()
        .filter(|name| !known.contains(name) && !name.starts_with("CALLSHEET_TEST_"));
    let finding = |name: String| {
        let fix = match nearest(&name, known.iter().map(String::as_str)) {
            Some(near) => format!("Did you mean {near}? Rename or remove it."),
            None => "Remove it; `callsheet --help` names the variables that there are.".to_owned(),
        };
        let what = format!("No command reads the environment variable {name}.");
        Finding::warning("config.unknown_variable", what, fix)
    };
    unknown.map(finding).collect()
}

fn check_file(file: &Path) -> Vec<Finding> {
    let mut found = Vec::new();
    let known = known_keys();
    for key in config::keys(file).unwrap_or_default() {
        if !known.contains(&key) {
            let fix = match nearest(&key, known.iter().map(String::as_str)) {
                Some(near) => format!("Did you mean {near}? Rename or remove it."),
                None => "Remove it: `callsheet` does not start with it.".to_owned(),
            };
            let what = format!(
                "The configuration file {} has an unknown setting, {key}.",
                file.display()
            );
            found.push(Finding::error("config.unknown_key", what, fix));
        }
    }
    if config::shows_password(file) {
        found.push(Finding::warning(
            "config.readable_password",
            format!(
                "Every user of this machine can read the password in {}.",
                file.display()
            ),
            format!("Run `chmod 600 {}`.", file.display()),
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_variable_is_found_with_the_name_that_was_meant() {
        let given = [
            "CALLSHEET_LISTN",
            "CALLSHEET_LISTEN",
            "CALLSHEET_ZZZZZZZZZZ",
        ];
        let found = check_variables(given.map(str::to_owned).to_vec());
        assert_eq!(found.len(), 2);
        assert!(
            found[0].fix.contains("CALLSHEET_LISTEN?"),
            "{}",
            found[0].fix
        );
        assert!(!found[1].fix.contains("Did you mean"), "{}", found[1].fix);
    }

    #[test]
    fn every_setting_has_a_key_in_the_file() {
        let known = known_keys();
        for key in [
            "database_url",
            "log_format",
            "cors_origins",
            "max_connections",
        ] {
            assert!(known.contains(key), "{key}");
        }
        let folder = tempfile::tempdir().unwrap();
        for key in known {
            let file = folder.path().join("callsheet.toml");
            std::fs::write(&file, format!("{key} = {{}}\n")).unwrap();
            let flags = Flags {
                config: Some(file),
                ..Flags::default()
            };
            let error = Config::load(flags, ServerFlags::default()).err().unwrap();
            assert!(!error.to_string().contains("unknown field"), "{error}");
        }
    }
}
