//! What is wrong with files of own place names.

/// How many problems of one file are told.
pub(super) const MOST: usize = 20;

/// Why files of own place names are not used: every problem with its file, its line and its remedy.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct BadList(Vec<String>);

impl BadList {
    /// The problems, one a line, in the order of the files.
    pub fn problems(&self) -> &[String] {
        &self.0
    }
}

/// The problems found so far.
#[derive(Default)]
pub(super) struct Faults {
    files: Vec<Fault>,
}

/// The problems of one file, with their lines.
struct Fault {
    file: String,
    told: Vec<(usize, String)>,
    more: usize,
}

impl Faults {
    /// Takes note of a problem; line 0 is the file as a whole.
    pub(super) fn add(&mut self, file: &str, line: usize, problem: impl Into<String>) {
        let fault = self.of(file);
        let after = fault.told.partition_point(|(other, _)| *other <= line);
        fault.told.insert(after, (line, problem.into()));
        if fault.told.len() > MOST {
            fault.told.pop();
            fault.more += 1;
        }
    }

    /// Takes note of further problems of a file that has some.
    pub(super) fn more(&mut self, file: &str, count: usize) {
        if count > 0 {
            self.of(file).more += count;
        }
    }

    fn of(&mut self, file: &str) -> &mut Fault {
        let at = self.files.iter().position(|fault| fault.file == file).unwrap_or_else(|| {
            self.files.push(Fault { file: file.to_owned(), told: Vec::new(), more: 0 });
            self.files.len() - 1
        });
        &mut self.files[at]
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Goes on only if there are none.
    pub(super) fn none(self) -> Result<(), BadList> {
        let mut problems = Vec::new();
        for Fault { file, told, more } in self.files {
            problems.extend(told.into_iter().map(|(line, problem)| match line {
                0 => format!("{file}: {problem}"),
                line => format!("{file}:{line}: {problem}"),
            }));
            if more > 0 {
                problems.push(format!("{file}: … and {more} more"));
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(BadList(problems)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_twenty_problems_of_a_file_are_told_by_line() {
        let mut faults = Faults::default();
        for line in (1..=27).rev() {
            faults.add("a.csv", line, format!("problem {line}; remedy"));
        }
        faults.add("b.json", 0, "no list; remedy");
        let bad = faults.none().expect_err("problems");
        assert_eq!(bad.problems().len(), 22);
        assert_eq!(bad.problems()[0], "a.csv:1: problem 1; remedy");
        assert_eq!(bad.problems()[20], "a.csv: … and 7 more");
        assert!(bad.to_string().ends_with("… and 7 more\nb.json: no list; remedy"));
    }
}
