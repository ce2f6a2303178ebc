//! The law of likeness: how much a stretch of vectors is the same words as an enrolled clip. All of its constants are here.
//!
//! An enrolled clip is a *template*, a row of unit vectors. A stream is aligned with each template by dynamic programming
//! that may begin at any hop (subsequence alignment, Smith–Waterman with rewards): with
//! `g = (e_i · x_t − REWARD_FROM) · REWARD` for
//! template row `i` and the vector `x_t` that has just come,
//!
//! ```text
//! D[i, t] = max( D[i, t−1] − STAY + min(g, 0)     the speaker is slower here: a row rewards once, staying only costs
//!                D[i−1, t−1] + g                  in step
//!                D[i−2, t−1] − SKIP + g )         faster here
//! D[0, t] = max( D[0, t−1] − STAY + min(g, 0), g )   a match may begin at any hop
//! ```
//!
//! The score of a template is `s = D[last, t] / rows`, 1 for the template itself. A template that resembles everything says
//! little: with `b`, the mean of its highest scores on other speech, it counts as `(s − b) / (1 − b)`, 0 where it is as like as the
//! best of that. The score of a phrase is the mean of the best [`BEST`] templates, each at its highest over the last
//! [`WINDOW_HOPS`]. A *prefix* score asks how much of a template's score is there already, at the best row `r` (counted from 1) from
//! [`PREFIX_SHARE`] of them on: `max over r of (D[r, t] − b r) / ((1 − b) rows)`, each at its highest over the last
//! [`PREFIX_WINDOW_HOPS`]. It comes before the end of the phrase and is told less surely. A short beginning has to be the more
//! like for it, since other speech is more like a short one by chance.
//!
//! A step costs one pass over the rows of all templates and allocates nothing.

/// The cosine from which a row adds to the score.
const REWARD_FROM: f32 = 0.3;
/// A cosine of 1 adds 1.
const REWARD: f32 = 1.0 / (1.0 - REWARD_FROM);
/// What it costs to stay on a row.
const STAY: f32 = 0.05;
/// What it costs to leave a row out.
const SKIP: f32 = 0.25;
/// Templates that the score of a phrase is the mean of.
const BEST: usize = 5;
/// Hops over which templates may reach their highest score at different times.
const WINDOW_HOPS: usize = 5;
/// Share of a template that its prefix score needs.
const PREFIX_SHARE: f32 = 0.35;
/// Hops over which the beginnings of templates may reach their highest score.
const PREFIX_WINDOW_HOPS: usize = 3;
/// No template is thought to resemble other speech more than this.
pub(super) const MOST_COMMON: f32 = 0.9;

/// A score that nothing has.
const NOTHING: f32 = -1e9;

/// A way into a row: what it has earned, and the hop that it began at.
#[derive(Debug, Clone, Copy)]
struct Path {
    score: f32,
    start: u64,
}

impl Path {
    const NONE: Self = Self { score: NOTHING, start: 0 };

    fn plus(self, more: f32) -> Self {
        Self { score: self.score + more, ..self }
    }

    fn better(self, other: Self) -> Self {
        if other.score > self.score { other } else { self }
    }
}

/// How well the stream ends with something, and where that lies: hops, the end exclusive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Match {
    pub(super) score: f32,
    pub(super) start: u64,
    pub(super) end: u64,
}

impl Match {
    const NONE: Self = Self { score: NOTHING, start: 0, end: 0 };

    fn better(self, other: Self) -> Self {
        if other.score > self.score { other } else { self }
    }
}

/// One template and the paths through it.
#[derive(Debug, Clone)]
struct Aligned {
    /// Unit vectors, rows × dim.
    rows: Vec<f32>,
    /// How like other speech it is: the score that counts as 0.
    common: f32,
    /// The paths that end in each row at the last hop, and room for the next.
    paths: Vec<Path>,
    next: Vec<Path>,
    /// First row that is enough of a prefix.
    prefix_from: usize,
    /// Whole and prefix matches of the last hops.
    whole: [Match; WINDOW_HOPS],
    prefix: [Match; PREFIX_WINDOW_HOPS],
}

