//! The promise of the audio thread, held by force: while a block is processed, whoever allocates or frees aborts the
//! program.
//!
//! Run under the real-time sanitizer (`docs/realtime.md`), whoever makes a system call, locks or waits does so too.
#![allow(missing_docs, reason = "a test program")]

mod watched;

use std::sync::Arc;
use std::time::{Duration, Instant};

use clack_host::events::Pckn;
use clack_host::events::event_types::ParamValueEvent;
use clack_host::events::io::EventBuffer;
use clack_host::prelude::*;
use clack_host::process::audio_buffers::{AudioPortBuffer, AudioPortBufferType, InputChannel};
use clack_host::utils::ClapId;
use earmark_core::audio::Source;
use earmark_core::detect::{Detector, DetectorMode};
use earmark_core::embed::Embedder;
use earmark_core::model::pack::{self, Pack};
use earmark_core::model::runtime::Runtime;
use earmark_core::phrase;
use earmark_core::profile::{Existing, ModelId, ProfileKind, ProfileStore};
use earmark_core::voice::{EnrolledClip, VoiceModel, VoiceProfile};
use earmark_plugin::clap::{CLAP_ID, ClapEntry};
use earmark_plugin::params::{PARAMS, id};
use earmark_plugin::ports::{self, Instance, Output, Port};
use earmark_plugin::processor::LABEL_PLANES;
use earmark_plugin::{Activation, Block, EventSink, ParamEvent, ParamId, Processor, Shared};
use watched::{in_callback, sanitizer};

/// A sound card's clock. Under the sanitizer no block comes before its time, so that the ear can follow. Else nothing is
/// waited for, so that an hour is over in a minute.
struct Card {
    begun: Instant,
    played_s: f64,
}

impl Card {
    fn start() -> Self {
        Self { begun: Instant::now(), played_s: 0.0 }
    }

    fn wait_for(&mut self, samples: usize, rate_hz: u32) {
        if sanitizer().is_some() {
            self.played_s += f64::from(u32::try_from(samples).expect("a block")) / f64::from(rate_hz);
            let due = Duration::from_secs_f64(self.played_s);
            std::thread::sleep(due.saturating_sub(self.begun.elapsed()));
        }
    }
}

/// A sink that only counts, and checks what every host relies on.
struct Counting {
    samples: u32,
    last: u32,
    events: u64,
}

impl Counting {
    fn event(&mut self, offset: u32) {
        assert!(offset < self.samples.max(1) && offset >= self.last);
        self.last = offset;
        self.events += 1;
    }
}

impl EventSink for Counting {
    fn param(&mut self, offset: u32, id: ParamId, plain: f64) {
        assert_eq!(id.spec().clamp(plain), plain);
        self.event(offset);
    }
    fn gesture(&mut self, offset: u32, _id: ParamId, _begins: bool) {
        self.event(offset);
    }
    fn note(&mut self, offset: u32, _key: u8, _on: bool) {
        self.event(offset);
    }
    fn controller(&mut self, offset: u32, _controller: u8, value: u8) {
        assert!(value < 128);
        self.event(offset);
    }
}

