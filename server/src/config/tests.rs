//! Files and flags.

use earmark_core::phrase::SpotterSettings;

use super::*;

fn load(text: &str, flags: ServeFlags) -> Result<Config, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("serve.toml");
    std::fs::write(&path, text).unwrap();
    std::fs::write(dir.path().join("token"), "a-token-of-sixteen-letters\n").unwrap();
    Config::load(&ServeFlags { config: Some(path), ..flags }).map_err(|e| e.to_string())
}

#[test]
fn flags_come_before_the_file_and_the_file_before_the_defaults() {
    let text =
        "base_path = '/a'\n[limits]\nmax_queue = 3\nmax_body = '1MiB'\n[[source]]\nname = 'one'\nurl = 'x'\n";
    let limits = LimitFlags { max_body: Some(Bytes(7)), ..LimitFlags::default() };
    let sources = vec![("two".to_owned(), "y".to_owned())];
    let config = load(text, ServeFlags { limits, sources, ..ServeFlags::default() }).unwrap();
    let default = Limits::default();
    assert_eq!(config.limits, Limits { max_queue: 3, max_body: Bytes(7), ..default });
    assert_eq!((config.base_path.as_str(), config.listen.to_string().as_str()), ("/a", DEFAULT_LISTEN));
    let names: Vec<&str> = config.sources.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["one", "two"]);
}

#[test]
fn phrases_and_wyoming_come_from_flags_and_file() {
    let text = "[phrase]\nnames = ['lights']\nrefractory_ms = 5000\n[wyoming]\nlisten = '127.0.0.1:1'\nupstream = 'here:2'";
    let phrase = PhraseFlags { confirm: Some(3), ..PhraseFlags::default() };
    let config = load(text, ServeFlags { phrase, ..ServeFlags::default() }).unwrap();
    assert_eq!(config.phrase.names, ["lights".parse().unwrap()]);
    let SpotterSettings { refractory_ms, confirm_hops } = config.phrase.settings;
    assert_eq!((refractory_ms, confirm_hops), (5_000, 3));
    assert_eq!(config.wyoming.upstream.as_deref(), Some("here:2"));
    let phrase = PhraseFlags { names: vec!["doors".parse().unwrap()], ..PhraseFlags::default() };
    let wyoming = WyomingFlags { upstream: Some("there:3".into()), ..WyomingFlags::default() };
    let config = load(text, ServeFlags { phrase, wyoming, ..ServeFlags::default() }).unwrap();
    assert_eq!(config.phrase.names, ["doors".parse().unwrap()]);
    assert_eq!(config.wyoming.upstream.as_deref(), Some("there:3"));
}

#[test]
fn a_public_address_wants_a_token() {
    let said = load("listen = '0.0.0.0:80'", ServeFlags::default()).unwrap_err();
    assert!(said.contains("--token-file"), "{said}");
    let said = load("listen = '[::]:80'", ServeFlags::default()).unwrap_err();
    assert!(said.contains("--token-file"), "{said}");
    let config = load("listen = '0.0.0.0:80'\ntoken_file = 'token'", ServeFlags::default()).unwrap();
    assert!(config.token.unwrap().is("a-token-of-sixteen-letters"));
}

#[test]
fn faults_are_named() {
    for (text, names) in [
        ("listne = 'x'", "listne"),
        ("base_path = 'a b'", "base path"),
        ("origins = ['radio.example']", "https://radio.example"),
        ("[limits]\njobs = 0", "limits.jobs"),
        ("[limits]\nmax_body = '2GB'", "2GiB"),
        ("[[source]]\nname = 'a b'\nurl = 'x'", "a b"),
        ("[[source]]\nname = 'a'\nurl = 'x'\n[[source]]\nname = 'a'\nurl = 'y'", "two sources"),
        ("[[source]]\nname = 'a'\nurl = 'x'\n[[source.when]]\nrule = 'silence'", "no rule"),
        ("[[source]]\nname = 'a'\nurl = 'x'\npost = ['ftp://x']", "ftp://x"),
        ("[[source]]\nname = 'a'\nurl = 'x'\nwehn = 1", "wehn"),
        ("token_file = 'missing'", "missing"),
        ("[phrase]\nconfirm = 0", "confirm is 0"),
        ("[phrase]\nrefractory_ms = -1", "refractory_ms"),
        ("[phrase]\nnames = ['a/b']", "a/b"),
        ("[wyoming]\nupstream = 'here:1'", "wyoming.listen"),
        ("[wyoming]\nlisten = '127.0.0.1:1'\nvoices = ['anna']", "wyoming.upstream"),
        ("[wyoming]\nlisten = '127.0.0.1:1'\nupstream = 'here'", "HOST:PORT"),
    ] {
        let said = load(text, ServeFlags::default()).unwrap_err();
        assert!(said.contains(names), "{text}: {said}");
    }
}
