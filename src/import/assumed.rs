//! Assumptions of a run: what a store did not say and the importer took for granted. The report
//! tells each of them once, with the number of values.

use chrono_tz::Tz;
use std::collections::BTreeMap;

/// Maximum words that the report lists; a store has a handful.
const MAX_LISTED_WORDS: usize = 40;

/// A status word of another system, and its meaning here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StatusWord {
    pub of_item: bool,
    pub word: &'static str,
    pub status: &'static str,
}

/// Assumptions about one record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assumed {
    /// Times without a zone that were read in the zone of the run.
    pub local_times: u32,
    words: Vec<(StatusWord, u32)>,
}

impl Assumed {
    /// Counts a word, unless it is the name of its status: then nothing was assumed.
    pub fn word(&mut self, word: StatusWord) {
        if word.word == word.status {
            return;
        }
        match self.words.iter_mut().find(|(known, _)| *known == word) {
            Some((_, n)) => *n += 1,
            None => self.words.push((word, 1)),
        }
    }
}

/// Assumptions of a whole run.
#[derive(Clone, Debug, Default)]
pub struct AssumedTotals {
    local_times: u64,
    words: BTreeMap<StatusWord, u64>,
    /// Older records of an id that were passed over for the newest one of the same source.
    pub superseded: u64,
    /// Sentences about members that a map names and no record has.
    pub unmet: Vec<String>,
}

impl AssumedTotals {
    pub fn add(&mut self, assumed: &Assumed) {
        self.local_times += u64::from(assumed.local_times);
        for (word, n) in &assumed.words {
            *self.words.entry(*word).or_default() += u64::from(*n);
        }
    }

    /// One sentence for each assumption, in a fixed order.
    pub fn sentences(&self, zone: Tz) -> Vec<String> {
        let mut lines = Vec::new();
        if self.local_times > 0 {
            let (were, hint) = match (self.local_times, zone) {
                (1, Tz::UTC) => ("time without a zone was", " (use --source-tz)"),
                (_, Tz::UTC) => ("times without a zone were", " (use --source-tz)"),
                (1, _) => ("time without a zone was", ""),
                _ => ("times without a zone were", ""),
            };
            let (n, zone) = (self.local_times, zone.name());
            lines.push(format!("{n} {were} taken as {zone}{hint}"));
        }
        for (word, n) in self.words.iter().take(MAX_LISTED_WORDS) {
            let of = match (word.of_item, n) {
                (true, 1) => "item",
                (true, _) => "items",
                (false, 1) => "job",
                (false, _) => "jobs",
            };
            let StatusWord { word, status, .. } = word;
            lines.push(format!(
                "the status `{word}` of {n} {of} was taken as {status} (use --status \
                {word}=STATUS for another)"
            ));
        }
        if self.superseded > 0 {
            let were = match self.superseded {
                1 => "older record of an id was",
                _ => "older records of an id were",
            };
            lines.push(format!(
                "{} {were} passed over: within one source the newest updated_at of an id counts, \
                else its last record",
                self.superseded
            ));
        }
        lines.extend(self.unmet.iter().cloned());
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_assumption_is_one_sentence_with_its_number() {
        let mut one = Assumed {
            local_times: 31,
            ..Assumed::default()
        };
        let done = StatusWord {
            of_item: false,
            word: "done",
            status: "completed",
        };
        one.word(done);
        let mut total = AssumedTotals::default();
        total.add(&one);
        total.add(&one);
        total.superseded = 9;
        let lines = total.sentences(Tz::UTC);
        assert_eq!(
            lines[0],
            "62 times without a zone were taken as UTC (use --source-tz)"
        );
        assert!(lines[1].starts_with("the status `done` of 2 jobs was taken as completed"));
        assert!(lines[2].starts_with("9 older records of an id were passed over"));
        assert_eq!(AssumedTotals::default().sentences(Tz::UTC), [""; 0]);
    }
}
