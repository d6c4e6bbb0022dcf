//! `[place]`: what is known of the city's place names.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Settings of the place names.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Place {
    /// The original's `location.json`: `{"六安市": {"金安区": ["三十铺镇", …]}}`. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location_file: Option<PathBuf>,
}
