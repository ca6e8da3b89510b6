//! Answers that would hold up the sender.

use super::{
    allow_loopback, deliver, deliveries,
    receiver::{Receiver, Reply},
    webhook_to,
};
use crate::support::{Patience, TestApp};
use callsheet::jobs::NewWebhook;
use chrono::TimeDelta;
use entity::{
    JobStatus,
    webhook_delivery::{self as delivery, DeliveryState},
};
use std::time::Duration;

async fn sent_one(t: &TestApp, receiver: &Receiver, reply: Reply) -> delivery::Model {
    let webhook = webhook_to(t, receiver, &["job.completed"]).await;
    receiver.answer(reply);
    t.job_in(JobStatus::Completed).await;
    deliver(t).await;
    deliveries(t, &webhook.id).await.remove(0)
}

#[on_both]
async fn a_redirect_is_not_followed(t: TestApp) {
    let (receiver, inward) = (Receiver::start().await, Receiver::start().await);
    let redirect = Reply::Status(307, format!("Location: {}\r\n", inward.url));
    let sent = sent_one(&t, &receiver, redirect).await;
    assert_eq!(
        (sent.state, sent.status_code),
        (DeliveryState::Pending, Some(307))
    );
    assert!(
        sent.error
            .unwrap()
            .contains("redirect (307), which is not followed")
    );
    assert_eq!(inward.received().len(), 0);
}

#[on_both]
async fn of_a_gigabyte_a_thousand_bytes_are_read(t: TestApp) {
    let receiver = Receiver::start().await;
    let sent = sent_one(&t, &receiver, Reply::Gigabyte).await;
    assert_eq!(sent.state, DeliveryState::Delivered);
    assert_eq!(sent.response.unwrap(), "x".repeat(1000));
    let bytes = receiver.bytes_sent();
    assert!(bytes < 64 << 20, "{bytes} bytes, most of them in buffers");
}

#[on_both]
async fn an_endpoint_that_hangs_is_left_at_the_limit(t: TestApp) {
    let receiver = Receiver::start().await;
    allow_loopback(&t, Duration::from_millis(100));
    let sent = sent_one(&t, &receiver, Reply::Late(204)).await;
    assert_eq!(
        (sent.state, sent.status_code),
        (DeliveryState::Pending, None)
    );
    let why = sent.error.unwrap();
    assert_eq!(why, "There was no response within 0.1 s.");
}

#[on_both]
async fn a_message_is_delivered_although_the_body_of_the_answer_stalls(t: TestApp) {
    let receiver = Receiver::start().await;
    allow_loopback(&t, Duration::from_secs(1));
    let sent = sent_one(&t, &receiver, Reply::Stall).await;
    assert_eq!(
        (sent.state, sent.status_code, sent.response.as_deref()),
        (DeliveryState::Delivered, Some(200), Some("ok"))
    );
}

#[on_both]
async fn an_endpoint_is_sent_eight_messages_at_a_time_and_holds_up_no_other(t: TestApp) {
    let (slow, other) = (Receiver::start().await, Receiver::start().await);
    webhook_to(&t, &slow, &["job.completed"]).await;
    let new = NewWebhook {
        url: other.url.clone(),
        ..NewWebhook::default()
    };
    t.create_webhook(new).await.unwrap();
    slow.answer(Reply::Late(204));
    for _ in 0..20 {
        t.job_in(JobStatus::Completed).await;
    }
    t.deliver_webhooks().await.unwrap();
    let patience = Patience::begin();
    while slow.received().len() < 8 || other.received().len() < 20 {
        patience.pause("both endpoints have their messages").await;
    }
    t.deliver_webhooks().await.unwrap();
    let server = t.another().await;
    allow_loopback(&server, Duration::from_secs(60));
    deliver(&server).await;
    assert_eq!(slow.received().len(), 8, "of both servers together");
    server.database().clone().close().await.unwrap();
    slow.open_gate();
    t.webhooks_sent().await;
    t.clock.advance(TimeDelta::seconds(1));
    deliver(&t).await;
    assert_eq!((slow.received().len(), other.received().len()), (20, 20));
}

#[on_both]
async fn a_message_that_hangs_holds_up_no_later_one(t: TestApp) {
    let receiver = Receiver::start().await;
    let webhook = webhook_to(&t, &receiver, &["job.created"]).await;
    receiver.answer_once(Reply::Late(204));
    t.queued().await;
    t.deliver_webhooks().await.unwrap();
    let patience = Patience::begin();
    while receiver.received().is_empty() {
        patience.pause("the first message is sent").await;
    }
    t.queued().await;
    t.deliver_webhooks().await.unwrap();
    let patience = Patience::begin();
    while receiver.received().len() < 2 {
        patience.pause("the second message is sent").await;
    }
    receiver.open_gate();
    t.webhooks_sent().await;
    let rows = deliveries(&t, &webhook.id).await;
    assert!(
        rows.iter()
            .all(|row| row.state == DeliveryState::Delivered && row.attempt == 1)
    );
}
