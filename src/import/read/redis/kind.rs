//! Kinds of the keys in which a service kept its jobs, given by their prefixes, and the commands
//! that read the values of each.

use redis::Pipeline;

/// Kind of a key's value, given by the prefix of the key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Job,
    Clips,
    /// Clips in the layout of an older version of the store.
    OlderClips,
    Progress,
    Comic,
}

impl Kind {
    /// Key that identifies a job in reports.
    pub fn key(self, id: &str) -> String {
        self.keys(id).remove(0)
    }

    /// Keys to read for one job; the first of them identifies it in reports.
    pub fn keys(self, id: &str) -> Vec<String> {
        match self {
            Kind::Job => ["job", "clips", "job_progress", "job_clips"]
                .map(|kind| format!("{kind}:{id}"))
                .into(),
            Kind::Clips => vec![format!("clips:{id}")],
            Kind::OlderClips => vec![format!("job_clips:{id}")],
            Kind::Progress => vec![format!("job_progress:{id}")],
            Kind::Comic => vec![format!("comicmaintainer:job:{id}")],
        }
    }

    /// Adds the commands that read the values of one job.
    pub fn ask(self, id: &str, pipe: &mut Pipeline) {
        match self {
            Kind::Job => {
                pipe.cmd("HGETALL")
                    .arg(format!("job:{id}"))
                    .cmd("GET")
                    .arg(format!("job:{id}"));
                pipe.cmd("GET")
                    .arg(format!("clips:{id}"))
                    .cmd("HGETALL")
                    .arg(format!("job_progress:{id}"));
                pipe.cmd("HGET").arg(format!("job_clips:{id}")).arg("clips");
            }
            Kind::Clips => {
                pipe.cmd("EXISTS")
                    .arg(format!("job:{id}"))
                    .cmd("GET")
                    .arg(format!("clips:{id}"));
            }
            Kind::OlderClips => {
                pipe.cmd("EXISTS")
                    .arg(format!("job:{id}"))
                    .cmd("HGET")
                    .arg(format!("job_clips:{id}"))
                    .arg("clips");
            }
            Kind::Progress => {
                pipe.cmd("EXISTS")
                    .arg(format!("job:{id}"))
                    .cmd("HGETALL")
                    .arg(format!("job_progress:{id}"));
            }
            Kind::Comic => {
                pipe.cmd("GET").arg(format!("comicmaintainer:job:{id}"));
            }
        }
    }
}

/// Prefixes of the keys, and the kind of each.
pub const KINDS: [(&str, Kind); 5] = [
    ("job:", Kind::Job),
    ("clips:", Kind::Clips),
    ("job_clips:", Kind::OlderClips),
    ("job_progress:", Kind::Progress),
    ("comicmaintainer:job:", Kind::Comic),
];