/// A plain generator: the same run every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    #[expect(clippy::cast_precision_loss, reason = "a test signal")]
    fn share(&mut self) -> f64 {
        self.roll(1 << 24) as f64 / f64::from(1 << 24)
    }

    fn size(&mut self, sides: u64) -> usize {
        usize::try_from(self.roll(sides)).expect("small")
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a test signal")]
fn sample(dice: &mut Dice) -> f32 {
    match dice.roll(2_000) {
        0 => f32::NAN,
        1 => f32::INFINITY,
        2 => -1e-41,
        3 => f32::MAX,
        _ => (dice.share() - 0.5) as f32,
    }
}

/// A voice and a phrase, enrolled from the shipped programme, under the names of the test.
fn enrolled() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = ProfileStore::open(Some(folder.path())).expect("a store");
    let runtime = Runtime::embedded().expect("embedded");
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/programme.flac");
    let mut source = Source::open(&path).expect("the programme");
    let rate_hz = source.info().rate_hz;
    let mut speech = Vec::new();
    while let Some(block) = source.next_block().expect("it decodes") {
        speech.extend_from_slice(block);
        if speech.len() > 120_000 {
            break;
        }
    }
    let pace = DetectorMode::LowLatency;
    let pack = |name: &str| Pack::find(name).expect("embedded");
    let voices = VoiceModel::load(&runtime, pack(pack::VOICE), pace).expect("it compiles");
    let embedding = voices.print(&voices.embedder().embed(&speech, rate_hz, 1).expect("heard")).unit;
    let profile = VoiceProfile { clips: vec![EnrolledClip { embedding, speech_s: 3.0 }], word: None };
    let name = "test".parse().expect("a name");
    store.save(&name, &voices.id(), &profile, None, Existing::Refuse).expect("saved");
    let embedder = Embedder::load(&runtime, pack(pack::PHRASE), pace).expect("it compiles");
    let detector = Detector::load(&runtime, pack(pack::LIVE), pace).expect("it compiles");
    // Somebody speaks from 2.3 s to 3.2 s.
    let clip = |gain: f32| phrase::Clip {
        name: String::new(),
        samples: std::iter::repeat_n(0.0, 9_600)
            .chain(speech[55_680..76_800].iter().map(|sample| gain * sample))
            .chain(std::iter::repeat_n(0.0, 9_600))
            .collect(),
        rate_hz,
        channels: 1,
        sha256: String::new(),
    };
    let clips = [1.0, 0.5, 0.7].map(clip);
    let ears = phrase::Ears { embedder: &embedder, detector: &detector };
    let background = phrase::Negatives::of_pack(&embedder).expect("it brings some");
    let phrase = phrase::enrol(ears, &clips, &background, &[], phrase::Strictness::Keen).expect("enrolled");
    let model = ModelId::of(embedder.pack());
    store.save(&name, &model, &phrase.profile, None, Existing::Refuse).expect("saved");
    folder
}

