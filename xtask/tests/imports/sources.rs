//! Reading which paths of a crate its sources name.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A path of a crate that one of its files names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The outermost module of the file; empty for the crate's root.
    pub module: String,
    /// What it names, from the crate's root: `gate::presets::find`.
    pub path: String,
    /// File and line.
    pub place: String,
}

impl Import {
    /// The outermost module of what is named; empty for what stands in the root itself.
    pub fn head(&self) -> &str {
        self.path.split("::").next().unwrap_or_default()
    }
}

/// Every path that the shipped sources under a folder name of a crate: of their own as `crate`, of another by its name.
/// What the root exports again counts as the module that it is from.
///
/// # Panics
///
/// If a file cannot be read or is not Rust.
pub fn crate_imports(folder: &Path, name: &str) -> Vec<Import> {
    let mut files = Vec::new();
    collect(folder, &mut files);
    let parsed: Vec<(PathBuf, TokenStream)> = files
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            let tokens = text.parse().unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            (path, without_tests(tokens))
        })
        .collect();
    let mut imports = Vec::new();
    for (path, tokens) in &parsed {
        let inside = path.strip_prefix(folder).expect("it was found there");
        let module = module_of(inside);
        if is_test(inside) {
            continue;
        }
        let mut found = Vec::new();
        paths(tokens.clone(), name, &module, &mut found);
        let first = module.first().cloned().unwrap_or_default();
        imports.extend(found.into_iter().map(|(path, line)| Import {
            module: first.clone(),
            path: path.join("::"),
            place: format!("{}:{line}", inside.display()),
        }));
    }
    if name == "crate" {
        resolve_exports(&mut imports);
    }
    imports
}

/// Turns `crate::Label` into `crate::signal::Label` where the root says `pub use signal::Label`.
fn resolve_exports(imports: &mut [Import]) {
    let exports: BTreeMap<String, String> = imports
        .iter()
        .filter(|import| import.module.is_empty())
        .filter_map(|import| Some((import.path.rsplit("::").next()?.to_owned(), import.path.clone())))
        .collect();
    for import in imports.iter_mut().filter(|import| !import.module.is_empty()) {
        let (head, rest) = import.path.split_once("::").map_or((import.path.as_str(), ""), |parts| parts);
        if let Some(whole) = exports.get(head).filter(|whole| whole.contains("::")) {
            import.path = if rest.is_empty() { whole.clone() } else { format!("{whole}::{rest}") };
        }
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
        .map(|entry| entry.expect("an entry").path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
}

/// `gate/presets.rs` is `["gate", "presets"]`, `lib.rs` is empty.
fn module_of(inside: &Path) -> Vec<String> {
    let mut parts: Vec<String> = inside
        .with_extension("")
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into())
        .collect();
    if parts.last().is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str())) {
        parts.pop();
    }
    parts
}

/// Files that only `#[cfg(test)] mod …;` includes are called so here.
fn is_test(inside: &Path) -> bool {
    module_of(inside).iter().any(|part| part == "tests" || part.ends_with("_tests"))
}

/// Leaves out each item behind `#[cfg(test)]`.
fn without_tests(tokens: TokenStream) -> TokenStream {
    let mut out: Vec<TokenTree> = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let attribute = is_punct(&token, '#')
            && matches!(tokens.peek(), Some(TokenTree::Group(g)) if g.stream().to_string() == "cfg (test)");
        if attribute {
            // The item ends with its first braces or its semicolon.
            for token in tokens.by_ref() {
                let ends = is_punct(&token, ';')
                    || matches!(&token, TokenTree::Group(g) if g.delimiter() == Delimiter::Brace);
                if ends {
                    break;
                }
            }
            continue;
        }
        out.push(match token {
            TokenTree::Group(group) => {
                let mut inner = proc_macro2::Group::new(group.delimiter(), without_tests(group.stream()));
                inner.set_span(group.span());
                TokenTree::Group(inner)
            }
            other => other,
        });
    }
    out.into_iter().collect()
}

