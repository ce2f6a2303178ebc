//! What Prometheus asks for.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64};
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

/// Buckets of the time that a request takes, seconds.
const REQUEST_BUCKETS_S: [f64; 10] = [0.005, 0.02, 0.1, 0.5, 2.0, 5.0, 15.0, 60.0, 180.0, 600.0];
/// Buckets of the time from samples to events, seconds, round the 40 ms of a step and the 150 ms of the promise.
const DELAY_BUCKETS_S: [f64; 9] = [0.005, 0.01, 0.02, 0.04, 0.06, 0.1, 0.15, 0.3, 1.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: Text,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    route: Text,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WhatLabels {
    what: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StreamLabels {
    stream: Text,
    label: Text,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SourceLabels {
    stream: Text,
}

/// A shared text as a label's value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Text(Arc<str>);

impl EncodeLabelValue for Text {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> std::fmt::Result {
        encoder.write_str(&self.0)
    }
}

/// All metrics of a service.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Family<RouteLabels, Histogram>,
    audio: Family<RouteLabels, Counter<f64, AtomicU64>>,
    queue: Gauge,
    /// WebSocket streams that are open.
    pub streams_open: Gauge<i64, AtomicI64>,
    /// Seconds from the arrival of samples to their events.
    pub stream_delay: Histogram,
    dropped: Family<WhatLabels, Counter>,
    label_seconds: Family<StreamLabels, Counter<f64, AtomicU64>>,
    silence: Family<SourceLabels, Gauge<f64, AtomicU64>>,
    level: Family<SourceLabels, Gauge<f64, AtomicU64>>,
}

impl Metrics {
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("earmark");
        let requests = Family::default();
        registry.register("http_requests", "Requests that were answered", requests.clone());
        let durations = Family::new_with_constructor(request_histogram as fn() -> Histogram);
        registry.register_with_unit(
            "http_request_duration",
            "Time from the head of a request to the head of its answer",
            Unit::Seconds,
            durations.clone(),
        );
        let audio = Family::default();
        registry.register_with_unit("audio", "Audio that was heard", Unit::Seconds, audio.clone());
        let queue = Gauge::default();
        registry.register("queue_size", "Files that are uploaded, waiting or worked on", queue.clone());
        let streams_open = Gauge::default();
        registry.register("streams_open", "WebSocket streams that are open", streams_open.clone());
        let stream_delay = Histogram::new(DELAY_BUCKETS_S);
        registry.register_with_unit(
            "stream_delay",
            "Time from the arrival of samples to the events that they cause",
            Unit::Seconds,
            stream_delay.clone(),
        );
        let dropped = Family::default();
        registry.register("stream_dropped", "What slow readers of streams did not get", dropped.clone());
        let label_seconds = Family::default();
        registry.register_with_unit(
            "stream_label",
            "Time that labels were on in sources",
            Unit::Seconds,
            label_seconds.clone(),
        );
        let silence = Family::default();
        registry.register_with_unit(
            "stream_silence",
            "How long sources have been silent; 0 where they are not",
            Unit::Seconds,
            silence.clone(),
        );
        let level = Family::default();
        registry.register("stream_level_dbfs", "Level of sources", level.clone());
        let build = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The program", build);
        Self {
            registry,
            requests,
            durations,
            audio,
            queue,
            streams_open,
            stream_delay,
            dropped,
            label_seconds,
            silence,
            level,
        }
    }

    pub fn request(&self, route: &str, status: u16, duration: Duration) {
        let route = Text(route.into());
        self.requests.get_or_create(&RequestLabels { route: route.clone(), status }).inc();
        self.durations.get_or_create(&RouteLabels { route }).observe(duration.as_secs_f64());
    }

    pub fn heard(&self, route: &str, seconds: f64) {
        self.audio.get_or_create(&RouteLabels { route: Text(route.into()) }).inc_by(seconds.max(0.0));
    }

    /// A label was on in a source for so long.
    pub fn label_heard(&self, stream: &str, label: &str, seconds: f64) {
        let labels = StreamLabels { stream: Text(stream.into()), label: Text(label.into()) };
        self.label_seconds.get_or_create(&labels).inc_by(seconds.max(0.0));
    }

    /// How a source sounds now.
    pub fn level(&self, stream: &str, level_dbfs: f64, silence_s: f64) {
        let labels = SourceLabels { stream: Text(stream.into()) };
        self.level.get_or_create(&labels).set(level_dbfs);
        self.silence.get_or_create(&labels).set(silence_s);
    }

    pub fn dropped(&self, what: &'static str, count: u64) {
        self.dropped.get_or_create(&WhatLabels { what }).inc_by(count);
    }

    /// In Prometheus' text format; `queue` is the number of files under way.
    pub fn text(&self, queue: usize) -> String {
        self.queue.set(i64::try_from(queue).unwrap_or(i64::MAX));
        let mut text = String::new();
        // Writing into a text cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

fn request_histogram() -> Histogram {
    Histogram::new(REQUEST_BUCKETS_S)
}
