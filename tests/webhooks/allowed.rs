//! Addresses to which no message goes.

use super::{deliver, deliveries, receiver::Receiver, webhook_to};
use crate::support::{TestApp, pointers, refusal};
use callsheet::{
    jobs::{NewWebhook, WebhookPatch},
    outbound::{Limits, Outbound, OutboundPolicy},
};
use entity::{JobStatus, webhook_delivery::DeliveryState};

#[on_both]
async fn inward_addresses_are_refused(t: TestApp) {
    let hosts = [
        "0.0.0.0",
        "0",
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "127.1",
        "0x7f000001",
        "2130706433",
        "0177.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.1",
        "192.0.2.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "255.255.255.255",
        "localhost",
        "a.localhost",
        "[::]",
        "[::1]",
        "[::ffff:10.0.0.1]",
        "[64:ff9b::10.0.0.1]",
        "[64:ff9b:1::1]",
        "[2001:db8::1]",
        "[2002:a00:1::1]",
        "[fc00::1]",
        "[fe80::1]",
        "[ff02::1]",
    ];
    let to = |url: String| NewWebhook {
        url,
        ..NewWebhook::default()
    };
    for host in hosts {
        let refused = t.create_webhook(to(format!("https://{host}/"))).await;
        let error = refusal(refused, "invalid_request");
        assert_eq!(pointers(&error), ["/url url_refused"], "{host}");
        let sentence = error.to_string();
        assert!(
            sentence.contains("not a public address"),
            "{host}: {sentence}"
        );
    }
    for url in [
        "http://example.com/",
        "https://me:secret@example.com/",
        "gopher://a/",
    ] {
        refusal(t.create_webhook(to(url.into())).await, "invalid_request");
    }
    let created = t
        .create_webhook(to("https://hooks.studio.example/".into()))
        .await;
    let patch = WebhookPatch {
        url: Some("https://10.0.0.1/".into()),
        ..WebhookPatch::default()
    };
    let id = created.unwrap().id;
    refusal(t.update_webhook(&id, patch).await, "invalid_request");
}

#[on_both]
async fn a_stored_url_is_checked_again_before_each_message(t: TestApp) {
    let receiver = Receiver::start().await;
    let webhook = webhook_to(&t, &receiver, &["job.completed"]).await;
    t.job_in(JobStatus::Completed).await;
    let strict = t.another().await;
    strict.send_webhooks_by(Outbound::new(
        OutboundPolicy {
            allow_http: true,
            ..OutboundPolicy::default()
        },
        Limits::default(),
    ));
    deliver(&strict).await;
    let sent = deliveries(&t, &webhook.id).await.remove(0);
    assert_eq!(sent.state, DeliveryState::Pending);
    assert!(
        sent.error
            .unwrap()
            .contains("127.0.0.1 is not a public address")
    );
    assert_eq!(receiver.received().len(), 0);
    strict.database().clone().close().await.unwrap();
}

#[on_both]
async fn what_does_not_fit_is_refused_with_the_remedy(t: TestApp) {
    let new = |kinds: &[&str], job_type: &str| NewWebhook {
        url: "https://hooks.studio.example/".into(),
        kinds: Some(kinds.iter().map(|kind| (*kind).to_owned()).collect()),
        job_types: vec![job_type.into()],
        ..NewWebhook::default()
    };
    for (new, place) in [
        (new(&[], "a"), "/kinds too_few"),
        (new(&["job.finished"], "a"), "/kinds/0 unknown_kind"),
        (new(&["webhook.test"], "a"), "/kinds/0 unknown_kind"),
        (
            new(&["job.failed", "job.failed"], "a"),
            "/kinds/1 duplicate",
        ),
    ] {
        let error = refusal(t.create_webhook(new).await, "invalid_request");
        assert_eq!(pointers(&error), [place]);
    }
    let wrong_type = t.create_webhook(new(&["job.failed"], "A b")).await;
    let error = refusal(wrong_type, "invalid_request");
    assert!(pointers(&error)[0].starts_with("/job_types/0 "));
    for id in ["", "none", "a\0", "0199d3e0-2b11-7000-8000-3f1c5b8a2d10"] {
        refusal(t.get_webhook(id).await, "webhook_not_found");
        refusal(t.delete_webhook(id).await, "webhook_not_found");
        refusal(t.test_webhook(id).await, "webhook_not_found");
        refusal(t.resume_webhook(id).await, "webhook_not_found");
    }
    refusal(t.retry_webhook_delivery(1).await, "delivery_not_found");
}
