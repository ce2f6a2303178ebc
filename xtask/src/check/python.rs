//! Python environments of the check, in `target`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::{sha256, tools};

/// What the system calls its Python.
pub const SYSTEM_PYTHON: &str = if cfg!(windows) { "python" } else { "python3" };

/// The training project and the wheel: what they need is pinned there.
const TRAINING: &str = "models/training/pyproject.toml";
const WHEEL: &str = "python/pyproject.toml";

/// An environment with pinned packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Venv {
    /// ONNX Runtime, the hosts and what the training project's tests need without PyTorch.
    Tests,
    /// All that the training project needs, and judges that need PyTorch.
    Torch,
    /// What builds and tests the wheel.
    Wheel,
    /// The fuzzer of HTTP interfaces.
    Api,
    /// The engines that archives are heard on.
    Engines,
}

impl Venv {
    fn folder(self) -> &'static str {
        match self {
            Self::Tests => "venv",
            Self::Torch => "venv-torch",
            Self::Wheel => "venv-wheel",
            Self::Api => "venv-api",
            Self::Engines => "venv-engines",
        }
    }

    /// Files that list packages, as pip reads them.
    fn requirements(self) -> &'static [&'static str] {
        match self {
            Self::Tests => &["tests/requirements.txt", "tests/hosts/requirements.txt"],
            Self::Torch => &["tests/judges_torch/requirements.txt"],
            Self::Wheel => &[],
            Self::Api => &["tests/api/requirements.txt"],
            Self::Engines => &["python/engines/requirements.txt"],
        }
    }

    /// The project that lists the rest.
    fn project(self) -> Option<&'static str> {
        match self {
            Self::Tests | Self::Torch => Some(TRAINING),
            Self::Wheel => Some(WHEEL),
            Self::Api | Self::Engines => None,
        }
    }

    /// What of the project is needed beside its own dependencies.
    fn extras(self) -> &'static [&'static str] {
        match self {
            Self::Tests => &["test"],
            Self::Torch => &["train", "test"],
            Self::Wheel => &["build", "test"],
            Self::Api | Self::Engines => &[],
        }
    }

    /// Its Python, made or not.
    pub fn python(self, root: &Path) -> PathBuf {
        let folder = tools::target_dir(root).join(self.folder());
        if cfg!(windows) { folder.join("Scripts/python.exe") } else { folder.join("bin/python") }
    }

    /// Makes it, or brings it up to date.
    pub fn make(self, root: &Path) -> Result<()> {
        let python = self.python(root);
        let folder = tools::target_dir(root).join(self.folder());
        let mut packages = Vec::new();
        for file in self.requirements() {
            let text = fs::read_to_string(root.join(file)).with_context(|| (*file).to_owned())?;
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
            packages.extend(lines.map(str::to_owned));
        }
        if let Some(name) = self.project() {
            let project = fs::read_to_string(root.join(name)).context(name)?;
            packages.extend(dependencies(&project, self.extras()).context(name)?);
        }
        let (mark, wanted) = (folder.join("packages.sha256"), sha256(packages.join("\n").as_bytes()));
        if fs::read_to_string(&mark).is_ok_and(|made| made == wanted) {
            return Ok(());
        }
        tools::run(Command::new(SYSTEM_PYTHON).args(["-m", "venv", "--clear"]).arg(&folder))?;
        let mut pip = Command::new(python);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]).args(packages);
        tools::run(&mut pip)?;
        fs::write(&mark, wanted).with_context(|| format!("cannot write {}", mark.display()))
    }

    /// ONNX Runtime's library, which comes with its Python package.
    pub fn onnx_runtime(self, root: &Path) -> Result<PathBuf> {
        const FIND: &str = "import onnxruntime, pathlib\n\
            capi = pathlib.Path(onnxruntime.__file__).parent / 'capi'\n\
            names = ('libonnxruntime.so.*', 'libonnxruntime.*dylib', 'onnxruntime.dll')\n\
            print(next(path for name in names for path in sorted(capi.glob(name))))";
        let path = tools::output(Command::new(self.python(root)).args(["-c", FIND]))?;
        Ok(PathBuf::from(path.trim_end()))
    }
}

/// Whether the system's Python can make environments: Debian has that in a package of its own.
pub fn has_venv() -> bool {
    tools::succeeds(SYSTEM_PYTHON, &["-c", "import ensurepip, venv"])
}

/// The packages that a Python project depends on, with some of its extras.
fn dependencies(project: &str, extras: &[&str]) -> Result<Vec<String>> {
    /// What is read here of `pyproject.toml`.
    #[derive(Deserialize)]
    struct File {
        project: Project,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    struct Project {
        dependencies: Vec<String>,
        optional_dependencies: BTreeMap<String, Vec<String>>,
    }
    let Project { dependencies: mut all, mut optional_dependencies } =
        toml::from_str::<File>(project)?.project;
    for extra in extras {
        let more = optional_dependencies.remove(*extra);
        all.extend(more.with_context(|| format!("there is no extra {extra:?}"))?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extras_are_added() {
        let project = r#"
            [project]
            dependencies = ["numpy==2"]
            [project.optional-dependencies]
            train = ["torch==2"]
            test = ["pytest==9", "ruff==0"]
        "#;
        assert_eq!(dependencies(project, &["test"]).unwrap(), ["numpy==2", "pytest==9", "ruff==0"]);
        assert_eq!(dependencies(project, &[]).unwrap(), ["numpy==2"]);
        assert!(dependencies(project, &["docs"]).is_err());
    }
}
