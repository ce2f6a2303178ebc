//! The parameters: one static table, their texts both ways, and their values.
//!
//! * [`PARAMS`] is the table. The index in it is the [`ParamId`] that hosts save projects by: lines are only ever added at
//!   the end, and what a line means never changes.
//! * A *plain* value is what the core works with (milliseconds, dB, a probability of 0 to 1, the index of a choice, 0 or
//!   1); a *normalised* value is 0 to 1 along a knob's way. CLAP speaks plain, VST3 normalised.
//! * [`Params`] holds the values of one instance, each an atomic.

mod beside;
mod table;
mod text;
mod values;

pub(crate) use beside::{
    EAR_CHOICES, ear_choice, ear_values, lookahead_id, lookahead_of_choice, pack_name, pack_of_choice,
};
pub use beside::{PresetExtras, Rules};
pub use table::{PAGES, PARAMS, Page, id};
pub use values::Params;

/// From the end of a filter's range, where it is off, to where it begins to work: what is written as "Off" is off.
const FILTER_OFF_HZ: f64 = 0.5;
/// From "auto" to the first value of [`Unit::PercentOrAuto`], which is written as 0.1 %.
const AUTO_STEP: f64 = 0.001;

/// The number by which hosts know a parameter: its index in [`PARAMS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ParamId(pub u32);

impl ParamId {
    /// The index in [`PARAMS`].
    pub fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }

    /// The parameter of a host's number, if there is one.
    pub fn from_raw(raw: u32) -> Option<Self> {
        (usize::try_from(raw).ok()? < PARAMS.len()).then_some(Self(raw))
    }

    /// What the parameter is. For an id that was made by hand and lies outside the table: the first line of the table.
    pub fn spec(self) -> &'static ParamSpec {
        PARAMS.get(self.index()).unwrap_or(&PARAMS[0])
    }
}

/// One line of the table.
#[derive(Debug)]
pub struct ParamSpec {
    /// Its index.
    pub id: ParamId,
    /// Name in state files, with its unit; never changes.
    pub key: &'static str,
    /// Name for people, as hosts list it.
    pub name: &'static str,
    /// At most eight letters, for control surfaces.
    pub short_name: &'static str,
    /// Where it belongs.
    pub group: Group,
    /// What is written behind the number.
    pub unit: Unit,
    /// Which values it has.
    pub kind: Kind,
    /// How hosts may treat it.
    pub flags: Flags,
    /// One sentence for a tooltip.
    pub help: &'static str,
}

/// Groups of parameters: pages of a control surface, sections of the editor, folders in a host's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// What is kept and how.
    Gate,
    /// When it opens and how fast it moves.
    Motion,
    /// How ducking follows the level.
    Duck,
    /// What goes in and out.
    Output,
    /// The ear.
    Ear,
    /// Labels as automation.
    Labels,
    /// Display only.
    Meters,
    /// Thresholds of single labels.
    Thresholds,
}

impl Group {
    /// All of them, in order.
    pub const ALL: [Self; 8] = [
        Self::Gate,
        Self::Motion,
        Self::Duck,
        Self::Output,
        Self::Ear,
        Self::Labels,
        Self::Meters,
        Self::Thresholds,
    ];

    /// Name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gate => "Gate",
            Self::Motion => "Motion",
            Self::Duck => "Duck",
            Self::Output => "Output",
            Self::Ear => "Ear",
            Self::Labels => "Labels",
            Self::Meters => "Meters",
            Self::Thresholds => "Thresholds",
        }
    }
}

/// Units of plain values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// None: choices, toggles, ratios.
    None,
    /// Milliseconds.
    Milliseconds,
    /// Seconds.
    Seconds,
    /// Decibels.
    Decibels,
    /// Decibels below full scale.
    Dbfs,
    /// The same, where the smallest value stands for none.
    DbfsOrOff,
    /// Hertz, where the default, one of the ends, stands for none.
    HertzOrOff,
    /// A share of 0 to 1, shown in per cent.
    Percent,
    /// The same, where 0 stands for what would be without the parameter.
    PercentOrAuto,
    /// `x : 1`.
    Ratio,
}

impl Unit {
    /// What is written behind the number.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Milliseconds => "ms",
            Self::Seconds => "s",
            Self::Decibels => "dB",
            Self::Dbfs | Self::DbfsOrOff => "dBFS",
            Self::HertzOrOff => "Hz",
            Self::Percent | Self::PercentOrAuto => "%",
            Self::Ratio => ": 1",
        }
    }
}

