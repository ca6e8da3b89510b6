//! Rules that decide which of a store's statements about progress counts, and that convert it to
//! percent.

use super::{fields::Fields, legacy::Legacy};
use crate::lifecycle::percent;
use entity::JobStatus;
use serde_json::Value;

/// Scale of a store's progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Numbers from 0 to 100.
    Percent,
    /// Numbers from 0 to 1.
    Fraction,
}

/// Takes the `progress` of a record, in percent. A number outside the scale is clamped, a number in
/// a string is parsed, and anything else counts as missing; in each case the raw value is kept.
pub fn take(fields: &mut Fields, scale: Scale) -> Option<f64> {
    let raw = fields.take("progress")?;
    let number = raw
        .as_f64()
        .or_else(|| raw.as_str()?.trim().parse().ok())
        .filter(|n: &f64| !n.is_nan());
    let Some(number) = number else {
        fields
            .legacy
            .repair("progress", "wrong_type_kept_aside", raw);
        return None;
    };
    let percent = match scale {
        Scale::Percent => number,
        Scale::Fraction => number * 100.0,
    };
    let possible = percent.clamp(0.0, 100.0);
    if possible != percent || !raw.is_number() {
        fields
            .legacy
            .repair("progress", "progress_put_on_scale", raw);
    }
    Some(possible)
}

/// Returns the final progress in percent: 100 for a completed job, else the share of finished items
/// if there are any, else the store's own number. A number that differs is kept.
pub fn settle(
    status: JobStatus,
    given: Option<f64>,
    done: i32,
    items: i32,
    kept: &mut Legacy,
) -> f64 {
    let settled = match (status, given) {
        (JobStatus::Completed, _) => 100.0,
        (_, _) if items > 0 => percent(done, items),
        (_, given) => given.unwrap_or(0.0),
    };
    if let Some(given) = given.filter(|g| (g - settled).abs() > 0.01) {
        kept.repair("progress", "progress_recomputed", Value::from(given));
    }
    settled
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn taken(value: Value, scale: Scale) -> (Option<f64>, Option<Value>) {
        let mut fields = Fields::new([("progress".to_owned(), value)].into_iter().collect());
        let number = take(&mut fields, scale);
        (number, fields.finish().into_context())
    }

    #[test]
    fn a_fraction_becomes_percent() {
        assert_eq!(taken(json!(0.2), Scale::Fraction), (Some(20.0), None));
        assert_eq!(taken(json!(33.3), Scale::Percent), (Some(33.3), None));
        assert_eq!(taken(json!(null), Scale::Percent), (None, None));
    }

    #[test]
    fn what_is_off_the_scale_is_put_on_it_and_kept() {
        for (raw, percent) in [
            (json!(180), Some(100.0)),
            (json!(-2.5), Some(0.0)),
            (json!("50"), Some(50.0)),
            (json!(true), None),
        ] {
            let (number, context) = taken(raw.clone(), Scale::Percent);
            assert_eq!(number, percent);
            assert_eq!(context.unwrap()["legacy"]["progress"], raw);
        }
    }

    #[test]
    fn items_outweigh_the_number_and_a_completed_job_is_at_100() {
        let mut kept = Legacy::default();
        assert_eq!(settle(JobStatus::Failed, Some(10.0), 2, 4, &mut kept), 50.0);
        assert_eq!(kept.into_context().unwrap()["legacy"]["progress"], 10.0);
        assert_eq!(
            settle(JobStatus::Completed, None, 1, 4, &mut Legacy::default()),
            100.0
        );
        assert_eq!(
            settle(
                JobStatus::Cancelled,
                Some(20.0),
                0,
                0,
                &mut Legacy::default()
            ),
            20.0
        );
        assert_eq!(
            settle(JobStatus::Processing, None, 0, 0, &mut Legacy::default()),
            0.0
        );
    }

    proptest! {
        #[test]
        fn progress_always_fits_its_column(raw: f64, fraction: bool, done in 0i32..9, items in 0i32..9) {
            let scale = if fraction { Scale::Fraction } else { Scale::Percent };
            let (number, _) = taken(json!(raw), scale);
            let settled = settle(JobStatus::Processing, number, done, items, &mut Legacy::default());
            prop_assert!((0.0..=100.0).contains(&settled));
        }
    }
}