fn is_punct(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

type Found = Vec<(Vec<String>, usize)>;

/// All paths in a stream that begin at the crate's root, or at `super` inside the crate.
fn paths(tokens: TokenStream, name: &str, module: &[String], found: &mut Found) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at] {
            TokenTree::Group(group) => {
                // An inline module is one deeper; its `super` is this file's module.
                let inline = at >= 2
                    && matches!(&tokens[at - 2], TokenTree::Ident(word) if word == "mod")
                    && group.delimiter() == Delimiter::Brace;
                let mut inner = module.to_vec();
                if inline {
                    inner.push(tokens[at - 1].to_string());
                }
                paths(group.stream(), name, &inner, found);
                at += 1;
            }
            TokenTree::Ident(word) => {
                let follows_path =
                    at >= 2 && is_punct(&tokens[at - 1], ':') && is_punct(&tokens[at - 2], ':');
                let base = if follows_path {
                    None
                } else if word == name {
                    Some(Vec::new())
                } else if name == "crate" && word == "super" && !module.is_empty() {
                    Some(module[..module.len() - 1].to_vec())
                } else if name == "crate" && module.is_empty() && is_use_of_own_module(&tokens, at) {
                    // `pub use label::Label` in the root.
                    Some(vec![word.to_string()])
                } else {
                    None
                };
                match base {
                    Some(base) => at = follow(&tokens, at + 1, base, found),
                    None => at += 1,
                }
            }
            _ => at += 1,
        }
    }
}

fn is_use_of_own_module(tokens: &[TokenTree], at: usize) -> bool {
    at >= 1 && matches!(&tokens[at - 1], TokenTree::Ident(word) if word == "use")
}

/// Follows `::a::{b, c::d}` from a base; the index behind it.
fn follow(tokens: &[TokenTree], mut at: usize, mut base: Vec<String>, found: &mut Found) -> usize {
    while at + 2 < tokens.len() && is_punct(&tokens[at], ':') && is_punct(&tokens[at + 1], ':') {
        match &tokens[at + 2] {
            TokenTree::Ident(word) if word == "super" => {
                base.pop();
                at += 3;
            }
            TokenTree::Ident(word) => {
                base.push(word.to_string());
                at += 3;
            }
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                branches(group.stream(), &base, found);
                return at + 3;
            }
            // A glob, or generic arguments behind a turbofish.
            _ => break,
        }
    }
    let line = tokens[at - 1].span().start().line;
    found.push((base, line));
    at
}

/// Each branch of a `use` tree.
fn branches(tokens: TokenStream, base: &[String], found: &mut Found) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for branch in tokens.split(|token| is_punct(token, ',')) {
        let Some(TokenTree::Ident(first)) = branch.first() else { continue };
        let mut path = base.to_vec();
        if first != "self" {
            path.push(first.to_string());
        }
        follow(branch, 1, path, found);
    }
}

mod tests {
    use super::*;

    fn named(source: &str, module: &[&str]) -> Vec<String> {
        let module: Vec<String> = module.iter().map(|&part| part.to_owned()).collect();
        let mut found = Vec::new();
        paths(without_tests(source.parse().expect("Rust")), "crate", &module, &mut found);
        found.into_iter().map(|(path, _)| path.join("::")).collect()
    }

    #[test]
    fn paths_are_found_wherever_they_stand() {
        let source = r#"
            //! Not `crate::doc::Comment`.
            use crate::model::{self, Pack, pack::{Manifest, Task}};
            use std::fmt; // crate::comment
            fn f(x: crate::eval::Real) -> &'static str {
                println!("{}", crate::report::name());
                crate::decide::<u8>(x);
                "crate::string"
            }
        "#;
        assert_eq!(
            named(source, &["gate"]),
            [
                "model",
                "model::Pack",
                "model::pack::Manifest",
                "model::pack::Task",
                "eval::Real",
                "report::name",
                "decide"
            ]
        );
    }

    #[test]
    fn super_is_followed_to_the_root() {
        assert_eq!(named("use super::rules::Rule;", &["gate", "envelope"]), ["gate::rules::Rule"]);
        assert_eq!(named("use super::super::model::Pack;", &["gate", "envelope"]), ["model::Pack"]);
        assert_eq!(named("mod inner { use super::super::model::Pack; }", &["gate"]), ["model::Pack"]);
        assert_eq!(named("use super::model::Pack;", &["gate"]), ["model::Pack"]);
    }

    #[test]
    fn what_only_tests_import_does_not_count() {
        let source = "
            #[cfg(test)] use crate::eval::a;
            #[cfg(test)] mod tests { use crate::eval::b; }
            #[cfg(test)] mod more_tests;
            use crate::signal::Label;
        ";
        assert_eq!(named(source, &["gate"]), ["signal::Label"]);
        assert!(is_test(Path::new("audio/tests/wav.rs")) && is_test(Path::new("render/cut_tests.rs")));
        assert!(!is_test(Path::new("gate/mod.rs")));
    }

    #[test]
    fn what_the_root_exports_is_of_its_module() {
        let import = |module: &str, path: &str| Import {
            module: module.into(),
            path: path.into(),
            place: String::new(),
        };
        let mut imports =
            [import("", "signal::Label"), import("gate", "Label"), import("gate", "Label::Speech")];
        resolve_exports(&mut imports);
        assert_eq!(imports[1].path, "signal::Label");
        assert_eq!(imports[2].path, "signal::Label::Speech");
    }
}
