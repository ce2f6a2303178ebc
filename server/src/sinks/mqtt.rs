//! An MQTT broker.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use rumqttc::{Client, Connection, Event as Progress, LastWill, MqttOptions, Outgoing, Packet, QoS};

use super::topics::{Message, OFFLINE, Topics};
use super::{About, GRACE, Notice, Say};
use crate::sources::without_password;

/// The port that brokers have.
const PORT: u16 = 1_883;
/// Where topics begin when nobody says.
const BASE: &str = "earmark";
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How long the connection is looked at before new events are.
const POLL: Duration = Duration::from_millis(20);
/// Wait after a connection was lost or refused.
const RETRY: Duration = Duration::from_secs(2);
/// Messages that may wait for the connection; the oldest go first.
const WAITING: usize = 1_024;

/// The parts of an `mqtt://` URL.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Broker {
    host: String,
    port: u16,
    credentials: Option<(String, String)>,
    base: String,
}

impl Broker {
    pub(super) fn parse(url: &str) -> Result<Self, String> {
        let rest = match url.split_once("://") {
            Some(("mqtt", rest)) => rest,
            Some(("mqtts" | "ssl" | "wss", _)) => {
                return Err(
                    "this program speaks no TLS; connect to a broker on this machine that bridges".into()
                );
            }
            _ => return Err("name mqtt://[user:password@]host[:port][/base]".to_owned()),
        };
        let (authority, base) = rest.split_once('/').unwrap_or((rest, ""));
        let (credentials, place) = match authority.rsplit_once('@') {
            Some((credentials, place)) => {
                (Some(credentials.split_once(':').unwrap_or((credentials, ""))), place)
            }
            None => (None, authority),
        };
        // An IPv6 address stands in brackets.
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => {
                (host, port.parse().map_err(|_| format!("{port:?} is no port"))?)
            }
            _ => (place, PORT),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let base = base.trim_matches('/');
        if host.is_empty() {
            return Err("it names no host".to_owned());
        }
        if base.contains(['+', '#']) {
            return Err("a topic has neither + nor #".to_owned());
        }
        Ok(Self {
            host: host.to_owned(),
            port,
            credentials: credentials.map(|(user, password)| (user.to_owned(), password.to_owned())),
            base: if base.is_empty() { BASE } else { base }.to_owned(),
        })
    }
}

/// Publishes until no event follows and all has been taken.
pub(super) fn run(url: &str, about: &About, notices: &Receiver<Notice>, say: &Say) {
    // It was looked at before.
    let Ok(broker) = Broker::parse(url) else { return };
    let mut topics = Topics::new(&broker.base, about);
    let id = format!("earmark-{}-{}", super::topics::slug(&about.stream), std::process::id());
    let mut options = MqttOptions::new(id, &broker.host, broker.port);
    options.set_keep_alive(KEEP_ALIVE);
    options.set_last_will(LastWill::new(topics.availability(), OFFLINE, QoS::AtLeastOnce, true));
    if let Some((user, password)) = &broker.credentials {
        options.set_credentials(user, password);
    }
    let (client, connection) = Client::new(options, WAITING);
    let mut link = Link { client, connection, waiting: VecDeque::new(), connected: false, silent: false };
    let name = without_password(url);
    loop {
        match notices.try_recv() {
            Ok(notice) => link.queue(topics.of(&notice)),
            Err(TryRecvError::Empty) => link.work(&mut topics, &name, say),
            Err(TryRecvError::Disconnected) => break,
        }
    }
    link.leave(&mut topics, &name, say);
}

struct Link {
    client: Client,
    connection: Connection,
    waiting: VecDeque<Message>,
    connected: bool,
    /// The user knows that there is no connection.
    silent: bool,
}

impl Link {
    fn queue(&mut self, messages: Vec<Message>) {
        // Without a connection nothing is kept but the states, which the next greeting tells.
        if !self.connected {
            return;
        }
        self.waiting.extend(messages);
        while self.waiting.len() > WAITING {
            self.waiting.pop_front();
        }
    }

    /// Hands messages to the client, and lets the connection work for a moment.
    fn work(&mut self, topics: &mut Topics, name: &str, say: &Say) {
        while let Some(message) = self.waiting.front() {
            let Message { topic, payload, retain } = message;
            if self.client.try_publish(topic, QoS::AtLeastOnce, *retain, payload.as_bytes()).is_err() {
                break;
            }
            self.waiting.pop_front();
        }
        match self.connection.recv_timeout(POLL) {
            Ok(Ok(Progress::Incoming(Packet::ConnAck(_)))) => {
                (self.connected, self.silent) = (true, false);
                self.waiting = topics.greeting().into();
            }
            Ok(Err(error)) => {
                self.connected = false;
                if !std::mem::replace(&mut self.silent, true) {
                    say(&format!("{name}: no connection to the broker: {error}; it is tried again"));
                }
                std::thread::sleep(RETRY);
            }
            _ => {}
        }
    }

    /// Says farewell, and waits until it has been taken.
    fn leave(&mut self, topics: &mut Topics, name: &str, say: &Say) {
        let until = Instant::now() + GRACE;
        while !self.connected && !self.silent && Instant::now() < until {
            self.work(topics, name, say);
        }
        if !self.connected {
            return;
        }
        self.queue(topics.farewell());
        while !self.waiting.is_empty() && self.connected && Instant::now() < until {
            self.work(topics, name, say);
        }
        // Sent behind all that was published before.
        let _ = self.client.try_disconnect();
        while Instant::now() < until {
            if let Ok(Ok(Progress::Outgoing(Outgoing::Disconnect)) | Err(_)) =
                self.connection.recv_timeout(POLL)
            {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_brokers() {
        let broker = Broker::parse("mqtt://me:a:b@[::1]:1884/home/ear/").unwrap();
        assert_eq!((broker.host.as_str(), broker.port, broker.base.as_str()), ("::1", 1_884, "home/ear"));
        assert_eq!(broker.credentials, Some(("me".into(), "a:b".into())));
        let broker = Broker::parse("mqtt://localhost").unwrap();
        assert_eq!((broker.port, broker.base.as_str(), broker.credentials), (PORT, BASE, None));
        assert_eq!(Broker::parse("mqtt://[fe80::1]").unwrap().host, "fe80::1");
        for (url, why) in [
            ("http://localhost", "mqtt://"),
            ("mqtts://localhost", "no TLS"),
            ("mqtt://", "no host"),
            ("mqtt://h:port", "no port"),
            ("mqtt://h/a/#", "neither"),
        ] {
            assert!(Broker::parse(url).unwrap_err().contains(why), "{url}");
        }
    }
}
