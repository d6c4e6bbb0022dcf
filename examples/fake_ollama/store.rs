//! The one model: under which name, with which digest, and what of it lies on disk.
//!
//! A model on disk is its manifest's file, which holds the digest. So all fakes on one directory see
//! the same.

use std::{env::var, fs, path::PathBuf};

use anyhow::Context as _;

/// The model, and the directory of models if it is not simply there.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) model: String,
    digest: Option<String>,
    disk: Option<PathBuf>,
}

impl Store {
    pub(crate) fn from_env() -> anyhow::Result<Self> {
        let disk = if var("FAKE_MODELS_ON_DISK").is_ok_and(|value| value == "1") {
            let folder = var("OLLAMA_MODELS").context("FAKE_MODELS_ON_DISK needs OLLAMA_MODELS")?;
            Some(folder.into())
        } else {
            None
        };
        let model = var("FAKE_MODEL").unwrap_or("deepseek-r1:14b".to_owned());
        Ok(Self { model, digest: var("FAKE_DIGEST").ok(), disk })
    }

    /// Whether the model is there.
    pub(crate) fn has_model(&self) -> bool {
        self.manifest().is_none_or(|path| path.exists())
    }

    /// The digest of the model that is there; none if nothing says it.
    pub(crate) fn digest(&self) -> Option<String> {
        match self.manifest() {
            Some(path) => Some(fs::read_to_string(path).ok()?.trim().to_owned()),
            None => self.digest.clone(),
        }
    }

    /// The model's name and tag, as a path.
    fn path(&self) -> String {
        let (name, tag) = self.model.rsplit_once(':').unwrap_or((&self.model, "latest"));
        format!("{name}/{tag}")
    }

    fn manifest(&self) -> Option<PathBuf> {
        let library = self.disk.as_ref()?.join("manifests/registry.ollama.ai/library");
        Some(library.join(self.path()))
    }
}
