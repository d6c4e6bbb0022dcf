//! Where the configuration comes from: the files, the environment, the command line; and the merge.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use toml::Table;

use crate::node::orphans::MARK;

use super::{
    Config, Endpoint,
    endpoint::BadEndpoint,
    invalid::{Invalid, Problem},
    layer::Layer,
    validate,
};

/// The file that is read when none is named; it may be missing.
const DEFAULT_FILE: &str = "/etc/ticketd/config.toml";

/// The prefix of the environment's keys: `TICKETD_SERVER__LISTEN` sets `server.listen`.
const PREFIX: &str = "TICKETD_";

/// All that is read for one configuration.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The files.
    pub files: Files,
    /// The environment, in which the original's variables stand too.
    pub environment: Vec<(String, String)>,
    /// `--listen`.
    pub listen: Option<SocketAddr>,
}

/// Which files are read.
#[derive(Clone, Debug, Default)]
pub enum Files {
    /// None at all.
    #[default]
    None,
    /// `/etc/ticketd/config.toml`, which may be missing, and `config.d` beside it.
    Default,
    /// A named file, which must exist, and `config.d` beside it.
    Named(PathBuf),
}

impl From<Option<PathBuf>> for Files {
    fn from(named: Option<PathBuf>) -> Self {
        named.map_or(Self::Default, Self::Named)
    }
}

/// A checked configuration, and where its values come from.
#[derive(Debug)]
pub struct Loaded {
    /// The effective values.
    pub config: Config,
    layers: Vec<Layer>,
}

impl Sources {
    /// Reads, merges and checks everything. A layer that is wrong by itself is reported alone, and
    /// what is wrong with the whole is reported all at once.
    pub fn load(&self) -> Result<Loaded, Invalid> {
        let mut layers = self.file_layers()?;
        layers.push(self.environment_layer()?);
        layers.push(self.legacy_layer()?);
        let mut command_line = Layer::default();
        if let Some(listen) = self.listen {
            command_line.set("server.listen", listen, "command line")?;
        }
        layers.push(command_line);
        let loaded = Loaded { config: merge(&layers)?, layers };
        let problems = validate::problems(&loaded.config);
        if problems.is_empty() {
            return Ok(loaded);
        }
        let located = problems.into_iter().map(|(key, message)| Problem {
            origin: loaded.origin(&key),
            key,
            message,
        });
        Err(Invalid(located.collect()))
    }

    /// `server.control_socket`, as far as it can be found: commands that ask the running service need
    /// nothing else, so whatever else is wrong with the configuration does not matter to them.
    pub fn control_socket(&self) -> Result<Option<PathBuf>, Invalid> {
        const KEY: &str = "control_socket";
        let variable = format!("{PREFIX}SERVER__{}", KEY.to_ascii_uppercase());
        let set = self.environment.iter().find(|(name, _)| *name == variable);
        if let Some((_, path)) = set {
            return Ok(Some(PathBuf::from(path)));
        }
        if let Files::Named(file) = &self.files
            && let Err(error) = std::fs::File::open(file)
        {
            return Err(Invalid::one(file.display().to_string(), "", unread(&error)));
        }
        let files = self.file_names().unwrap_or_default();
        Ok(files.iter().rev().find_map(|file| {
            let text = std::fs::read_to_string(file).ok()?;
            let table = text.parse::<Table>().ok().and_then(|mut table| table.remove("server"));
            // A file that is being edited may be no TOML for a moment.
            let line = || text.lines().find(|line| line.trim_start().starts_with(KEY));
            let table = table.or_else(|| line()?.parse::<Table>().ok().map(Into::into));
            table?.get(KEY)?.as_str().map(PathBuf::from)
        }))
    }

    /// The main file, then what lies in `config.d` beside it, in the order of the names.
    fn file_names(&self) -> Result<Vec<PathBuf>, Invalid> {
        let (main, required) = match &self.files {
            Files::None => return Ok(Vec::new()),
            Files::Default => (PathBuf::from(DEFAULT_FILE), false),
            Files::Named(file) => (file.clone(), true),
        };
        let mut files = Vec::new();
        if required || main.exists() {
            files.push(main.clone());
        }
        let folder = main.parent().unwrap_or(Path::new("")).join("config.d");
        if folder.is_dir() {
            let unreadable = |error| Invalid::one(folder.display().to_string(), "", unread(&error));
            let mut fragments = Vec::new();
            for entry in folder.read_dir().map_err(unreadable)? {
                let path = entry.map_err(unreadable)?.path();
                if path.extension().is_some_and(|extension| extension == "toml") {
                    fragments.push(path);
                }
            }
            fragments.sort();
            files.extend(fragments);
        }
        Ok(files)
    }

