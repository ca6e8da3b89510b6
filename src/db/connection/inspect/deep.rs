//! Comparison of stored counts and labels with the jobs themselves. Reads every job.

use super::Inspector;
use sea_orm::DbErr;

/// Stored numbers that differ from what they stand for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drift {
    /// Types and statuses whose stored count is wrong, with that count and the number of jobs.
    pub counts: Vec<(String, String, i64, i64)>,
    /// Labels of jobs that are not stored.
    pub missing_labels: i64,
    /// Stored labels that no job has.
    pub extra_labels: i64,
}

/// Counts that differ, from both sides.
const COUNTS: &str = "SELECT job_type, status, CAST(SUM(stored) AS bigint), CAST(SUM(jobs) AS bigint) FROM (\
      SELECT job_type, status, jobs AS stored, 0 AS jobs FROM job_counts \
      UNION ALL SELECT job_type, status, 0, 1 FROM video_generation_jobs) AS both_sides \
    GROUP BY job_type, status HAVING SUM(stored) <> SUM(jobs) ORDER BY 1, 2 LIMIT 20";

const STORED: &str = "SELECT job_id, label_key, label_value FROM job_labels";

const OF_SQLITE: &str = "SELECT j.id, l.key, l.value FROM video_generation_jobs AS j, \
    json_each(CASE WHEN json_valid(j.labels) AND json_type(j.labels) = 'object' THEN j.labels ELSE '{}' END) AS l \
    WHERE l.type = 'text' AND length(l.key) <= 63 AND length(l.value) <= 255";

const OF_POSTGRES: &str = "SELECT j.id, l.key, l.value #>> '{}' FROM video_generation_jobs AS j, \
    jsonb_each(CASE WHEN jsonb_typeof(j.labels) = 'object' THEN j.labels ELSE '{}' END) AS l \
    WHERE jsonb_typeof(l.value) = 'string' AND length(l.key) <= 63 AND length(l.value #>> '{}') <= 255";

impl Inspector {
    /// Compares the stored counts and labels with the jobs.
    pub async fn drift(&self) -> Result<Drift, DbErr> {
        let mut drift = Drift::default();
        for row in self.rows(COUNTS).await? {
            drift.counts.push((
                row.try_get_by_index(0)?,
                row.try_get_by_index(1)?,
                row.try_get_by_index(2)?,
                row.try_get_by_index(3)?,
            ));
        }
        let of_jobs = if self.is_postgres() {
            OF_POSTGRES
        } else {
            OF_SQLITE
        };
        let number = |more: &str, less: &str| {
            format!("SELECT count(*) FROM ({more} EXCEPT {less}) AS difference")
        };
        drift.missing_labels = self.number(&number(of_jobs, STORED)).await?;
        drift.extra_labels = self.number(&number(STORED, of_jobs)).await?;
        Ok(drift)
    }
}