impl Aligned {
    fn new((rows, common): (Vec<f32>, f32), dim: usize) -> Self {
        let count = rows.len() / dim.max(1);
        let reached = (0..count).find(|row| share(row + 1, count) >= PREFIX_SHARE);
        Self {
            rows,
            common: common.clamp(0.0, MOST_COMMON),
            paths: vec![Path::NONE; count],
            next: vec![Path::NONE; count],
            prefix_from: reached.unwrap_or(0),
            whole: [Match::NONE; WINDOW_HOPS],
            prefix: [Match::NONE; PREFIX_WINDOW_HOPS],
        }
    }

    fn reset(&mut self) {
        self.paths.fill(Path::NONE);
        self.whole = [Match::NONE; WINDOW_HOPS];
        self.prefix = [Match::NONE; PREFIX_WINDOW_HOPS];
    }

    fn push(&mut self, vector: &[f32], hop: u64) {
        let count = self.paths.len();
        let mut prefix = Match::NONE;
        for (row, template) in self.rows.chunks_exact(vector.len().max(1)).enumerate() {
            let gain = (dot(template, vector) - REWARD_FROM) * REWARD;
            let stay = self.paths[row].plus(gain.min(0.0) - STAY);
            let begin = Path { score: 0.0, start: hop };
            let enter = match row {
                0 => begin,
                1 => self.paths[0].better(begin.plus(-SKIP)),
                _ => self.paths[row - 1].better(self.paths[row - 2].plus(-SKIP)),
            };
            let path = stay.better(enter.plus(gain));
            self.next[row] = path;
            if row >= self.prefix_from {
                let over = path.score - self.common * count_of(row + 1);
                let score = over / ((1.0 - self.common) * count_of(count));
                prefix = prefix.better(Match { score, start: path.start, end: hop + 1 });
            }
        }
        std::mem::swap(&mut self.paths, &mut self.next);
        let last = self.paths.last().copied().unwrap_or(Path::NONE);
        let score = (last.score / count_of(count) - self.common) / (1.0 - self.common);
        let whole = Match { score, start: last.start, end: hop + 1 };
        self.whole.rotate_right(1);
        self.whole[0] = whole;
        self.prefix.rotate_right(1);
        self.prefix[0] = prefix;
    }
}

/// A stream against all templates of a phrase.
#[derive(Debug, Clone)]
pub(super) struct Aligner {
    dim: usize,
    templates: Vec<Aligned>,
    hop: u64,
    unit: Vec<f32>,
}

/// What a hop tells of a phrase.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Likeness {
    /// How surely the phrase has just ended.
    pub(super) whole: Match,
    /// How surely it has begun.
    pub(super) prefix: Match,
}

impl Aligner {
    /// For templates of vectors with `dim` values each, and how like other speech each is.
    pub(super) fn new(templates: impl IntoIterator<Item = (Vec<f32>, f32)>, dim: usize) -> Self {
        let aligned = |template: (Vec<f32>, f32)| Aligned::new(template, dim);
        let templates: Vec<Aligned> = templates.into_iter().map(aligned).collect();
        Self { dim, templates, hop: 0, unit: vec![0.0; dim] }
    }

    /// Back to the start of a stream.
    pub(super) fn reset(&mut self) {
        self.hop = 0;
        self.templates.iter_mut().for_each(Aligned::reset);
    }

    /// Takes the next vector, of any length but 0.
    pub(super) fn push(&mut self, vector: &[f32]) -> Likeness {
        debug_assert_eq!(vector.len(), self.dim);
        self.unit.copy_from_slice(vector);
        normalise(&mut self.unit);
        for template in &mut self.templates {
            template.push(&self.unit, self.hop);
        }
        self.hop += 1;
        Likeness {
            whole: self.best_of(|template| &template.whole),
            prefix: self.best_of(|template| &template.prefix),
        }
    }

