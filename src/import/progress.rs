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
    /// Numbers from 0 to 1; a larger one is percent, whatever the store usually writes.
    Fraction,
}

/// Takes the `progress` of a record, in percent. A number outside the scale is clamped, a number in
/// a string is parsed, and anything else counts as missing; in each case the raw value is kept.
pub fn take(fields: &mut Fields, scale: Scale) -> Option<f64> {
    let raw = fields.take("progress")?;
    let number = raw
        .as_f64()
        .or_else(|| number_in(raw.as_str()?))
        .filter(|n: &f64| !n.is_nan());
    let Some(number) = number else {
        fields
            .legacy
            .repair("progress", "wrong_type_kept_aside", raw);
        return None;
    };
    let is_percent = raw.as_str().is_some_and(|text| text.contains('%'));
    let above_one = scale == Scale::Fraction && number > MAX_FRACTION && !is_percent;
    let percent = match scale {
        Scale::Fraction if !above_one && !is_percent => number * 100.0,
        _ => number,
    };
    let possible = percent.clamp(0.0, 100.0);
    if above_one && possible == percent {
        fields
            .legacy
            .repair("progress", "fraction_above_1_taken_as_percent", raw);
    } else if possible != percent || !raw.is_number() {
        fields
            .legacy
            .repair("progress", "progress_put_on_scale", raw);
    }
    Some(possible)
}

/// Largest number that may still be a fraction, of a sum of rounded parts.
const MAX_FRACTION: f64 = 1.01;

/// Number in a text, which may end in a percent sign.
fn number_in(text: &str) -> Option<f64> {
    let text = text.trim();
    text.strip_suffix('%')
        .unwrap_or(text)
        .trim_end()
        .parse()
        .ok()
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
    fn a_fraction_above_1_is_percent() {
        for (raw, percent) in [
            (json!(45), 45.0),
            (json!(1), 100.0),
            (json!(1.0000001), 100.0),
            (json!("55%"), 55.0),
            (json!("0.5"), 50.0),
            (json!(450), 100.0),
        ] {
            let (number, _) = taken(raw.clone(), Scale::Fraction);
            assert_eq!(number, Some(percent), "{raw}");
        }
        assert_eq!(taken(json!("55%"), Scale::Percent).0, Some(55.0));
        let (_, context) = taken(json!(45), Scale::Fraction);
        let repair = &context.unwrap()["repairs"][0]["rule"];
        assert_eq!(repair, "fraction_above_1_taken_as_percent");
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
        fn progress_always_fits_its_column(
            raw: f64,
            fraction: bool,
            done in 0i32..9,
            items in 0i32..9,
        ) {
            let scale = if fraction { Scale::Fraction } else { Scale::Percent };
            let (number, _) = taken(json!(raw), scale);
            let mut legacy = Legacy::default();
            let settled = settle(JobStatus::Processing, number, done, items, &mut legacy);
            prop_assert!((0.0..=100.0).contains(&settled));
        }
    }
}
