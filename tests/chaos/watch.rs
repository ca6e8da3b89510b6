//! Who makes the jobs, and sees when they have ended, whichever server lives.

use reqwest::Client;
use serde_json::{Value, json};
use std::time::Duration;

/// Jobs of a batch.
const BATCH: usize = 500;

/// Between two tries.
const AGAIN: Duration = Duration::from_millis(50);

pub struct Watch {
    urls: Vec<String>,
    client: Client,
    batches: usize,
}

impl Watch {
    pub fn of(urls: Vec<String>) -> Self {
        let client = Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(10))
            .build()
            .unwrap();
        Self {
            urls,
            client,
            batches: 0,
        }
    }

    /// How many jobs were made.
    pub fn jobs(&self) -> usize {
        self.batches * BATCH
    }

    /// One more batch, exactly once, however often the call for it breaks off.
    pub async fn create(&mut self) {
        let items = [
            json!({"key": "a"}),
            json!({"key": "b"}),
            json!({"key": "c"}),
        ];
        let job = json!({"job_type": "chaos", "max_attempts": 100, "items": items});
        let body = json!({"jobs": vec![job; BATCH]});
        while self.create_batch(&body).await.is_none() {
            self.urls.rotate_left(1);
            tokio::time::sleep(AGAIN).await;
        }
        self.batches += 1;
    }

    async fn create_batch(&self, body: &Value) -> Option<()> {
        let request = self
            .client
            .post(format!("{}/api/v1/jobs/bulk", self.urls[0]))
            .json(body);
        let answer = request
            .header("idempotency-key", format!("batch-{}", self.batches))
            .send()
            .await
            .ok()?;
        answer.status().is_success().then_some(())
    }

    /// Jobs that have not ended, as the first server that answers has it.
    pub async fn left(&self) -> u64 {
        loop {
            for url in &self.urls {
                let asked = self
                    .client
                    .get(format!("{url}/api/v1/jobs/counts"))
                    .timeout(Duration::from_secs(1));
                let Ok(answer) = asked.send().await else {
                    continue;
                };
                if let (true, Ok(counts)) =
                    (answer.status().is_success(), answer.json::<Value>().await)
                {
                    return counts["queued"].as_u64().unwrap()
                        + counts["processing"].as_u64().unwrap();
                }
            }
            tokio::time::sleep(AGAIN).await;
        }
    }
}