/// Blocks of any size, parameters of any value at any sample, planes that come and go, resets, samples that are none.
/// `EARMARK_FUZZ_SECONDS` sets how much audio; an hour is 3600.
#[test]
fn no_block_allocates() {
    let seconds: u64 =
        std::env::var("EARMARK_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(60);
    let mut dice = Dice(7);
    let mut events_out = 0;
    let mut audio = 0.0;
    let mut round = 0;
    let profiles = enrolled();
    while audio < f64::from(u32::try_from(seconds).expect("hours")) {
        round += 1;
        let rate = [8_000_u32, 44_100, 48_000, 96_000, 192_000][dice.size(5)];
        let (channels, sidechain) = ([1, 2, 2, 6][dice.size(4)], [0, 1, 2][dice.size(3)]);
        let max_block = [1, 16, 64, 441, 2_048][dice.size(5)];
        let shared = Arc::new(Shared::new());
        shared.set(id::LINK, f64::from(u8::from(dice.roll(4) > 0)));
        if dice.roll(3) == 0 {
            shared.load_preset("broadcast-duck").expect("built in");
        }
        // Every other round an enrolled voice and phrase, whatever the phrase does.
        let with_profiles = round % 2 == 0;
        if with_profiles {
            shared.set_profile_folder(Some(profiles.path().to_owned()));
            for kind in [ProfileKind::Voice, ProfileKind::Phrase] {
                shared.choose_profile(kind, "test");
            }
            shared.set(id::VOICE, 1.0);
            shared.set(id::PHRASE, f64::from(u8::try_from(dice.roll(4)).expect("small")));
            shared.set(id::PHRASE_WAIT_MS, 100.0);
        }
        let activation = Activation {
            rate_hz: f64::from(rate),
            max_block,
            channels,
            sidechain_channels: sidechain,
            offline: false,
        };
        let mut processor = Processor::activate(Arc::clone(&shared), &activation).expect("it activates");
        assert_eq!(shared.profile_problems(), [""; 0]);
        let planes = |count: usize| vec![vec![0.0_f32; max_block]; count];
        let (mut main, mut side, mut cv) =
            (planes(usize::from(channels)), planes(usize::from(sidechain)), planes(LABEL_PLANES));
        let mut events = Vec::with_capacity(8);
        let mut left = u64::from(rate) * 5;
        let mut card = Card::start();
        while left > 0 {
            let samples = dice.size(u64::try_from(max_block).expect("small")) + 1;
            for plane in main.iter_mut().chain(&mut side) {
                plane[..samples].iter_mut().for_each(|value| *value = sample(&mut dice));
            }
            events.clear();
            if dice.roll(20) == 0 {
                for _ in 0..dice.size(8) {
                    let spec = &PARAMS[dice.size(u64::try_from(PARAMS.len()).expect("few"))];
                    let value = spec.plain(dice.share());
                    let offset =
                        u32::try_from(dice.size(u64::try_from(samples).expect("small"))).expect("small");
                    events.push(ParamEvent { offset, id: spec.id, value });
                }
                events.sort_by_key(|event| event.offset);
            }
            let mut main_planes: Vec<&mut [f32]> =
                main.iter_mut().map(|plane| &mut plane[..samples]).collect();
            let passed = dice.size(u64::from(sidechain) + 1);
            let side_planes: Vec<&[f32]> = side.iter().take(passed).map(|plane| &plane[..samples]).collect();
            let mut cv_planes: Vec<&mut [f32]> = cv.iter_mut().map(|plane| &mut plane[..samples]).collect();
            if dice.roll(3) == 0 {
                cv_planes.clear();
            }
            let block = Block { main: &mut main_planes, sidechain: &side_planes, label_cv: &mut cv_planes };
            let mut sink = Counting { samples: u32::try_from(samples).expect("small"), last: 0, events: 0 };
            let reset = dice.roll(5_000) == 0;
            card.wait_for(samples, rate);
            in_callback(|| {
                if reset {
                    processor.reset();
                }
                processor.process(block, &events, &mut sink, false);
            });
            events_out += sink.events;
            for plane in &main {
                assert!(plane[..samples].iter().all(|value| *value == 0.0 || value.is_normal()));
            }
            left = left.saturating_sub(u64::try_from(samples).expect("small"));
        }
        audio += 5.0;
    }
    assert!(round > 0 && events_out > 0);
}

struct Quiet;

impl SharedHandler<'_> for Quiet {
    fn request_restart(&self) {}
    fn request_process(&self) {}
    fn request_callback(&self) {}
}

struct QuietHost;

impl HostHandlers for QuietHost {
    type Shared<'a> = Quiet;
    type MainThread<'a> = ();
    type AudioProcessor<'a> = ();
}

