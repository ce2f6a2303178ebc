//! The gate against gain curves that NumPy computed another way (`tests/fixtures/gate/make.py`).

use serde::Deserialize;

use super::{GainComputer, GainEvent, GateSettings, Target, mix_dry};

#[derive(Deserialize)]
struct Document {
    rate_hz: u32,
    samples: usize,
    stride: usize,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    settings: GateSettings,
    rest: (u8, Option<f32>),
    edges: Vec<(u64, u8, Option<f32>)>,
    #[serde(rename = "gain_2e-20")]
    gain: Vec<f64>,
}

#[test]
fn an_independent_computation_gives_the_same_gains() {
    let json = include_str!("../../../tests/fixtures/gate/cases.json");
    let document: Document = serde_json::from_str(json).expect("valid fixture");
    let target = |rank, gain_db: Option<f32>| Target::fixed(rank, gain_db.unwrap_or(f32::NEG_INFINITY));
    for case in &document.cases {
        let rest = target(case.rest.0, case.rest.1);
        let mut computer = GainComputer::new(&case.settings, rest, document.rate_hz).expect("valid");
        let edges =
            case.edges.iter().map(|&(at, rank, gain_db)| GainEvent { at, target: target(rank, gain_db) });
        computer.extend(edges).expect("sorted");
        let mut gains = vec![0.0; document.samples];
        computer.fill(&mut gains);
        mix_dry(&mut gains, case.settings.envelope.wet);
        let mut worst = 0.0_f64;
        for (index, (expected, gain)) in
            case.gain.iter().zip(gains.iter().step_by(document.stride)).enumerate()
        {
            let error = (f64::from(*gain) - expected / 1_048_576.0).abs();
            worst = worst.max(error);
            assert!(error < 1.5e-6, "{} sample {}: {gain}", case.name, index * document.stride);
        }
        println!("{}: largest difference {worst:.1e}", case.name);
    }
}
