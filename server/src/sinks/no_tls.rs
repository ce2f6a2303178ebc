//! No TLS: the sentences that say so.

use rumqttc::Transport;
use ureq::config::ConfigBuilder;
use ureq::typestate::AgentScope;

const ABSENT: &str = "this program was built without TLS (the cargo feature `tls`): use a relay on this machine, or --exec with a \
                      script that calls curl or mosquitto_pub";

/// Why it cannot be done.
pub(super) fn problem() -> Option<String> {
    Some(ABSENT.to_owned())
}

/// Nothing is to be added: [`problem`] has refused what needs more.
pub(super) fn for_http(agent: ConfigBuilder<AgentScope>) -> Result<ConfigBuilder<AgentScope>, String> {
    Ok(agent)
}

/// # Errors
/// Always.
pub(super) fn for_mqtt() -> Result<Transport, String> {
    Err(ABSENT.to_owned())
}

/// An error of a connection.
pub(super) fn explained(error: &dyn std::error::Error) -> String {
    error.to_string()
}