    /// The mean of the best templates, with the span of the best one.
    fn best_of(&self, of: impl Fn(&Aligned) -> &[Match]) -> Match {
        let mut best = [Match::NONE; BEST];
        for template in &self.templates {
            let mut found = of(template).iter().fold(Match::NONE, |best, next| best.better(*next));
            for place in &mut best {
                if found.score > place.score {
                    std::mem::swap(place, &mut found);
                }
            }
        }
        let taken = BEST.min(self.templates.len());
        let sum: f32 = best[..taken].iter().map(|found| found.score).sum();
        let score = if taken == 0 { NOTHING } else { sum / count_of(taken) };
        Match { score, ..best[0] }
    }
}

/// Scales a vector to length 1; one without a direction becomes zero.
pub(super) fn normalise(vector: &mut [f32]) {
    let length = dot(vector, vector).sqrt();
    let scale = if length.is_finite() && length > 0.0 { 1.0 / length } else { 0.0 };
    vector.iter_mut().for_each(|value| *value = if scale > 0.0 { *value * scale } else { 0.0 });
}

/// In lanes, so that additions need not wait for each other.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a, a_rest) = a.as_chunks::<8>();
    let (b, b_rest) = b.as_chunks::<8>();
    let mut lanes = [0.0_f32; 8];
    for (a, b) in a.iter().zip(b) {
        for lane in 0..8 {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    lanes.iter().sum::<f32>() + rest
}

#[expect(clippy::cast_precision_loss, reason = "rows of a clip and templates of a phrase are few")]
fn count_of(count: usize) -> f32 {
    count as f32
}

fn share(part: usize, whole: usize) -> f32 {
    count_of(part) / count_of(whole.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIM: usize = 4;

    /// Five orthogonal-ish sounds.
    fn sound(which: usize) -> [f32; DIM] {
        let mut vector = [0.0; DIM];
        vector[which % DIM] = if which < DIM { 3.0 } else { -0.5 };
        vector
    }

    fn template(sounds: &[usize]) -> Vec<f32> {
        sounds
            .iter()
            .flat_map(|&which| sound(which).map(|v| v.signum() * f32::from(u8::from(v != 0.0))))
            .collect()
    }

    fn scores(aligner: &mut Aligner, stream: &[usize]) -> Vec<Likeness> {
        stream.iter().map(|&which| aligner.push(&sound(which))).collect()
    }

    #[test]
    fn the_same_sounds_score_a_perfect_reward_where_they_are() {
        let mut aligner = Aligner::new([(template(&[0, 1, 2, 3]), 0.0)], DIM);
        let found = scores(&mut aligner, &[5, 5, 0, 1, 2, 3, 5, 5]);
        let whole = found[5].whole;
        assert!((whole.score - 1.0).abs() < 1e-6, "{whole:?}");
        assert_eq!((whole.start, whole.end), (2, 6));
        // It stays in the window, and is later forgotten.
        assert_eq!(found[7].whole, whole);
        let later = scores(&mut aligner, &[5; 12]);
        assert!(later[11].whole.score < 0.0, "{later:?}");
        // Half of it is a prefix: half of the score is there two hops before the end, and all of it then.
        assert!((found[3].prefix.score - 0.5).abs() < 1e-6, "{:?}", found[3]);
        assert_eq!((found[3].prefix.start, found[3].prefix.end), (2, 4));
        assert!(found[2].prefix.score < 0.0 && found[5].prefix == whole, "{found:?}");
        assert!(found[7].prefix == whole && later[0].prefix.score < 1.0, "forgotten sooner than the whole");
    }

    #[test]
    fn slower_and_faster_costs_a_little_and_another_order_much() {
        let template = template(&[0, 1, 2, 3]);
        let best = |stream: &[usize]| {
            let mut aligner = Aligner::new([(template.clone(), 0.0)], DIM);
            scores(&mut aligner, stream).iter().map(|l| l.whole.score).fold(NOTHING, f32::max)
        };
        let (same, slower, faster) = (best(&[0, 1, 2, 3]), best(&[0, 1, 1, 2, 2, 3]), best(&[0, 1, 3]));
        assert!(same > slower && slower > same - 0.1, "{same} {slower}");
        assert!(same > faster && faster > 0.5, "{same} {faster}");
        assert!(best(&[3, 2, 1, 0]) < 0.1 && best(&[0, 0, 0, 0]) < 0.0);
    }

    #[test]
    fn a_phrase_is_the_mean_of_its_best_templates() {
        let same = || template(&[0, 1, 2]);
        let other = || template(&[3, 3, 3]);
        let at_end = |templates: Vec<Vec<f32>>| {
            let mut aligner = Aligner::new(templates.into_iter().map(|rows| (rows, 0.0)), DIM);
            scores(&mut aligner, &[0, 1, 2])[2].whole.score
        };
        let one = at_end(vec![same()]);
        assert_eq!(at_end(vec![same(), same(), same()]), one);
        let best = |templates: usize| (0..templates).map(|_| same());
        let others = || [other(), other()];
        assert!((at_end(others().into_iter().chain(best(BEST)).collect()) - one).abs() < 1e-6);
        assert!(at_end(others().into_iter().chain(best(BEST - 1)).collect()) < one);
    }

    #[test]
    fn what_resembles_other_speech_counts_by_what_is_above_it() {
        let at_end = |common: f32, stream: &[usize]| {
            let mut aligner = Aligner::new([(template(&[0, 1, 2, 3]), common)], DIM);
            scores(&mut aligner, stream).last().unwrap().whole.score
        };
        let (same, near) = ([0, 1, 2, 3], [0, 1, 3]);
        assert!((at_end(0.5, &same) - 1.0).abs() < 1e-6);
        let plain = at_end(0.0, &near);
        assert!((at_end(0.5, &near) - (plain - 0.5) / 0.5).abs() < 1e-6);
        let begun = |common: f32| {
            let mut aligner = Aligner::new([(template(&[0, 1, 2, 3]), common)], DIM);
            scores(&mut aligner, &[0, 1]).last().unwrap().prefix.score
        };
        // The prefix has to be a third of the template: two rows of four, which earned 2 where other speech earns 2 b, of the 4 (1 - b) that the whole can have over it.
        assert!((begun(0.5) - 1.0 / 2.0).abs() < 1e-6 && (begun(0.25) - 1.5 / 3.0).abs() < 1e-6);
        assert_eq!(at_end(7.0, &near), at_end(MOST_COMMON, &near));
    }

    /// What training chose its packs by is what is shipped: `models/training/tests/test_phrase.py` reads the same file.
    #[test]
    fn the_law_is_that_of_the_training_project() {
        #[derive(serde::Deserialize)]
        struct Fixture {
            dim: usize,
            templates: Vec<Vec<f32>>,
            common: Vec<f32>,
            stream: Vec<f32>,
            whole: Vec<f32>,
        }
        let text = include_str!("../../../tests/fixtures/phrase/law.json");
        let fixture: Fixture = serde_json::from_str(text).unwrap();
        let templates = fixture.templates.into_iter().zip(fixture.common);
        let mut aligner = Aligner::new(templates, fixture.dim);
        let told: Vec<Likeness> =
            fixture.stream.chunks_exact(fixture.dim).map(|row| aligner.push(row)).collect();
        assert_eq!(told.len(), fixture.whole.len());
        for (hop, likeness) in told.iter().enumerate() {
            let whole = fixture.whole[hop];
            // Before a template can have ended there is no score, which each side says with a number of its own.
            let near = |is: f32, wanted: f32| (is - wanted).abs() < 2e-4 || (is < -10.0 && wanted < -10.0);
            assert!(near(likeness.whole.score, whole), "{hop}: {} {whole}", likeness.whole.score);
        }
    }

    #[test]
    fn a_reset_forgets_and_no_number_is_no_match() {
        let mut aligner = Aligner::new([(template(&[0, 1, 2]), 0.0)], DIM);
        let first = scores(&mut aligner, &[0, 1, 2]);
        aligner.push(&[f32::NAN; DIM]);
        aligner.push(&[0.0; DIM]);
        aligner.reset();
        assert_eq!(scores(&mut aligner, &[0, 1, 2]), first);
    }
}
