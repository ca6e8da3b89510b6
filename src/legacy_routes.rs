//! Sets of calls of older services that a server may answer.

use std::str::FromStr;

/// Calls of one older service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LegacyRoutes {
    /// Calls under `/api/v1/videos/…`
    Videos,
    /// Calls under `/api/v1/direct-pipeline/…`
    DirectPipeline,
    /// Calls under `/api/job-status/…`
    Topclip,
    /// Calls under `/api/batch/…`
    DraftMaker,
    /// Calls under `/batch/screenshots/…`
    Web2img,
    /// `/api/jobs/…` and `/api/active-job`
    Comic,
}

impl LegacyRoutes {
    const ALL: [(&str, Self); 6] = [
        ("videos", Self::Videos),
        ("direct-pipeline", Self::DirectPipeline),
        ("topclip", Self::Topclip),
        ("draft-maker", Self::DraftMaker),
        ("web2img", Self::Web2img),
        ("comic", Self::Comic),
    ];

    /// Sets that a server answers unless it is configured otherwise: their paths are below that of
    /// the API.
    pub const DEFAULT: [Self; 2] = [Self::Videos, Self::DirectPipeline];

    /// Reads a list of names; `none` names no set. Returns `None` if a name is unknown.
    pub fn of_names(names: &[String]) -> Option<Vec<Self>> {
        let names = names.iter().map(|name| name.trim());
        let named = names.filter(|name| !matches!(*name, "" | "none"));
        named.map(|name| name.parse().ok()).collect()
    }
}

impl FromStr for LegacyRoutes {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let known = Self::ALL.iter().find(|(name, _)| *name == text);
        known.map(|(_, set)| *set).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_names_is_read_and_none_names_nothing() {
        let of = |text: &str| {
            let names: Vec<String> = text.split(',').map(str::to_owned).collect();
            LegacyRoutes::of_names(&names)
        };
        assert_eq!(of("comic, videos").unwrap().len(), 2);
        assert_eq!(of("none"), Some(Vec::new()));
        assert_eq!(of("commic"), None);
    }
}
