//! The packs inside the binary.

/// The files of one pack, as `models/training` wrote them.
pub(super) struct Files {
    pub name: &'static str,
    pub manifest: &'static str,
    pub model: &'static [u8],
    pub card: &'static str,
}

macro_rules! pack {
    ($name:literal) => {
        Files {
            name: $name,
            manifest: include_str!(concat!("../../../../models/packs/", $name, "/pack.json")),
            model: include_bytes!(concat!("../../../../models/packs/", $name, "/model.onnx")),
            card: include_str!(concat!("../../../../models/packs/", $name, "/CARD.md")),
        }
    };
}

pub(super) const PACKS: &[Files] = &[pack!("live"), pack!("noise"), pack!("studio")];
