//! The one model: under which name, with which digest, and what of it lies on disk.
//!
//! A model on disk is its manifest's file, which holds the digest; of a pull that is not whole, a
//! file with the count of its bytes. So all fakes on one directory see the same.

use std::{env::var, fs, io, path::PathBuf};

use anyhow::Context as _;
use ticketd::ollama::is_same_model;

/// The characters of a SHA-256 in hexadecimal.
const DIGEST_CHARS: usize = 64;

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

    /// Whether the registry has a model of this name, with or without where it lies.
    pub(crate) fn is_pulled_by(&self, name: &str) -> bool {
        is_same_model(name.rsplit_once("library/").map_or(name, |(_, short)| short), &self.model)
    }

    /// The digest of the model's one layer.
    pub(crate) fn blob(&self) -> String {
        self.registry_digest().chars().rev().collect()
    }

    /// Whether the layer is whole.
    pub(crate) fn has_blob(&self) -> bool {
        self.blob_path("").is_none_or(|path| path.exists())
    }

    /// How many bytes earlier pulls brought.
    pub(crate) fn pulled(&self) -> u64 {
        let count = self.blob_path("-partial").and_then(|path| fs::read_to_string(path).ok());
        count.and_then(|text| text.trim().parse().ok()).unwrap_or(0)
    }

    /// Keeps how many bytes have come.
    pub(crate) fn keep(&self, bytes: u64) -> io::Result<()> {
        self.blob_path("-partial").map_or(Ok(()), |path| write(path, &bytes.to_string()))
    }

    /// Makes a layer of what has come.
    pub(crate) fn complete(&self) -> io::Result<()> {
        match (self.blob_path("-partial"), self.blob_path("")) {
            (Some(partial), Some(whole)) if !whole.exists() => fs::rename(partial, whole),
            _ => Ok(()),
        }
    }

    /// Writes the manifest, with which the model is there.
    pub(crate) fn publish(&self) -> io::Result<()> {
        self.manifest().map_or(Ok(()), |path| write(path, &self.registry_digest()))
    }

    /// The digest of the model that the registry has, made of its name if none is set.
    fn registry_digest(&self) -> String {
        let of_name = || {
            let name: String = self.path().bytes().map(|byte| format!("{byte:02x}")).collect();
            name.chars().cycle().take(DIGEST_CHARS).collect()
        };
        self.digest.clone().unwrap_or_else(of_name)
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

    fn blob_path(&self, suffix: &str) -> Option<PathBuf> {
        Some(self.disk.as_ref()?.join(format!("blobs/sha256-{}{suffix}", self.blob())))
    }
}

fn write(path: PathBuf, text: &str) -> io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    fs::write(path, text)
}
