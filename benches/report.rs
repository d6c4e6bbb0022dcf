//! A part of BENCHMARKS.md: what a run measured, where, when and of what. The run itself writes it.

use std::{env, fmt::Display, fs, path::Path, process::ExitCode};

use anyhow::{Context as _, ensure};
use jiff::Timestamp;
use procfs::{CpuInfo, Current as _, LoadAverage};
use tokio::process::Command;

/// A part as it grows.
pub(crate) struct Report {
    heading: &'static str,
    text: String,
    targets: Vec<Target>,
}

/// What must hold, and what was measured.
struct Target {
    what: String,
    result: String,
    bound: String,
    is_met: bool,
}

impl Report {
    /// Begins the part under this heading, with what the machine is like before the run.
    pub(crate) async fn begin(heading: &'static str) -> anyhow::Result<Self> {
        let cpus = CpuInfo::current()?;
        let model = cpus.model_name(0).unwrap_or("unknown").to_owned();
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
        let load = LoadAverage::current()?;
        let rows = [
            ["machine", &format!("{model}, {} cores, Linux {}", cpus.num_cores(), kernel.trim())],
            [
                "load average before",
                &format!("{:.2} {:.2} {:.2}", load.one, load.five, load.fifteen),
            ],
            ["date", &Timestamp::now().strftime("%Y-%m-%d %H:%M UTC").to_string()],
            ["commit", &commit().await?],
            ["command", "`make bench`"],
        ];
        let mut report = Self { heading, text: String::new(), targets: Vec::new() };
        report.table(["", ""], rows);
        Ok(report)
    }

    /// Adds a paragraph.
    pub(crate) fn say(&mut self, text: &str) {
        self.text += &format!("\n{text}\n");
    }

    /// Adds a table.
    pub(crate) fn table<const N: usize>(
        &mut self,
        head: [&str; N],
        rows: impl IntoIterator<Item = [impl Display; N]>,
    ) {
        self.text += &table(head, rows);
    }

    /// Adds a target: `result` is what was measured, `bound` what it is to be.
    pub(crate) fn target(&mut self, what: &str, result: String, bound: String, is_met: bool) {
        self.targets.push(Target { what: what.to_owned(), result, bound, is_met });
    }

    /// Replaces the part of BENCHMARKS.md, and tells it.
    pub(crate) fn write(self) -> anyhow::Result<ExitCode> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("BENCHMARKS.md");
        let whole = fs::read_to_string(&file).context("BENCHMARKS.md cannot be read")?;
        fs::write(&file, with_part(&whole, self.heading, &self.text())?)?;
        Ok(self.tell())
    }

    /// Prints the part, and says by the exit code whether every target is met.
    pub(crate) fn tell(&self) -> ExitCode {
        print!("{}", self.text());
        let is_met = self.targets.iter().all(|target| target.is_met);
        if is_met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    /// All of it, the targets last.
    fn text(&self) -> String {
        let row = |target: &Target| {
            let Target { what, result, bound, is_met } = target;
            let met = if *is_met { "yes" } else { "**no**" };
            [what.clone(), result.clone(), bound.clone(), met.to_owned()]
        };
        let head = ["target", "result", "bound", "met"];
        format!("{}{}", self.text, table(head, self.targets.iter().map(row)))
    }
}

/// A table in Markdown.
fn table<const N: usize>(
    head: [&str; N],
    rows: impl IntoIterator<Item = [impl Display; N]>,
) -> String {
    let line = |cells: [String; N]| format!("| {} |\n", cells.join(" | "));
    let rows = rows.into_iter().map(|row| line(row.map(|cell| cell.to_string())));
    let head = line(head.map(str::to_owned));
    format!("\n{head}|{}\n{}", "---|".repeat(N), rows.collect::<String>())
}

/// A document with the text below one of its headings replaced.
fn with_part(whole: &str, heading: &str, text: &str) -> anyhow::Result<String> {
    let heading = format!("\n## {heading}\n");
    let (before, part) = whole.split_once(&heading).context("BENCHMARKS.md lacks the heading")?;
    let after = part.find("\n## ").map_or("", |at| &part[at..]);
    Ok(format!("{before}{heading}{text}{after}"))
}

/// The commit that is measured, and whether it is just that.
async fn commit() -> anyhow::Result<String> {
    let hash = git(&["rev-parse", "--short=10", "HEAD"]).await?;
    // What the runs write themselves is no change of what is measured.
    let changed = git(&["status", "--porcelain", "--", ".", ":!BENCHMARKS.md"]).await?;
    Ok(if changed.is_empty() { hash } else { format!("{hash} with changes") })
}

async fn git(arguments: &[&str]) -> anyhow::Result<String> {
    let mut command = Command::new("git");
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).output().await?;
    ensure!(
        output.status.success(),
        "git {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
