//! Settings of the requests to webhooks.

use super::{
    ConfigError,
    file::File,
    values::{named, parsed_networks},
};
use crate::outbound::{OutboundPolicy, read_authorities};
use clap::{Args, builder::BoolishValueParser};
use std::path::PathBuf;

/// Settings of the requests to webhooks.
#[derive(Args, Clone, Debug, Default)]
pub struct WebhookFlags {
    /// Let the URLs of webhooks begin with http://
    #[arg(long, env = "CALLSHEET_WEBHOOK_ALLOW_HTTP", hide_env_values = true, value_parser = BoolishValueParser::new())]
    pub webhook_allow_http: bool,
    /// Networks to which webhooks may be sent although their addresses are not public, separated by
    /// commas, e.g. 10.0.0.0/8
    #[arg(
        long = "webhook-allow-net",
        env = "CALLSHEET_WEBHOOK_ALLOW_NETS",
        hide_env_values = true,
        value_name = "CIDR",
        value_delimiter = ','
    )]
    pub webhook_allow_nets: Option<Vec<String>>,
    /// File with certificates of authorities (PEM) that the endpoints of webhooks may be certified
    /// by, besides those that this machine trusts
    #[arg(
        long,
        env = "CALLSHEET_WEBHOOK_CA",
        hide_env_values = true,
        value_name = "FILE"
    )]
    pub webhook_ca: Option<PathBuf>,
}

/// Returns what is allowed of webhooks besides HTTPS to public addresses.
pub fn webhook_policy(flags: WebhookFlags, file: &File) -> Result<OutboundPolicy, ConfigError> {
    let networks = flags
        .webhook_allow_nets
        .or_else(|| file.webhook_allow_nets.clone());
    Ok(OutboundPolicy {
        allow_http: flags.webhook_allow_http || file.webhook_allow_http.unwrap_or_default(),
        allowed: parsed_networks("webhook_allow_nets", named(networks))?,
        authorities: match flags.webhook_ca.or_else(|| file.webhook_ca.clone()) {
            Some(path) if !path.as_os_str().is_empty() => {
                read_authorities(&path).map_err(|why| ConfigError::setting("webhook_ca", why))?
            }
            _ => Vec::new(),
        },
    })
}
