//! The table itself.

use super::{Curve, Flags, Group, Kind, ParamId, ParamSpec, Unit};

/// The parameters by name.
pub mod id {
    use super::ParamId;

    macro_rules! ids {
        ($($(#[$doc:meta])* $name:ident = $value:literal;)*) => {
            $($(#[$doc])* pub const $name: ParamId = ParamId($value);)*
        };
    }

    ids! {
        /// Everything passes, delayed as ever.
        BYPASS = 0;
        /// Gate, duck or mute.
        MODE = 1;
        /// What is kept.
        KEEP = 2;
        /// What is heard at the output: the result, what was removed, or what the ear hears.
        LISTEN = 3;
        /// Probability at which a kept label begins.
        OPEN = 4;
        /// Probability under which it ends.
        CLOSE = 5;
        /// Time to open.
        ATTACK_MS = 6;
        /// How long it stays open.
        HOLD_MS = 7;
        /// Time to close.
        RELEASE_MS = 8;
        /// Depth of the gate.
        RANGE_DB = 9;
        /// How long before an onset it opens; latency.
        LOOKAHEAD_MS = 10;
        /// Depth of the duck.
        DUCK_DB = 11;
        /// Whether the duck follows the level.
        DUCK_SHAPE = 12;
        /// Its ratio when it does.
        DUCK_RATIO = 13;
        /// The level above which it then works.
        DUCK_ABOVE_DBFS = 14;
        /// The width of its bend.
        DUCK_KNEE_DB = 15;
        /// One gate for all channels, or one for each.
        LINK = 16;
        /// What the ear hears.
        DETECTOR = 17;
        /// Share of the gated sound.
        WET = 18;
        /// Gain at the output.
        OUTPUT_DB = 19;
        /// What happens without a working ear.
        FAIL_MODE = 20;
        /// Which pack hears.
        PACK = 21;
        /// Labels as automation: off, written or read.
        LABEL_MODE = 22;
        /// Labels as notes and controllers.
        LABEL_MIDI = 23;
        /// Probability of speech.
        SPEECH = 24;
        /// Probability of music.
        MUSIC = 25;
        /// Probability of noise.
        NOISE = 26;
        /// The class that is heard.
        CLASS = 27;
        /// How far the gate is down.
        REDUCTION_DB = 28;
        /// Whether depth and close threshold follow the noise floor.
        ADAPTIVE = 29;
        /// Probability of singing.
        SINGING = 30;
        /// What is kept, where singing has a say: it stands above [`KEEP`], whose list was released without it.
        KEEP_SINGING = 31;
        /// Whether the label outputs carry the probabilities.
        LABEL_OUTPUTS = 32;
        /// Whether only the enrolled voice counts as speech.
        VOICE = 33;
        /// How like it whoever speaks is.
        LIKENESS = 34;
        /// What the enrolled phrase does.
        PHRASE = 35;
        /// How long it opens the gate.
        PHRASE_HOLD_S = 36;
        /// How much later everything leaves, so that it is known in time.
        PHRASE_WAIT_MS = 37;
        /// Whether it acts.
        PHRASE_ACTS = 38;
        /// Probability at which speech begins, if it has one of its own.
        SPEECH_OPEN = 39;
        /// Probability under which it ends, if it has one of its own.
        SPEECH_CLOSE = 40;
        /// The same of singing.
        SINGING_OPEN = 41;
        /// The same of singing.
        SINGING_CLOSE = 42;
        /// The same of music.
        MUSIC_OPEN = 43;
        /// The same of music.
        MUSIC_CLOSE = 44;
        /// The same of noise.
        NOISE_OPEN = 45;
        /// The same of noise.
        NOISE_CLOSE = 46;
        /// Which pack hears, where that shall be fast: it stands above [`PACK`], whose list was released without it.
        FAST_EAR = 47;
        /// How long before an onset the gate opens while the fast one hears.
        FAST_LOOKAHEAD_MS = 48;
        /// The level that a label must exceed beside its probability.
        OPEN_ABOVE_DBFS = 49;
        /// What lies below is not heard.
        DETECTOR_HIGH_PASS_HZ = 50;
        /// What lies above is not heard.
        DETECTOR_LOW_PASS_HZ = 51;
    }
}

const fn float(min: f64, max: f64, default: f64, curve: Curve) -> Kind {
    Kind::Float { min, max, default, curve }
}

/// Times have most of their use at the short end.
const TIMES: Curve = Curve::Power(3.0);

macro_rules! table {
    ($($id:ident, $key:literal, $name:literal, $short:literal, $group:ident, $unit:ident, $kind:expr, $flags:ident, $help:literal;)*) => {
        &[$(ParamSpec {
            id: id::$id, key: $key, name: $name, short_name: $short, group: Group::$group, unit: Unit::$unit,
            kind: $kind, flags: Flags::$flags, help: $help,
        },)*]
    };
}

/// Every parameter; the index is the id. Times, depths and thresholds have the core's defaults, which a test compares.
#[rustfmt::skip]
pub const PARAMS: &[ParamSpec] = table![
    BYPASS, "bypass", "Bypass", "Bypass", Output, None,
        Kind::Toggle { default: false }, BYPASS,
        "Lets everything through untouched, with the same delay.";
    MODE, "mode", "Mode", "Mode", Gate, None,
        Kind::Choice { names: &["Gate", "Duck", "Mute"], keys: &["gate", "duck", "mute"], default: 0 }, KNOB,
        "What happens to the rest: down by the range, ducked, or silent.";
    KEEP, "keep", "Keep", "Keep", Gate, None,
        Kind::Choice {
            names: &["Speech", "Speech and music", "Music", "All but speech", "All but music", "All but noise", "Preset's rules"],
            keys: &["speech", "speech_music", "music", "all_but_speech", "all_but_music", "all_but_noise", "rules"],
            default: 0,
        }, KNOB,
        "What stays as it is. Singing counts as music. A preset may bring rules of its own.";
    LISTEN, "listen", "Listen", "Listen", Output, None,
        Kind::Choice { names: &["Result", "Removed", "Detector"], keys: &["result", "removed", "detector"], default: 0 }, KNOB,
        "Hear the result, what was taken away, or what the ear hears (the sidechain where it is the source).";
    OPEN, "open_probability", "Open threshold", "Open", Gate, Percent,
        float(0.0, 1.0, 0.8, Curve::Linear), KNOB,
        "The probability at which what is kept begins.";
    CLOSE, "close_probability", "Close threshold", "Close", Gate, Percent,
        float(0.0, 1.0, 0.2, Curve::Linear), KNOB,
        "The probability under which it ends; never above the open threshold.";
    ATTACK_MS, "attack_ms", "Attack", "Attack", Motion, Milliseconds,
        float(1.0, 1_000.0, 10.0, TIMES), KNOB,
        "Time to reach full gain. No longer than the lookahead, and the first consonant is whole.";
    HOLD_MS, "hold_ms", "Hold", "Hold", Motion, Milliseconds,
        float(0.0, 5_000.0, 200.0, TIMES), KNOB,
        "How long the gate stays open after the last of what is kept.";
    RELEASE_MS, "release_ms", "Release", "Release", Motion, Milliseconds,
        float(1.0, 5_000.0, 150.0, TIMES), KNOB,
        "Time to close.";
    RANGE_DB, "range_db", "Range", "Range", Gate, Decibels,
        float(0.0, 100.0, 30.0, Curve::Linear), KNOB,
        "How far the gate turns the rest down.";
    LOOKAHEAD_MS, "lookahead_ms", "Lookahead", "Lookahd", Motion, Milliseconds,
        float(0.0, 500.0, 20.0, TIMES), SETUP,
        "How long before an onset the gate opens. It is part of the latency and takes effect when the host restarts the plugin.";
    DUCK_DB, "duck_db", "Duck depth", "DuckDpth", Duck, Decibels,
        float(0.0, 60.0, 12.0, Curve::Linear), KNOB,
        "How far ducking turns the rest down at most.";
    DUCK_SHAPE, "duck_shape", "Duck shape", "DuckShp", Duck, None,
        Kind::Choice { names: &["Flat", "By level"], keys: &["flat", "by_level"], default: 0 }, KNOB,
        "Flat: all of the rest goes down by the depth. By level: only what is loud, as by a compressor.";
    DUCK_RATIO, "duck_ratio", "Duck ratio", "DuckRat", Duck, Ratio,
        float(1.0, 50.0, 4.0, TIMES), KNOB,
        "The ratio when ducking goes by level.";
    DUCK_ABOVE_DBFS, "duck_above_dbfs", "Duck above", "DuckAbv", Duck, Dbfs,
        float(-80.0, 0.0, -40.0, Curve::Linear), KNOB,
        "The momentary level above which ducking by level works.";
    DUCK_KNEE_DB, "duck_knee_db", "Duck knee", "DuckKnee", Duck, Decibels,
        float(0.0, 48.0, 6.0, Curve::Linear), KNOB,
        "Width of the soft bend around that level.";
    LINK, "link", "Link channels", "Link", Gate, None,
        Kind::Toggle { default: true }, SETUP,
        "One gate for all channels, so that the image stays; off, every channel is heard and gated by itself.";
    DETECTOR, "detector", "Detector", "Detector", Ear, None,
        Kind::Choice { names: &["Main input", "Sidechain"], keys: &["main", "sidechain"], default: 0 }, KNOB,
        "What the ear hears. Without a connected sidechain it is always the main input.";
    WET, "wet", "Dry/wet", "Wet", Output, Percent,
        float(0.0, 1.0, 1.0, Curve::Linear), KNOB,
        "Share of the gated sound in the output.";
    OUTPUT_DB, "output_db", "Output gain", "Output", Output, Decibels,
        float(-24.0, 24.0, 0.0, Curve::Linear), KNOB,
        "Gain after everything else.";
    FAIL_MODE, "fail_mode", "Without ear", "FailMode", Ear, None,
        Kind::Choice { names: &["Open", "Closed"], keys: &["open", "closed"], default: 0 }, SETUP,
        "What happens when the model is missing or broken: everything passes, or the gate stays closed.";
    PACK, "pack", "Ear", "Ear", Ear, None,
        Kind::Choice { names: &["Live", "Studio"], keys: &["live", "studio"], default: 0 }, SETUP,
        "Which network hears. Studio hears better and later: half a second more latency.";
    LABEL_MODE, "label_mode", "Label automation", "LblMode", Labels, None,
        Kind::Choice { names: &["Off", "Write", "Read"], keys: &["off", "write", "read"], default: 0 }, KNOB,
        "Write: the labels move their parameters, and the host may record them. Read: the recorded lanes drive the gate instead of the ear.";
    LABEL_MIDI, "label_midi", "Label notes", "LblNotes", Labels, None,
        Kind::Choice { names: &["Off", "Notes", "Notes and CC"], keys: &["off", "notes", "notes_cc"], default: 0 }, KNOB,
        "Sends a note while a label lasts, 250 ms at least and through gaps under 200 ms, and the probabilities as controllers.";
    SPEECH, "speech_probability", "Speech", "Speech", Labels, Percent,
        float(0.0, 1.0, 0.0, Curve::Linear), LANE,
        "Probability of speech.";
    MUSIC, "music_probability", "Music", "Music", Labels, Percent,
        float(0.0, 1.0, 0.0, Curve::Linear), LANE,
        "Probability of music.";
    NOISE, "noise_probability", "Noise", "Noise", Labels, Percent,
        float(0.0, 1.0, 0.0, Curve::Linear), LANE,
        "Probability of noise.";
    CLASS, "class", "Class", "Class", Labels, None,
        Kind::Choice {
            names: &["Unknown", "Silence", "Noise", "Music", "Speech"],
            keys: &["unknown", "silence", "noise", "music", "speech"],
            default: 0,
        }, LANE,
        "The one class that is heard, speech before music before noise. Singing counts as music.";
    REDUCTION_DB, "reduction_db", "Gain reduction", "Reductn", Meters, Decibels,
        float(0.0, 100.0, 0.0, Curve::Linear), METER,
        "How far the gate is down at this moment.";
    ADAPTIVE, "adaptive", "Follow the floor", "Adaptive", Gate, None,
        Kind::Toggle { default: false }, SETUP,
        "Deep and early to close in noise, shallow in a quiet room: range and close threshold follow the noise floor. Takes effect when the host restarts the plugin.";
    SINGING, "singing_probability", "Singing", "Singing", Labels, Percent,
        float(0.0, 1.0, 0.0, Curve::Linear), LANE,
        "Probability of singing, which is music too. It rests with an ear that does not tell one from the other.";
    KEEP_SINGING, "keep_singing", "Keep singing", "KeepSing", Gate, None,
        Kind::Choice {
            names: &["As Keep says", "Speech and singing", "Singing"],
            keys: &["as_keep", "speech_singing", "singing"],
            default: 0,
        }, KNOB,
        "Keeps voices and not what only plays; anything but the first stands above Keep. An ear that does not tell singing from music keeps all music.";
    LABEL_OUTPUTS, "label_outputs", "Label outputs", "LblOuts", Labels, None,
        Kind::Toggle { default: false }, KNOB,
        "VST3: the extra outputs carry the probabilities of speech, music and noise as control voltages, 0 to 1; off, they are silent. In CLAP the layout decides.";
    VOICE, "voice", "Only this voice", "Voice", Gate, None,
        Kind::Toggle { default: false }, SETUP,
        "Speech counts only while the enrolled voice speaks that is chosen in the window. Takes effect when the host restarts the plugin.";
    LIKENESS, "likeness", "Likeness", "Likeness", Meters, Percent,
        float(0.0, 1.0, 0.0, Curve::Linear), METER,
        "How like the enrolled voice whoever speaks is; above 50 % the gate takes it for that voice.";
    PHRASE, "phrase", "Phrase", "Phrase", Gate, None,
        Kind::Choice {
            names: &["Off", "Mute", "Duck", "Open after"],
            keys: &["off", "mute", "duck", "open_after"],
            default: 0,
        }, SETUP,
        "What the enrolled phrase does that is chosen in the window: muted or ducked while it is said, or the gate opens only after it. Takes effect when the host restarts the plugin.";
    PHRASE_HOLD_S, "phrase_hold_s", "Open after phrase", "PhrsHold", Gate, Seconds,
        float(1.0, 600.0, 30.0, TIMES), SETUP,
        "How long the gate works after the phrase before it locks again.";
    PHRASE_WAIT_MS, "phrase_wait_ms", "Phrase wait", "PhrsWait", Gate, Milliseconds,
        float(0.0, 1_000.0, 0.0, Curve::Linear), SETUP,
        "How much later everything leaves so that a phrase is covered from its beginning. It is part of the latency and takes effect when the host restarts the plugin.";
    PHRASE_ACTS, "phrase_acts", "Phrase acts", "PhrsActs", Meters, None,
        Kind::Toggle { default: false }, METER,
        "The phrase is being said, or has opened the gate.";
    SPEECH_OPEN, "speech_open_probability", "Speech opens at", "SpchOpen", Thresholds, PercentOrAuto,
        float(0.0, 1.0, 0.0, Curve::Linear), KNOB,
        "The probability at which speech begins. Auto: by the open threshold where it decides what is kept, else as the preset or the ear says.";
    SPEECH_CLOSE, "speech_close_probability", "Speech closes under", "SpchClos", Thresholds, PercentOrAuto,
        float(0.0, 1.0, 0.0, Curve::Linear), KNOB,
        "The probability under which speech ends. Auto: by the close threshold where it decides what is kept, else as the preset or the ear says.";
    SINGING_OPEN, "singing_open_probability", "Singing opens at", "SingOpen", Thresholds, PercentOrAuto,
        float(0.0, 1.0, 0.0, Curve::Linear), KNOB,
        "The probability at which singing begins. Auto: by the open threshold where it decides what is kept, else as the preset or the ear says.";
    SINGING_CLOSE, "singing_close_probability", "Singing closes under", "SingClos", Thresholds, PercentOrAuto,
        float(0.0, 1.0, 0.0, Curve::Linear), KNOB,
        "The probability under which singing ends. Auto: by the close threshold where it decides what is kept, else as the preset or the ear says.";
    MUSIC_OPEN, "music_open_probability", "Music opens at", "MuscOpen", Thresholds, PercentOrAuto,
        float(0.0, 1.0, 0.0, Curve::Linear), KNOB,
        "The probability at which music begins. Auto: by the open threshold where it decides what is kept, else as the preset or the ear says.";
    MUSIC_CLOSE, "music_close_probability", "Music closes under", "MuscClos", Thresholds, PercentOrAuto,
        float(0.0, 1.0, 0.0, Curve::Linear), KNOB,
        "The probability under which music ends. Auto: by the close threshold where it decides what is kept, else as the preset or the ear says.";
    NOISE_OPEN, "noise_open_probability", "Noise opens at", "NoisOpen", Thresholds, PercentOrAuto,
        float(0.0, 1.0, 0.0, Curve::Linear), KNOB,
        "The probability at which noise begins. Auto: by the open threshold where it decides what is kept, else as the preset or the ear says.";
    NOISE_CLOSE, "noise_close_probability", "Noise closes under", "NoisClos", Thresholds, PercentOrAuto,
        float(0.0, 1.0, 0.0, Curve::Linear), KNOB,
        "The probability under which noise ends. Auto: by the close threshold where it decides what is kept, else as the preset or the ear says.";
    FAST_EAR, "fast_ear", "Fast ear", "FastEar", Ear, None,
        Kind::Choice { names: &["As Ear says", "Swift"], keys: &["as_ear", "swift"], default: 0 }, SETUP,
        "Swift answers every 10 ms and looks nowhere ahead: 30 ms of latency at most where blocks are short, and it hears less well. It stands above Ear and takes effect when the host restarts the plugin.";
    FAST_LOOKAHEAD_MS, "fast_lookahead_ms", "Fast lookahead", "FastLook", Motion, Milliseconds,
        float(0.0, 500.0, 0.0, TIMES), SETUP,
        "How long before an onset the gate opens while Swift hears. It is part of the latency; without it the first few milliseconds of a word are soft.";
    OPEN_ABOVE_DBFS, "open_above_dbfs", "Level threshold", "LevelThr", Thresholds, DbfsOrOff,
        float(-100.0, 0.0, -100.0, Curve::Linear), KNOB,
        "The level that what is heard must exceed beside its probability: both must hold. What is quieter is silence to the gate. Off: the probability alone decides.";
    DETECTOR_HIGH_PASS_HZ, "detector_high_pass_hz", "Detector high-pass", "DetHiPas", Ear, HertzOrOff,
        float(20.0, 2_000.0, 20.0, TIMES), KNOB,
        "Takes away what lies below before the ear hears it, 24 dB per octave: hum and rumble. What passes keeps it. Listen to Detector to hear what is left.";
    DETECTOR_LOW_PASS_HZ, "detector_low_pass_hz", "Detector low-pass", "DetLoPas", Ear, HertzOrOff,
        float(500.0, 20_000.0, 20_000.0, TIMES), KNOB,
        "Takes away what lies above before the ear hears it, 24 dB per octave: hiss and whistles. What passes keeps it. Listen to Detector to hear what is left.";
];

/// A page of a control surface.
#[derive(Debug)]
pub struct Page {
    /// Its name.
    pub name: &'static str,
    /// Eight parameters.
    pub ids: [ParamId; 8],
}

/// Pages for control surfaces, the most wanted first.
#[rustfmt::skip]
pub const PAGES: [Page; 4] = [
    Page {
        name: "Gate",
        ids: [id::MODE, id::KEEP, id::OPEN, id::CLOSE, id::RANGE_DB, id::WET, id::LISTEN, id::BYPASS],
    },
    Page {
        name: "Motion",
        ids: [
            id::ATTACK_MS, id::HOLD_MS, id::RELEASE_MS, id::LOOKAHEAD_MS,
            id::DUCK_DB, id::DUCK_SHAPE, id::DUCK_RATIO, id::DUCK_ABOVE_DBFS,
        ],
    },
    Page {
        name: "Labels",
        ids: [id::LABEL_MODE, id::LABEL_MIDI, id::SPEECH, id::MUSIC, id::NOISE, id::CLASS, id::DETECTOR, id::OUTPUT_DB],
    },
    Page {
        name: "Thresholds",
        ids: [
            id::SPEECH_OPEN, id::SPEECH_CLOSE, id::SINGING_OPEN, id::SINGING_CLOSE,
            id::MUSIC_OPEN, id::MUSIC_CLOSE, id::NOISE_OPEN, id::NOISE_CLOSE,
        ],
    },
];
