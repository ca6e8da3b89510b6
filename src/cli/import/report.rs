//! Report of an import, as the command prints it.

use crate::{
    cli::{
        out::{say, say_json},
        plain,
    },
    import::{Counts, Outcome, Report},
};
use comfy_table::{CellAlignment, Table, presets::NOTHING};

/// Maximum characters of a record's id or address in a line of output.
const MAX_POSITION_CHARS: usize = 200;

/// Returns the line of one record.
pub fn line(outcome: &Outcome) -> String {
    let mut which = outcome.id.clone().unwrap_or_else(|| outcome.at.to_string());
    if let Some((end, _)) = which.char_indices().nth(MAX_POSITION_CHARS) {
        which.replace_range(end.., "…");
    }
    plain(&format!(
        "{} {which} {}",
        outcome.file.display(),
        outcome.kind
    ))
}

/// Prints the table, and what was rejected, repaired and assumed.
pub fn print(report: &Report) {
    let _ = say(format_args!("\n{}", table(report)));
    for (reason, records) in &report.total.reasons {
        let _ = say(format_args!("rejected as {reason}: {records}"));
    }
    for (rule, records) in &report.total.rules {
        let _ = say(format_args!("repaired by {rule}: {records}"));
    }
    for assumed in &report.assumed {
        let _ = say(plain(assumed));
    }
    if let [_, ..] = report.previews.as_slice() {
        let _ = say(format_args!(
            "the first {} records, mapped:",
            report.previews.len()
        ));
    }
    for record in &report.previews {
        let _ = say_json(record);
    }
    // The import is complete even if its output cannot be printed.
    let _ = match &report.import_id {
        Some(id) => say(format_args!("kept as import {id}")),
        None => say("dry run: nothing was written"),
    };
}

fn table(report: &Report) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING);
    table.set_header([
        "SOURCE",
        "FOUND",
        "IMPORTED",
        "ALREADY THERE",
        "MERGED",
        "OVERWRITTEN",
        "REPAIRED",
        "REJECTED",
    ]);
    let files = report
        .files
        .iter()
        .map(|f| (f.file.display().to_string(), &f.counts));
    let total = (report.files.len() > 1).then(|| ("total".to_owned(), &report.total));
    for (name, counts) in files.chain(total) {
        let Counts {
            found,
            imported,
            already_there,
            merged,
            overwritten,
            repaired,
            rejected,
            ..
        } = counts;
        let numbers = [
            found,
            imported,
            already_there,
            merged,
            overwritten,
            repaired,
            rejected,
        ];
        table.add_row(
            [plain(&name)]
                .into_iter()
                .chain(numbers.map(u64::to_string)),
        );
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}
