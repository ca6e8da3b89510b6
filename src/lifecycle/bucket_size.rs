//! Lengths of the time buckets of the statistics.

use chrono::{DateTime, TimeDelta, Utc};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum BucketSize {
    #[default]
    Minute,
    QuarterHour,
    Hour,
}

impl BucketSize {
    pub const ALL: [BucketSize; 3] = [
        BucketSize::Minute,
        BucketSize::QuarterHour,
        BucketSize::Hour,
    ];

    pub fn seconds(self) -> i32 {
        match self {
            BucketSize::Minute => 60,
            BucketSize::QuarterHour => 900,
            BucketSize::Hour => 3600,
        }
    }

    /// Number of buckets that the statistics report: an hour, a day or a week in total.
    pub fn reported(self) -> i32 {
        match self {
            BucketSize::Minute => 60,
            BucketSize::QuarterHour => 96,
            BucketSize::Hour => 168,
        }
    }

    /// Returns the start of the bucket that contains the time.
    pub fn start_of(self, time: DateTime<Utc>) -> DateTime<Utc> {
        let past = time.timestamp().rem_euclid(self.seconds().into());
        DateTime::from_timestamp_secs(time.timestamp() - past).unwrap_or(time)
    }

    /// Returns the starts of the reported buckets at this time, oldest first; the last bucket is
    /// not over yet.
    pub fn starts(self, now: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
        let running = self.start_of(now);
        (0..self.reported()).rev().map(move |back| {
            running - TimeDelta::seconds(i64::from(back) * i64::from(self.seconds()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_begin_on_the_round_and_the_last_one_is_running() {
        let now = DateTime::from_timestamp_secs(1_767_225_600 + 3661).unwrap();
        let starts: Vec<_> = BucketSize::QuarterHour
            .starts(now)
            .map(|start| start.timestamp() - 1_767_225_600)
            .collect();
        assert_eq!((starts.len(), starts.last()), (96, Some(&3600)));
        assert!(starts.is_sorted() && starts.iter().all(|start| start % 900 == 0));
        let before = DateTime::from_timestamp_secs(-1).unwrap();
        assert_eq!(BucketSize::Minute.start_of(before).timestamp(), -60);
    }
}
