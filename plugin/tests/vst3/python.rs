//! Python hosts: this side writes cases, `tests/hosts` runs them.

use std::path::{Path, PathBuf};
use std::process::Command;

use earmark_plugin::params::{ParamId, id};
use earmark_plugin::{Params, Shared};
use serde_json::{Value, json};

use crate::bundle::bundle;
use crate::command::render_live;
use crate::reference::{input, is_gated, render};
use crate::required::required;

/// Blocks of the hosts, samples.
const BLOCKS: [usize; 2] = [512, 8_192];

/// Settings that differ from the defaults, normalised; exact in the single precision that JUCE-based hosts have.
fn settings() -> Vec<(ParamId, f64)> {
    vec![(id::RANGE_DB, 0.625), (id::HOLD_MS, 0.25), (id::RELEASE_MS, 0.1875)]
}

fn write(folder: &Path, name: &str, planes: &[Vec<f32>]) -> PathBuf {
    let path = folder.join(name);
    let bytes: Vec<u8> = planes.iter().flatten().flat_map(|sample| sample.to_le_bytes()).collect();
    std::fs::write(&path, bytes).expect("a file for a case");
    path
}

/// The same settings for the program.
fn flags(settings: &[(ParamId, f64)]) -> Vec<String> {
    let flag = |id: ParamId| match id {
        id::RANGE_DB => "--range-db",
        id::HOLD_MS => "--hold-ms",
        id::RELEASE_MS => "--release-ms",
        other => panic!("{} has no flag here", other.spec().key),
    };
    let params = Params::default();
    let value = |&(id, normalised): &(ParamId, f64)| {
        params.set(id, id.spec().plain(normalised));
        // As the processor reads it; what is printed is read back as the same number.
        [flag(id).to_owned(), params.get_f32(id).to_string()]
    };
    settings.iter().flat_map(value).collect()
}

fn same_bits(one: &[Vec<f32>], other: &[Vec<f32>]) -> bool {
    let bits = |planes: &[Vec<f32>]| -> Vec<Vec<u32>> {
        planes.iter().map(|plane| plane.iter().map(|sample| sample.to_bits()).collect()).collect()
    };
    bits(one) == bits(other)
}

fn case(folder: &Path, rate_hz: u32, channels: usize, settings: &[(ParamId, f64)]) -> Value {
    let name = format!("{rate_hz}_{channels}_{}", settings.len());
    let main = input(rate_hz, channels);
    let rendered = BLOCKS.map(|block| render(&main, rate_hz, block, None, settings));
    let [(_, output), (_, again)] = &rendered;
    assert_eq!(output, again, "the block size changes the latency and nothing else");
    assert!(is_gated(&main, output), "{name}: the reference gates");
    let commanded = render_live(rate_hz, &main, &flags(settings));
    assert!(same_bits(&commanded, output), "{name}: `earmark render --live` gives the processor's bytes");
    let latencies: Vec<Value> =
        BLOCKS.iter().zip(&rendered).map(|(block, (latency, _))| json!([block, latency])).collect();
    json!({
        "name": name,
        "rate": rate_hz,
        "channels": channels,
        "input": write(folder, &format!("{name}.in"), &main),
        "output": write(folder, &format!("{name}.out"), &commanded),
        "latencies": latencies,
        "settings": settings.iter().map(|(id, value)| json!([id.spec().name, id.0, value])).collect::<Vec<_>>(),
    })
}

#[test]
fn pedalboard_and_dawdreamer_give_the_commands_bytes() {
    let Some(python) = required("EARMARK_TEST_HOSTS") else { return };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("vst3/cases");
    std::fs::create_dir_all(&folder).expect("a folder for the cases");
    let mut cases = Vec::new();
    for rate_hz in [44_100, 48_000, 88_200, 96_000, 176_400, 192_000] {
        cases.push(case(&folder, rate_hz, 2, &[]));
    }
    cases.push(case(&folder, 48_000, 1, &[]));
    cases.push(case(&folder, 44_100, 2, &settings()));
    let state = Shared::new();
    for (id, value) in settings() {
        state.set(id, id.spec().plain(value));
    }
    let state = String::from_utf8(state.save_state()).expect("a state of text");
    let all = json!({ "bundle": bundle(), "cases": cases, "state": state });
    let list = folder.join("cases.json");
    std::fs::write(&list, all.to_string()).expect("the list of cases");

    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/hosts");
    let result = Command::new(python)
        .args(["-m", "pytest", "-q", "-p", "no:cacheprovider"])
        .arg(tests)
        .env("EARMARK_HOST_CASES", list)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("Python runs");
    let (out, err) = (String::from_utf8_lossy(&result.stdout), String::from_utf8_lossy(&result.stderr));
    assert!(result.status.success(), "{out}\n{err}");
    println!("{out}");
}
