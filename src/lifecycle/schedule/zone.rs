//! Time zones by their names.

use chrono_tz::{TZ_VARIANTS, Tz};

/// Edits from which on a name is too far from the one that was given.
const MAX_EDITS: usize = 4;

/// Returns the time zone with this name of the IANA database, whatever its letters' case.
///
/// Errors: a sentence with the nearest names.
pub fn zone_named(name: &str) -> Result<Tz, String> {
    let known = TZ_VARIANTS
        .iter()
        .find(|zone| zone.name().eq_ignore_ascii_case(name));
    if let Some(zone) = known {
        return Ok(*zone);
    }
    let near = nearest(name);
    let meant = if near.is_empty() {
        String::new()
    } else {
        format!(" Did you mean {}?", near.join(" or "))
    };
    let shown: String = name.chars().take(40).collect();
    Err(format!(
        "There is no time zone `{}`: use a name such as Europe/Berlin, America/New_York or \
        UTC.{meant}",
        shown.escape_debug()
    ))
}

/// Returns up to three names that are near, the nearest first. A city alone is near its zone.
fn nearest(name: &str) -> Vec<&'static str> {
    let given = name.to_lowercase().replace(' ', "_");
    let mut known: Vec<(usize, &str)> = TZ_VARIANTS
        .iter()
        .map(|zone| {
            let full = zone.name().to_lowercase();
            let city = full.rsplit('/').next().unwrap_or_default();
            let edits = strsim::damerau_levenshtein(&given, &full);
            let of_city = strsim::damerau_levenshtein(&given, city).saturating_add(1);
            (edits.min(of_city), zone.name())
        })
        .collect();
    known.sort_unstable();
    let best = known.first().map_or(MAX_EDITS, |(edits, _)| *edits);
    let near = known
        .into_iter()
        .take_while(|(edits, _)| *edits < MAX_EDITS && *edits <= best + 1);
    near.map(|(_, name)| name).take(3).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_has_its_name_in_any_case() {
        assert_eq!(zone_named("Europe/Berlin"), Ok(Tz::Europe__Berlin));
        assert_eq!(zone_named("europe/berlin"), Ok(Tz::Europe__Berlin));
        assert_eq!(zone_named("utc"), Ok(Tz::UTC));
    }

    #[test]
    fn a_zone_that_does_not_exist_is_answered_with_the_nearest_names() {
        for (given, meant) in [
            ("Europe/Belrin", "Europe/Berlin"),
            ("Berlin", "Europe/Berlin"),
            ("new york", "America/New_York"),
            ("US/Pacfic", "US/Pacific"),
        ] {
            let error = zone_named(given).unwrap_err();
            assert!(error.contains(meant), "{given}: {error}");
        }
        let error = zone_named("Middle-earth/Minas_Tirith").unwrap_err();
        assert!(!error.contains("Did you mean"), "{error}");
    }
}
