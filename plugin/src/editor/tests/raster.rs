//! Pictures of the window without a display: what egui tessellates, filled triangle by triangle.

use egui::epaint::{ImageDelta, Mesh, Primitive, Vertex};
use egui::{ClippedPrimitive, Color32, ImageData, TexturesDelta};

/// What egui has given of textures.
#[derive(Debug, Default)]
pub struct Textures {
    /// There is one: the glyphs.
    size: [usize; 2],
    pixels: Vec<Color32>,
}

impl Textures {
    /// Takes over what changed.
    pub fn update(&mut self, delta: &TexturesDelta) {
        let all = delta.set.values().flatten();
        for ImageDelta { image: ImageData::Color(image), pos, .. } in all {
            let Some([left, top]) = *pos else {
                (self.size, self.pixels) = (image.size, image.pixels.clone());
                continue;
            };
            for (row, pixels) in image.pixels.chunks_exact(image.size[0].max(1)).enumerate() {
                let start = (top + row) * self.size[0] + left;
                self.pixels[start..start + pixels.len()].copy_from_slice(pixels);
            }
        }
    }

    /// The four texels around a place, by their nearness.
    fn sample(&self, u: f32, v: f32) -> [f32; 4] {
        let [width, height] = self.size;
        if width == 0 || height == 0 {
            return [255.0; 4];
        }
        let (x, y) = (u * number(width) - 0.5, v * number(height) - 0.5);
        let (left, top) = (x.floor(), y.floor());
        let mut sum = [0.0; 4];
        for (dx, dy) in [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)] {
            let weight = (1.0 - (x - left - dx).abs()) * (1.0 - (y - top - dy).abs());
            let at = |place: f32, size: usize| index(place.max(0.0)).min(size - 1);
            let texel = self.pixels[at(top + dy, height) * width + at(left + dx, width)].to_array();
            for (sum, texel) in sum.iter_mut().zip(texel) {
                *sum += weight * f32::from(texel);
            }
        }
        sum
    }
}

#[expect(clippy::cast_precision_loss, reason = "sizes of pictures")]
fn number(count: usize) -> f32 {
    count as f32
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "places in pictures, not negative"
)]
fn index(place: f32) -> usize {
    place as usize
}

/// Rows of pixels, red, green and blue from 0 to 255.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    pub width: usize,
    pub height: usize,
    pub pixels: Vec<[f32; 3]>,
}

impl Picture {
    /// Draws what was tessellated with so many pixels per point.
    pub fn of(
        (width, height): (usize, usize),
        scale: f32,
        primitives: &[ClippedPrimitive],
        textures: &Textures,
    ) -> Self {
        let mut picture = Self { width, height, pixels: vec![[0.0; 3]; width * height] };
        for ClippedPrimitive { clip_rect, primitive } in primitives {
            let Primitive::Mesh(mesh) = primitive else { continue };
            let clip = [clip_rect.left(), clip_rect.top(), clip_rect.right(), clip_rect.bottom()];
            picture.mesh(mesh, scale, clip.map(|edge| index((edge * scale).round().max(0.0))), textures);
        }
        picture
    }

    fn mesh(&mut self, mesh: &Mesh, scale: f32, clip: [usize; 4], textures: &Textures) {
        for corners in mesh.indices.chunks_exact(3) {
            let corner = |place: usize| &mesh.vertices[usize::try_from(corners[place]).expect("small")];
            self.triangle([corner(0), corner(1), corner(2)], scale, clip, textures);
        }
    }

    fn triangle(&mut self, [a, b, c]: [&Vertex; 3], scale: f32, clip: [usize; 4], textures: &Textures) {
        let [a_at, b_at, c_at] = [a, b, c].map(|vertex| vertex.pos * scale);
        let area = (b_at - a_at).x * (c_at - a_at).y - (b_at - a_at).y * (c_at - a_at).x;
        if area.abs() < 1e-6 {
            return;
        }
        let all = [a_at, b_at, c_at];
        let least = |of: fn(&egui::Pos2) -> f32| all.iter().map(of).fold(f32::INFINITY, f32::min).max(0.0);
        let most = |of: fn(&egui::Pos2) -> f32| all.iter().map(of).fold(0.0, f32::max).max(0.0);
        let (left, top) = (index(least(|at| at.x)).max(clip[0]), index(least(|at| at.y)).max(clip[1]));
        let right = (index(most(|at| at.x)) + 1).min(clip[2]).min(self.width);
        let bottom = (index(most(|at| at.y)) + 1).min(clip[3]).min(self.height);
        let sample = |at: egui::Pos2| textures.sample(at.x, at.y);
        // Whatever is no glyph has one place in the texture, a white one.
        let flat = (a.uv == b.uv && b.uv == c.uv).then(|| sample(a.uv));
        for y in top..bottom {
            for x in left..right {
                let at = egui::pos2(number(x) + 0.5, number(y) + 0.5);
                let share =
                    |p: egui::Pos2, q: egui::Pos2| ((p - at).x * (q - at).y - (p - at).y * (q - at).x) / area;
                let weights = [share(b_at, c_at), share(c_at, a_at), share(a_at, b_at)];
                // An edge that two triangles share belongs to one of them only.
                let inside = |weight: &f32| *weight > 0.0 || *weight == 0.0 && area > 0.0;
                if !weights.iter().all(inside) {
                    continue;
                }
                let mix = |of: &dyn Fn(&Vertex) -> f32| {
                    weights[0] * of(a) + weights[1] * of(b) + weights[2] * of(c)
                };
                let texel = flat.unwrap_or_else(|| {
                    sample(egui::pos2(mix(&|vertex| vertex.uv.x), mix(&|vertex| vertex.uv.y)))
                });
                let colour: [f32; 4] = std::array::from_fn(|channel| {
                    mix(&|vertex| f32::from(vertex.color.to_array()[channel])) * texel[channel] / 255.0
                });
                let below = &mut self.pixels[y * self.width + x];
                for (below, above) in below.iter_mut().zip(colour) {
                    *below = above + *below * (1.0 - colour[3] / 255.0);
                }
            }
        }
    }

    /// A portable pixmap, which every viewer of pictures opens.
    pub fn to_ppm(&self) -> Vec<u8> {
        let mut bytes = format!("P6\n{} {}\n255\n", self.width, self.height).into_bytes();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 255")]
        bytes.extend(self.pixels.iter().flatten().map(|value| value.round().clamp(0.0, 255.0) as u8));
        bytes
    }
}
