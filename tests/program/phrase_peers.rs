//! `earmark eval phrase`, with other detectors beside the profile.

use std::fs;
use std::process::Output;

use crate::phrase::{Bench, END_S, START_S, pack};
use crate::support::{code, run, stderr, write_wav};

/// Two sayings of the phrase and some other speech, with the scores of a detector for all of it.
struct Trials {
    bench: Bench,
}

impl Trials {
    fn new() -> Self {
        let bench = Bench::new();
        bench.enrol();
        for (condition, score) in [("clean", 0.9), ("0 dB", 0.3)] {
            let said = bench.path("said").join(condition);
            let scores = bench.path("scores").join(condition);
            fs::create_dir_all(&said).unwrap();
            fs::create_dir_all(&scores).unwrap();
            write_wav(&said.join("a.wav"), bench.rate_hz(), 1, bench.cut(0.0, 5.0));
            let label = format!("start,end,label\n{START_S},{END_S},phrase:hello\n");
            fs::write(said.join("a.csv"), label).unwrap();
            let rise_s = END_S + 0.2;
            let rows = format!("time,score\n0.1,0\n{rise_s},{score}\n3.9,0.1\n5,0\n");
            fs::write(scores.join("a.csv"), rows).unwrap();
        }
        fs::create_dir_all(bench.path("talk")).unwrap();
        write_wav(&bench.path("talk").join("talk.wav"), bench.rate_hz(), 1, bench.cut(10.0, 50.0));
        let rows = "time,score\n0.5,0.6\n0.8,0.7\n10.2,0.6\n11.5,0.2\n40,0\n";
        fs::write(bench.path("scores").join("talk.csv"), rows).unwrap();
        Self { bench }
    }

    fn eval(&self, more: &[&str]) -> Output {
        let [said, talk, profiles] = ["said", "talk", "profiles"].map(|name| self.bench.text(name));
        let pack = pack();
        let args = ["eval", "phrase", &said, "--phrase", "hello", "--negative", &talk, "--pack", &pack];
        run(args.iter().chain(&["--profiles", &profiles]).chain(more))
    }

    fn peer(&self) -> String {
        format!("other={}", self.bench.text("scores"))
    }
}

#[test]
fn other_detectors_are_judged_by_the_same_arithmetic() {
    let trials = Trials::new();
    let file = trials.bench.text("figures.json");
    let output = trials.eval(&["--peer", &trials.peer(), "-o", &file]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", stderr(&output));
    let json: serde_json::Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    // The profile finds what it was enrolled from, in both folders.
    let own = &json["figures"];
    assert_eq!(own["groups"][0]["miss_at_limit"], 0.0, "{text}");
    let names: Vec<_> = own["groups"].as_array().unwrap().iter().map(|group| &group["group"]).collect();
    assert_eq!(names, ["", "0 dB", "clean"]);
    let peer = &json["peers"][0];
    assert_eq!(peer["name"], "other");
    let figures = &peer["figures"];
    // At 0.5: one saying of two, two seconds of the talk.
    assert_eq!(figures["limit"], 0.5);
    assert_eq!(figures["false_alarms"], 2);
    let missed = figures["groups"].as_array().unwrap().iter().map(|group| group["miss_at_limit"].as_f64());
    assert_eq!(missed.collect::<Vec<_>>(), [Some(0.5), Some(1.0), Some(0.0)]);
    let delay_s = figures["groups"][0]["delay_s"][0].as_f64().unwrap();
    assert!((delay_s - 0.2).abs() < 1e-6, "{delay_s}");
    assert_eq!(figures["negative_hours"], own["negative_hours"]);
    // From 0.9 on there is no false alarm, and half is missed.
    assert_eq!(peer["miss_by_false_alarms_per_hour"]["0"], 0.5);
    for line in ["\nother\nlimit 0.500: 2 false alarms", "misses", "0.20 s, 0.20 s"] {
        assert!(text.contains(line), "{line}: {text}");
    }

    let stricter = trials.eval(&["--peer", &trials.peer(), "--peer-limit", "other=0.8"]);
    let text = String::from_utf8_lossy(&stricter.stdout);
    assert!(text.contains("\nother\nlimit 0.800: 0 false alarms"), "{text}");
}

#[test]
fn scores_that_are_missing_or_too_short_are_named_and_the_rest_goes_on() {
    let trials = Trials::new();
    let scores = trials.bench.path("scores");
    fs::write(scores.join("0 dB/a.csv"), "time,score\n0.1,0\n1,0.2\n").unwrap();
    let output = trials.eval(&["--peer", &trials.peer()]);
    let said = stderr(&output);
    assert_eq!(code(&output), 1, "{said}");
    assert!(said.contains("scores of other") && said.contains("the scores end at 1.00 s"), "{said}");
    let text = String::from_utf8_lossy(&output.stdout);
    let row = format!("{:<16} {:>8} ", "all", 1);
    assert_eq!(text.matches(&row).count(), 2, "one saying is left for both: {text}");

    fs::remove_file(scores.join("0 dB/a.csv")).unwrap();
    let said = stderr(&trials.eval(&["--peer", &trials.peer()]));
    assert!(said.contains("its scores") && said.contains("a.csv"), "{said}");
    fs::remove_file(scores.join("talk.csv")).unwrap();
    let output = trials.eval(&["--peer", &trials.peer()]);
    assert!(code(&output) == 1 && stderr(&output).contains("no recording could be scored"));
}

#[test]
fn wrong_usage_of_peers_has_exit_code_2() {
    let trials = Trials::new();
    let peer = trials.peer();
    let same = ["--peer", &peer, "--peer", &peer];
    let unknown = ["--peer", &peer, "--peer-limit", "others=0.5"];
    let nothing = ["--peer", &peer, "--peer-limit", "other=high"];
    for (args, word) in [(&same, "twice"), (&unknown, "no --peer of that name"), (&nothing, "NAME=SCORE")] {
        let output = trials.eval(args);
        assert_eq!(code(&output), 2, "{args:?}");
        assert!(stderr(&output).contains(word), "{word}: {}", stderr(&output));
    }
}
