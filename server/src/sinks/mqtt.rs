//! An MQTT broker.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use rumqttc::{
    Client, Connection, Event as Progress, LastWill, MqttOptions, Outgoing, Packet, PublishOptions, QoS,
};

use super::topics::{Message, OFFLINE, Topics};
use super::{About, GRACE, Notice, Say, tls};
use crate::sources::without_password;

/// The ports that brokers have, without TLS and with it.
const PORT: u16 = 1_883;
const TLS_PORT: u16 = 8_883;
/// Where topics begin when nobody says.
const BASE: &str = "earmark";
const KEEP_ALIVE_S: u16 = 15;
/// How long the connection is looked at before new events are.
const POLL: Duration = Duration::from_millis(20);
/// How long it is looked at while there is none; it gives up before that.
const CONNECTING: Duration = Duration::from_secs(10);
/// Wait after a connection was lost or refused.
const RETRY: Duration = Duration::from_secs(2);
/// Messages that may wait for the connection; the oldest go first.
const WAITING: usize = 1_024;

/// The parts of an `mqtt://` or `mqtts://` URL.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Broker {
    tls: bool,
    host: String,
    port: u16,
    credentials: Option<(String, String)>,
    base: String,
}

impl Broker {
    pub(super) fn parse(url: &str) -> Result<Self, String> {
        let (tls, rest) = match url.split_once("://") {
            Some(("mqtt", rest)) => (false, rest),
            Some(("mqtts", rest)) => (true, rest),
            _ => return Err("name mqtt://[user:password@]host[:port][/base], or mqtts:// for TLS".to_owned()),
        };
        if let Some(problem) = tls::problem().filter(|_| tls) {
            return Err(problem);
        }
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
            _ => (place, if tls { TLS_PORT } else { PORT }),
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
            tls,
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
    let name = without_password(url);
    let mut topics = Topics::new(&broker.base, about);
    let mut options = MqttOptions::new(client_id(about), (broker.host.as_str(), broker.port));
    options.set_keep_alive(KEEP_ALIVE_S);
    if broker.tls {
        match tls::for_mqtt() {
            Ok(transport) => drop(options.set_transport(transport)),
            Err(problem) => return say(&format!("{name}: {problem}")),
        }
    }
    options.set_last_will(LastWill::new(topics.availability(), OFFLINE, QoS::AtLeastOnce, true));
    if let Some((user, password)) = &broker.credentials {
        options.set_credentials(user.clone(), password.clone());
    }
    let (client, connection) = Client::builder(options).capacity(WAITING).build();
    let mut link = Link { client, connection, waiting: VecDeque::new(), connected: false, silent: false };
    loop {
        match notices.try_recv() {
            Ok(notice) => link.queue(topics.of(&notice)),
            Err(TryRecvError::Empty) => link.work(&mut topics, &name, say),
            Err(TryRecvError::Disconnected) => break,
        }
    }
    link.leave(&mut topics, &name, say);
}

/// No two clients of a broker may have the same; a stream may have several sinks there.
fn client_id(about: &About) -> String {
    // The keys of hash maps are random, which is enough here.
    let random = RandomState::new().hash_one(std::process::id());
    format!("earmark-{}-{random:016x}", super::topics::slug(&about.stream))
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
            let options = PublishOptions::at_least_once().retain(*retain);
            if self.client.try_publish(topic.as_str(), payload.as_bytes(), options).is_err() {
                break;
            }
            self.waiting.pop_front();
        }
        // A connection that is looked away from while it is made begins anew.
        let wait = if self.connected { POLL } else { CONNECTING };
        match self.connection.recv_timeout(wait) {
            Ok(Ok(Progress::Incoming(Packet::ConnAck(_)))) => {
                (self.connected, self.silent) = (true, false);
                self.waiting = topics.greeting().into();
            }
            Ok(Err(error)) => {
                self.connected = false;
                if !std::mem::replace(&mut self.silent, true) {
                    say(&format!(
                        "{name}: no connection to the broker: {}; it is tried again",
                        tls::explained(&error)
                    ));
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
        match Broker::parse("mqtts://house") {
            Ok(broker) => assert_eq!((broker.tls, broker.port), (true, TLS_PORT)),
            Err(problem) => assert_eq!(Some(problem), tls::problem()),
        }
        for (url, why) in [
            ("http://localhost", "mqtt://"),
            ("wss://localhost", "mqtts://"),
            ("mqtt://", "no host"),
            ("mqtt://h:port", "no port"),
            ("mqtt://h/a/#", "neither"),
        ] {
            assert!(Broker::parse(url).unwrap_err().contains(why), "{url}");
        }
    }
}
