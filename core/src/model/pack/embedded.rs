//! The packs inside the binary.

/// The files of one pack, as `models/training` wrote them.
pub(super) struct Files {
    pub name: &'static str,
    pub manifest: &'static str,
    pub model: &'static [u8],
    pub card: &'static str,
    /// What lies beside them, by name.
    pub companions: &'static [(&'static str, &'static [u8])],
}

#[cfg(feature = "embedded-packs")]
macro_rules! pack {
    ($name:literal $(, $companion:literal)*) => {
        Files {
            name: $name,
            // Where the packs lie is for `build.rs` to know.
            manifest: include_str!(concat!(env!("EARMARK_PACKS"), "/", $name, "/pack.json")),
            model: include_bytes!(concat!(env!("EARMARK_PACKS"), "/", $name, "/model.onnx")),
            card: include_str!(concat!(env!("EARMARK_PACKS"), "/", $name, "/CARD.md")),
            companions: &[$((
                $companion,
                include_bytes!(concat!(env!("EARMARK_PACKS"), "/", $name, "/", $companion)),
            )),*],
        }
    };
}

#[cfg(feature = "embedded-packs")]
pub(super) const PACKS: &[Files] = &[
    pack!("live"),
    pack!("noise"),
    // Whoever knows no profiles has no use for their networks.
    #[cfg(feature = "profiles")]
    pack!("phrase", "negatives.bin", "trained.txt"),
    pack!("studio"),
    pack!("swift"),
    #[cfg(feature = "profiles")]
    pack!("voice", "cohort.bin"),
];
#[cfg(not(feature = "embedded-packs"))]
pub(super) const PACKS: &[Files] = &[];
