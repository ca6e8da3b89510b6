//! A database for one test on the tests' private Redis server. Redis numbers its databases, and
//! each test takes the next number.

use redis::{Client, Value, aio::MultiplexedConnection};
use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU32, Ordering},
};

pub struct TestRedis {
    pub url: String,
    pub conn: MultiplexedConnection,
}

impl TestRedis {
    pub async fn empty() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let url = format!("{}/{}", server_url(), NEXT.fetch_add(1, Ordering::SeqCst));
        let conn = Client::open(url.as_str())
            .unwrap()
            .get_multiplexed_async_connection()
            .await
            .unwrap();
        let mut redis = Self { url, conn };
        redis.run(&["FLUSHDB"]).await;
        redis
    }

    pub async fn run(&mut self, command: &[&str]) -> Value {
        redis::cmd(command[0])
            .arg(&command[1..])
            .query_async(&mut self.conn)
            .await
            .unwrap()
    }

    /// Fills the database as topclip's `load.py` does.
    pub async fn load(&mut self, dump: &serde_json::Value) {
        for key in dump["keys"].as_array().unwrap() {
            let name = key["key"].as_str().unwrap();
            match &key["value"] {
                serde_json::Value::Object(members) => {
                    let mut command = vec!["HSET", name];
                    members
                        .iter()
                        .for_each(|(n, v)| command.extend([n.as_str(), v.as_str().unwrap()]));
                    self.run(&command).await;
                }
                text => drop(self.run(&["SET", name, text.as_str().unwrap()]).await),
            }
            let ttl = key["ttl"].as_i64().unwrap();
            if ttl > 0 {
                self.run(&["EXPIRE", name, &ttl.to_string()]).await;
            }
        }
    }

    /// Returns every key with its value as Redis would write it to disk, and with its expiry time.
    pub async fn contents(&mut self) -> BTreeMap<String, (Value, Value)> {
        let keys: Vec<String> = redis::cmd("KEYS")
            .arg("*")
            .query_async(&mut self.conn)
            .await
            .unwrap();
        let mut contents = BTreeMap::new();
        for key in keys {
            let entry = (
                self.run(&["DUMP", &key]).await,
                self.run(&["PEXPIRETIME", &key]).await,
            );
            contents.insert(key, entry);
        }
        contents
    }

    /// Returns the URL for another user or another password.
    pub fn url_as(&self, user: &str, password: &str) -> String {
        let (_, host) = self.url.split_once('@').unwrap();
        format!("redis://{user}:{password}@{host}")
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "scripts/test says where its private server is"
)]
fn server_url() -> String {
    std::env::var("CALLSHEET_TEST_REDIS_URL").expect(
        "CALLSHEET_TEST_REDIS_URL is not set: run `scripts/test`, which starts a private \
            Redis for the tests",
    )
}
