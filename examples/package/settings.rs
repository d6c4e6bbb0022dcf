//! The package's `/etc/ticketd/config.toml`: the shipped one with a few lines that differ.

use anyhow::ensure;

/// The repository's file.
pub(crate) const SHIPPED: &str = include_str!("../../config.toml");

/// The lines that differ, and what stands in their place.
const LINES: [(&str, &str); 3] = [
    (
        "# `ticketd check` shows the effective values and where each comes from.\n",
        "# `ticketd check` shows the effective values and where each comes from, `systemctl reload ticketd`\n\
         # applies them. The package sets server.control_socket and nodes.models_dir.\n",
    ),
    (
        "# control_socket = \"/run/ticketd/control.sock\"\n",
        "control_socket = \"/run/ticketd/control.sock\"\n",
    ),
    ("\nmodels_dir = \"~/.ollama/models\"\n", "\nmodels_dir = \"/var/lib/ticketd/models\"\n"),
];

/// The package's file.
pub(crate) fn packaged() -> anyhow::Result<String> {
    let mut text = SHIPPED.to_owned();
    for (shipped, packaged) in LINES {
        ensure!(text.matches(shipped).count() == 1, "config.toml has not once {shipped:?}");
        text = text.replace(shipped, packaged);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use ticketd::config::Config;

    use super::*;

    #[test]
    fn the_package_sets_the_socket_and_the_models_directory_only() {
        let config = |text: &str| toml::from_str::<Config>(text).expect("it is right");
        let mut expected = config(SHIPPED);
        expected.server.control_socket = Some("/run/ticketd/control.sock".into());
        expected.nodes.models_dir = "/var/lib/ticketd/models".into();
        assert_eq!(config(&packaged().expect("all lines are there")), expected);
    }
}
