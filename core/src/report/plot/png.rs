//! SVG to PNG without a display or fonts of the system.

use std::sync::{Arc, OnceLock};

use resvg::usvg::{self, fontdb};
use resvg::{render, tiny_skia};

/// More pixels than this are refused: 256 MiB of picture.
const MOST_PIXELS: f32 = 64.0 * 1_048_576.0;

/// Why a plot could not be drawn.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlotError {
    /// The SVG cannot be read.
    #[error("the plot's SVG cannot be read: {0}")]
    Svg(#[from] usvg::Error),
    /// The picture would be larger than anything that is looked at.
    #[error("a picture of {width} x {height} pixels is too large; choose a smaller width, height or scale")]
    TooLarge {
        /// Pixels across.
        width: f32,
        /// Pixels down.
        height: f32,
    },
    /// The pixels could not be packed.
    #[error("the picture cannot be written as PNG: {0}")]
    Encode(String),
}

/// The one font, parsed once.
fn fonts() -> Arc<fontdb::Database> {
    static FONTS: OnceLock<Arc<fontdb::Database>> = OnceLock::new();
    let load = || {
        let mut fonts = fontdb::Database::new();
        fonts.load_font_source(fontdb::Source::Binary(Arc::new(dejavu::sans::regular())));
        fonts.set_sans_serif_family("DejaVu Sans");
        Arc::new(fonts)
    };
    FONTS.get_or_init(load).clone()
}

/// Draws an SVG of [`render`](super::render()) as PNG, `scale` pixels per unit (2 for print and sharp screens).
///
/// # Errors
///
/// The text is no SVG, or the picture would have more than 64 million pixels.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the size is checked just before"
)]
pub fn png(svg: &str, scale: f32) -> Result<Vec<u8>, PlotError> {
    let options = usvg::Options { fontdb: fonts(), ..usvg::Options::default() };
    let tree = usvg::Tree::from_str(svg, &options)?;
    let (width, height) = ((tree.size().width() * scale).ceil(), (tree.size().height() * scale).ceil());
    let too_large = || PlotError::TooLarge { width, height };
    if !(width >= 1.0 && height >= 1.0 && width * height <= MOST_PIXELS) {
        return Err(too_large());
    }
    let mut picture = tiny_skia::Pixmap::new(width as u32, height as u32).ok_or_else(too_large)?;
    render(&tree, tiny_skia::Transform::from_scale(scale, scale), &mut picture.as_mut());
    picture.encode_png().map_err(|e| PlotError::Encode(e.to_string()))
}