    fn file_layers(&self) -> Result<Vec<Layer>, Invalid> {
        let read = |file: PathBuf| {
            let name = file.display().to_string();
            let text = std::fs::read_to_string(&file)
                .map_err(|error| Invalid::one(name.clone(), "", unread(&error)))?;
            Layer::from_toml(&name, &text)
        };
        self.file_names()?.into_iter().map(read).collect()
    }

    /// `TICKETD_SECTION__KEY`.
    fn environment_layer(&self) -> Result<Layer, Invalid> {
        let sections = Table::try_from(Config::default()).expect("the defaults are a table");
        let mut layer = Layer::default();
        for (variable, text) in &self.environment {
            let Some(name) = variable.strip_prefix(PREFIX).filter(|_| variable != MARK) else {
                continue;
            };
            // Below nodes.env stand names of variables, which keep their case.
            if let Some(inner) = name.strip_prefix("NODES__ENV__") {
                layer.set(&format!("nodes.env.{inner}"), text, variable)?;
                continue;
            }
            let name = name.to_ascii_lowercase();
            if name.contains("__") {
                layer.set_text(&name.replace("__", "."), text, variable)?;
            } else {
                let (section, key) = name.split_once('_').unwrap_or(("section", &name));
                let section = if sections.contains_key(section) { section } else { "section" };
                let right = format!("{PREFIX}{section}__{key}").to_ascii_uppercase();
                let message = format!(
                    "no key is set so; section and key are parted by two underscores, as in {right}"
                );
                return Err(Invalid::one(variable, &name, message));
            }
        }
        Ok(layer)
    }

    /// The original's variables. A blank one counts as unset, as shells leave them.
    fn legacy_layer(&self) -> Result<Layer, Invalid> {
        let value = |name: &str| {
            let found = self.environment.iter().find(|(variable, _)| variable == name);
            found.map(|(_, text)| text.trim()).filter(|text| !text.is_empty())
        };
        let mut layer = Layer::default();
        if let Some(list) = value("DEEPSEEK_ENDPOINTS") {
            let origin = "DEEPSEEK_ENDPOINTS";
            let urls = list.split(',').map(str::trim).filter(|url| !url.is_empty());
            let endpoints = urls.map(str::parse).collect::<Result<Vec<Endpoint>, BadEndpoint>>();
            let endpoints = endpoints
                .map_err(|error| Invalid::one(origin, "nodes.endpoints", error.to_string()))?;
            layer.set("nodes.endpoints", endpoints, origin)?;
            layer.set("nodes.ports", Vec::<u16>::new(), origin)?;
            layer.set("nodes.node", Vec::<u16>::new(), origin)?;
        }
        if let Some(name) = value("OLLAMA_MODEL") {
            layer.set("model.name", name, "OLLAMA_MODEL")?;
        }
        if let Some(folder) = value("OLLAMA_MODELS") {
            layer.set("nodes.models_dir", folder, "OLLAMA_MODELS")?;
        }
        Ok(layer)
    }
}

impl Loaded {
    /// Where a key's value was given.
    pub fn origin(&self, key: &str) -> String {
        // A list is the origin of its items; a section is none of what it does not name.
        let mut candidates = vec![key];
        while let Some(item) = candidates.last().filter(|path| path.ends_with(']')) {
            candidates.push(item.rfind('[').map_or("", |end| &item[..end]));
        }
        for layer in self.layers.iter().rev() {
            let found = candidates.iter().find_map(|path| layer.origins.get(*path));
            if let Some(origin) = found {
                return origin.clone();
            }
        }
        "built-in default".to_owned()
    }

    /// Every effective value as `(key, TOML value, origin)`, in the order of the sections.
    pub fn effective(&self) -> Vec<(String, String, String)> {
        let values = self.config.values().into_iter();
        values
            .map(|(key, value)| {
                let origin = self.origin(&key);
                (key, value, origin)
            })
            .collect()
    }
}

/// Lays the layers over the defaults.
fn merge(layers: &[Layer]) -> Result<Config, Invalid> {
    let failed = |error: config::ConfigError| Invalid::one("configuration", "", error.to_string());
    let mut builder = config::Config::builder();
    for layer in layers {
        let text = toml::to_string(&layer.table).expect("a layer is a TOML table");
        builder = builder.add_source(config::File::from_str(&text, config::FileFormat::Toml));
    }
    builder.build().and_then(config::Config::try_deserialize).map_err(failed)
}

fn unread(error: &std::io::Error) -> String {
    if error.kind() == std::io::ErrorKind::InvalidData {
        return "is no UTF-8 text; save it as UTF-8".to_owned();
    }
    format!("cannot be read ({error}); check the path and the permissions")
}