/// The same for the CLAP layer, through a host's own call.
#[test]
fn no_clap_block_allocates() {
    const BLOCK: usize = 256;
    let entry = PluginEntry::load_from_clack::<ClapEntry>(c"/test").expect("an entry");
    let info = HostInfo::new("test host", "earmark", "https://example.com", "1").expect("plain strings");
    let id = std::ffi::CString::new(CLAP_ID).expect("plain");
    let mut instance =
        PluginInstance::<QuietHost>::new(|_| Quiet, |_| (), &entry, &id, &info).expect("an instance");
    let config =
        PluginAudioConfiguration { sample_rate: 48_000.0, min_frames_count: 1, max_frames_count: 256 };
    let processor = instance.activate(|_, _| (), config).expect("an activation");
    let mut processor = processor.start_processing().expect("a start");
    let mut dice = Dice(11);
    let (mut inputs, mut outputs) = (AudioPorts::with_capacity(8, 2), AudioPorts::with_capacity(8, 2));
    let mut told = EventBuffer::with_capacity(1 << 16);
    let (mut main, mut side, mut out) =
        (vec![vec![0.0_f32; BLOCK]; 2], vec![vec![0.0_f32; BLOCK]; 2], vec![vec![0.0_f32; BLOCK]; 2]);
    let mut card = Card::start();
    for block in 0..1_000_u32 {
        main.iter_mut().chain(&mut side).flatten().for_each(|value| *value = sample(&mut dice));
        let mut changes = EventBuffer::new();
        if block % 50 == 3 {
            // Write, and notes with controllers; a knob in the middle of the block.
            for (time, id, value) in [
                (0, id::LABEL_MODE, 1.0),
                (0, id::LABEL_MIDI, 2.0),
                (100, id::RANGE_DB, f64::from(block % 60)),
            ] {
                changes.push(&ParamValueEvent::new(time, ClapId::new(id.0), Pckn::match_all(), value));
            }
        }
        let port = |channels| AudioPortBuffer { latency: 0, channels };
        let input = inputs.with_input_buffers([
            port(AudioPortBufferType::f32_input_only(main.iter_mut().map(InputChannel::variable))),
            port(AudioPortBufferType::f32_input_only(side.iter_mut().map(InputChannel::variable))),
        ]);
        let mut output = outputs.with_output_buffers([AudioPortBuffer {
            latency: 0,
            channels: AudioPortBufferType::f32_output_only(out.iter_mut().map(Vec::as_mut_slice)),
        }]);
        told.clear();
        let (changes, mut told) = (InputEvents::from_buffer(&changes), OutputEvents::from_buffer(&mut told));
        card.wait_for(BLOCK, 48_000);
        let done = in_callback(|| processor.process(&input, &mut output, &changes, &mut told, None, None));
        done.expect("a block");
    }
    instance.deactivate(processor.stop_processing());
}

/// The same for what LADSPA and LV2 share: ports in the host's memory, controls that move, blocks of any size.
#[test]
fn no_block_of_connected_ports_allocates() {
    const LONGEST: usize = 3_000;
    for channels in [1, 2] {
        let layout = ports::Layout { channels };
        let mut instance = Instance::new(layout, 48_000.0);
        let mut dice = Dice(13);
        let mut audio = vec![vec![0.0_f32; LONGEST]; channels];
        let mut values: Vec<f32> = layout.ports().iter().map(|port| default_of(*port)).collect();
        for (number, port) in layout.ports().iter().enumerate() {
            let place = match port {
                // In place, as many hosts do.
                Port::AudioIn(channel) | Port::AudioOut(channel) => audio[*channel].as_mut_ptr(),
                Port::Control(_) | Port::Told(_) => &raw mut values[number],
            };
            instance.connect(number, place);
        }
        // SAFETY: all ports are connected to places that outlive the calls.
        unsafe { instance.activate(false) };
        let mut card = Card::start();
        for _ in 0..300 {
            let samples = dice.size(u64::try_from(LONGEST).expect("small"));
            audio.iter_mut().flatten().for_each(|value| *value = sample(&mut dice));
            if dice.roll(10) == 0 {
                let number = dice.size(u64::try_from(values.len()).expect("few"));
                if let Port::Control(spec) = layout.ports()[number] {
                    #[expect(clippy::cast_possible_truncation, reason = "a knob")]
                    let value = spec.plain(dice.share()) as f32;
                    values[number] = value;
                }
            }
            card.wait_for(samples, 48_000);
            // SAFETY: as above; the planes are longer than the block.
            in_callback(|| unsafe { instance.run(samples, false) });
            assert!(audio.iter().all(|plane| plane[..samples].iter().all(|x| *x == 0.0 || x.is_normal())));
        }
        let ports = layout.ports();
        let told = ports.iter().position(|port| matches!(port, Port::Told(Output::Latency)));
        let latency = values[told.expect("the latency is told")];
        assert!((6_000.0..9_000.0).contains(&latency), "{latency}");
        instance.deactivate();
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a knob")]
fn default_of(port: Port) -> f32 {
    match port {
        Port::Control(spec) => spec.default_plain() as f32,
        _ => 0.0,
    }
}