/// Which values a parameter has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// A number.
    Float {
        /// Smallest plain value.
        min: f64,
        /// Largest plain value.
        max: f64,
        /// Plain default.
        default: f64,
        /// How the knob's way maps to values.
        curve: Curve,
    },
    /// One of a list; the plain value is the index. Names are only ever added at the end.
    Choice {
        /// Names for people.
        names: &'static [&'static str],
        /// Words in state files, one for each name; never change.
        keys: &'static [&'static str],
        /// Index of the default.
        default: u32,
    },
    /// Off (0) or on (1).
    Toggle {
        /// The default.
        default: bool,
    },
}

/// How the normalised value maps to the plain one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Curve {
    /// Evenly.
    Linear,
    /// `plain = min + (max − min) · normalised^power`: more room for small values.
    Power(f64),
}

/// How hosts may treat a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flags {
    /// May have an automation lane.
    pub automatable: bool,
    /// Display only: the host never sets it.
    pub read_only: bool,
    /// The bypass that hosts put on a button of their own.
    pub bypass: bool,
    /// The processor itself may move it (labels, meters).
    pub output: bool,
    /// Takes effect with the next activation, because it changes the latency or needs memory: a change asks the host
    /// for a restart.
    pub restart: bool,
}

impl Flags {
    /// A plain knob.
    pub const KNOB: Self =
        Self { automatable: true, read_only: false, bypass: false, output: false, restart: false };
    /// The bypass.
    pub const BYPASS: Self = Self { bypass: true, ..Self::KNOB };
    /// A setting that takes effect with the next activation.
    pub const SETUP: Self = Self { automatable: false, restart: true, ..Self::KNOB };
    /// A lane that the processor writes and hosts record.
    pub const LANE: Self = Self { output: true, ..Self::KNOB };
    /// Display only.
    pub const METER: Self = Self { automatable: false, read_only: true, output: true, ..Self::KNOB };
}

impl ParamSpec {
    /// Whether a filter is off at this frequency ([`Unit::HertzOrOff`]).
    pub(crate) fn is_filter_off(&self, frequency_hz: f64) -> bool {
        (frequency_hz - self.default_plain()).abs() < FILTER_OFF_HZ
    }

    /// Smallest plain value.
    pub fn min(&self) -> f64 {
        match self.kind {
            Kind::Float { min, .. } => min,
            Kind::Choice { .. } | Kind::Toggle { .. } => 0.0,
        }
    }

    /// Largest plain value.
    pub fn max(&self) -> f64 {
        match self.kind {
            Kind::Float { max, .. } => max,
            Kind::Choice { .. } | Kind::Toggle { .. } => f64::from(self.steps()),
        }
    }

    /// Smallest value that a hand means: where the very smallest stands for what would be without the parameter, just above.
    pub fn least(&self) -> f64 {
        if self.unit == Unit::PercentOrAuto { self.min() + AUTO_STEP } else { self.min() }
    }

    /// Plain default.
    pub fn default_plain(&self) -> f64 {
        match self.kind {
            Kind::Float { default, .. } => default,
            Kind::Choice { default, .. } => f64::from(default),
            Kind::Toggle { default } => f64::from(u8::from(default)),
        }
    }

    /// Number of steps between the smallest and the largest value; 0 for a continuous parameter (as VST3 counts).
    pub fn steps(&self) -> u32 {
        match self.kind {
            Kind::Float { .. } => 0,
            Kind::Choice { names, .. } => u32::try_from(names.len()).unwrap_or(1).saturating_sub(1),
            Kind::Toggle { .. } => 1,
        }
    }

    /// The nearest value that the parameter has; the default for what is no number.
    pub fn clamp(&self, plain: f64) -> f64 {
        if plain.is_nan() {
            return self.default_plain();
        }
        let inside = plain.clamp(self.min(), self.max());
        if self.steps() > 0 { inside.round() } else { inside }
    }

    /// Where a plain value lies on the knob, 0 to 1.
    pub fn normalise(&self, plain: f64) -> f64 {
        let (min, max) = (self.min(), self.max());
        let share = ((self.clamp(plain) - min) / (max - min)).clamp(0.0, 1.0);
        match self.kind {
            Kind::Float { curve: Curve::Power(power), .. } => share.powf(1.0 / power),
            _ => share,
        }
    }

    /// The plain value at a place on the knob.
    pub fn plain(&self, normalised: f64) -> f64 {
        if normalised.is_nan() {
            return self.default_plain();
        }
        let share = normalised.clamp(0.0, 1.0);
        let share = match self.kind {
            Kind::Float { curve: Curve::Power(power), .. } => share.powf(power),
            _ => share,
        };
        self.clamp(self.min() + (self.max() - self.min()) * share)
    }
}

/// The parameter with this key.
pub fn by_key(key: &str) -> Option<&'static ParamSpec> {
    PARAMS.iter().find(|spec| spec.key == key)
}

#[cfg(test)]
mod tests;
