//! What a scenario expects, as statements about the summary of a run.
//!
//! ```text
//! statement  = [lane] word | sum compare sum
//! word       = "conserved" | "results ok"            of every lane, or of the lane that stands before it
//! compare    = "==" | "!=" | "<=" | ">=" | "<" | ">"
//! sum        = product { ("+" | "-") product }
//! product    = factor { ("*" | "/") factor }
//! factor     = number | path | "-" factor | "(" sum ")"
//! path       = name { "." ( name | number | "*" ) }  as in lanes.2.queue.max; lanes count from 1
//! ```
//!
//! A `*` in a path means each: the statement must hold for every one of them, and the same `*` stands for the same lane
//! throughout the statement. True counts as 1 and false as 0. The two words are short for statements that could be
//! written out, so there is only one thing to evaluate.
//!
//! A figure that the platform could not give is `null` in the summary: a statement that needs it is neither true nor
//! false, but unknown.

use crate::program::problem::quoted;
use serde_json::Value as Json;

/// Something that is said of a summary.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    left: Expression,
    compare: Compare,
    right: Expression,
}

/// What became of a statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It holds.
    Holds,
    /// It does not.
    Fails {
        /// What its left side came to.
        left: f64,
        /// What its right side came to.
        right: f64,
        /// The lane that it fails for, where it speaks of one.
        lane: Option<u64>,
    },
    /// The summary does not have this figure.
    Unknown(String),
}

#[derive(Clone, Debug, PartialEq)]
enum Expression {
    Number(f64),
    Path(Path),
    Binary(Box<Expression>, char, Box<Expression>),
}

#[derive(Clone, Debug, PartialEq)]
struct Path {
    steps: Vec<Step>,
    column: usize,
}

#[derive(Clone, Debug, PartialEq)]
enum Step {
    Name(String),
    /// Counted from 1.
    Index(u64),
    Each,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Compare {
    Equal,
    Differs,
    AtMost,
    AtLeast,
    Less,
    More,
}

/// Longer ones first, so that `<=` is not taken for `<`.
const COMPARISONS: [(&str, Compare); 6] = [
    ("==", Compare::Equal),
    ("!=", Compare::Differs),
    ("<=", Compare::AtMost),
    (">=", Compare::AtLeast),
    ("<", Compare::Less),
    (">", Compare::More),
];

/// The words, and what they are short for, of the lane that stands for `@`.
pub const WORDS: [(&str, &str); 2] = [
    (
        "conserved",
        "@.tasks.submitted == @.tasks.queued + @.tasks.running + @.tasks.completed + @.tasks.failed + \
         @.tasks.rejected + @.tasks.discarded + @.tasks.lost",
    ),
    ("results ok", "@.result.ok == 1"),
];

/// Figures of the summary, `#` standing for a number or `*`. Those that end in `.` are histograms.
pub const FIGURES: &[&str] = &[
    "seconds",
    "machine.cores",
    "machine.quota",
    "machine.parallelism_measured",
    "cost.event_ns",
    "cost.share",
    "cores.#.core",
    "cores.#.busy",
    "lanes.#.workers",
    "lanes.#.active_s",
    "lanes.#.cpu_s",
    "lanes.#.run_queue_s",
    "lanes.#.memory_peak_bytes",
    "lanes.#.workers_died",
    "lanes.#.tasks.submitted",
    "lanes.#.tasks.completed",
    "lanes.#.tasks.failed",
    "lanes.#.tasks.rejected",
    "lanes.#.tasks.discarded",
    "lanes.#.tasks.retried",
    "lanes.#.tasks.lost",
    "lanes.#.tasks.queued",
    "lanes.#.tasks.running",
    "lanes.#.throughput_per_s",
    "lanes.#.result.expected",
    "lanes.#.result.actual",
    "lanes.#.result.ok",
    "lanes.#.runs.count",
    "lanes.#.runs.per_s",
    "lanes.#.runs.acceptable",
    "lanes.#.runs.interesting",
    "lanes.#.runs.forbidden",
    "lanes.#.runs.deadlocks",
    "lanes.#.runs.others",
    "lanes.#.runs.first_failed_s",
    "lanes.#.runs.endings.#.count",
    "lanes.#.jobs.inputs",
    "lanes.#.jobs.done",
    "lanes.#.jobs.skipped",
    "lanes.#.jobs.failed",
    "lanes.#.jobs.runs",
    "lanes.#.jobs.used.wall_s",
    "lanes.#.jobs.used.cpu_s",
    "lanes.#.jobs.used.memory_peak_bytes",
    "lanes.#.jobs.used.io_wait_s",
    "lanes.#.jobs.used.voluntary",
    "lanes.#.jobs.used.involuntary",
    "lanes.#.queue.capacity",
    "lanes.#.queue.mean",
    "lanes.#.queue.max",
    "lanes.#.latency_us.queue_wait.",
    "lanes.#.latency_us.service.",
    "lanes.#.switches.voluntary",
    "lanes.#.switches.involuntary",
    "lanes.#.worker_states_s.idle",
    "lanes.#.worker_states_s.running",
    "lanes.#.worker_states_s.lock",
    "lanes.#.worker_states_s.blocked",
    "lanes.#.worker_states_s.paused",
    "lanes.#.locks.#.acquired",
    "lanes.#.locks.#.contended",
    "lanes.#.locks.#.wait_s",
    "lanes.#.locks.#.hold_s",
    "lanes.#.locks.#.wait_us.",
    "lanes.#.locks.#.hold_us.",
];

/// The figures of a histogram.
pub const HISTOGRAM: &[&str] = &["count", "mean", "p50", "p90", "p99", "max"];

/// A column, counted from 1 in characters, and what is wrong there.
type Wrong = (usize, String);

/// Reads a statement.
///
/// # Errors
/// The column, counted from 1 in characters, and what is wrong there.
pub fn parse(text: &str) -> Result<Statement, Wrong> {
    const BYTES_MAX: usize = 1000;
    if text.len() > BYTES_MAX {
        return Err((1, format!("the statement has more than {BYTES_MAX} bytes")));
    }
    if let Some(statement) = written_out(text) {
        return Parser { text: &statement, at: 0, depth: 0 }.statement();
    }
    Parser { text, at: 0, depth: 0 }.statement()
}

/// A statement that ends in one of the words, written out.
fn written_out(text: &str) -> Option<String> {
    let spaced = text.split_whitespace().collect::<Vec<_>>().join(" ");
    WORDS.iter().find_map(|(word, meaning)| {
        let lane = match spaced.strip_suffix(word)?.trim_end() {
            "" => "lanes.*",
            lane => lane,
        };
        let number = lane.strip_prefix("lanes.")?;
        let is_lane = number == "*" || number.parse::<u64>().is_ok_and(|number| number > 0);
        is_lane.then(|| meaning.replace('@', lane))
    })
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn statement(&mut self) -> Result<Statement, Wrong> {
        let left = self.sum()?;
        self.blanks();
        let rest = &self.text[self.at..];
        let Some((sign, compare)) = COMPARISONS.iter().find(|(sign, _)| rest.starts_with(sign)) else {
            return Err(self.wrong("expected a comparison: == != <= >= < >"));
        };
        self.at += sign.len();
        let right = self.sum()?;
        self.blanks();
        if self.at < self.text.len() {
            return Err(self.wrong("the statement should end here"));
        }
        Ok(Statement { left, compare: *compare, right })
    }

    fn sum(&mut self) -> Result<Expression, Wrong> {
        let mut sum = self.product()?;
        while let Some(sign @ ('+' | '-')) = self.blanks() {
            self.at += 1;
            sum = Expression::Binary(Box::new(sum), sign, Box::new(self.product()?));
        }
        Ok(sum)
    }

    fn product(&mut self) -> Result<Expression, Wrong> {
        let mut product = self.factor()?;
        while let Some(sign @ ('*' | '/')) = self.blanks() {
            self.at += 1;
            product = Expression::Binary(Box::new(product), sign, Box::new(self.factor()?));
        }
        Ok(product)
    }

    fn factor(&mut self) -> Result<Expression, Wrong> {
        const DEPTH_MAX: usize = 32;
        match self.blanks() {
            Some('0'..='9') => self.number(),
            Some(character) if character.is_ascii_alphabetic() => self.path(),
            Some(opening @ ('(' | '-')) => {
                self.depth += 1;
                if self.depth > DEPTH_MAX {
                    return Err(self.wrong("too many parentheses"));
                }
                self.at += 1;
                let inner = if opening == '(' { self.sum()? } else { self.factor()? };
                self.depth -= 1;
                if opening == '-' {
                    return Ok(Expression::Binary(Box::new(Expression::Number(0.0)), '-', Box::new(inner)));
                }
                match self.blanks() {
                    Some(')') => self.at += 1,
                    _ => return Err(self.wrong("expected `)`")),
                }
                Ok(inner)
            }
            _ => Err(self.wrong("expected a number or a figure such as lanes.1.tasks.lost")),
        }
    }

    fn number(&mut self) -> Result<Expression, Wrong> {
        let text = self.take(|character| character.is_ascii_digit() || character == '.');
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Expression::Number(number)),
            _ => {
                self.at -= text.len();
                Err(self.wrong(&format!("{} is no number", quoted(&text))))
            }
        }
    }

    fn path(&mut self) -> Result<Expression, Wrong> {
        let (column, start) = (self.column(), self.at);
        let mut steps = vec![Step::Name(self.name())];
        while self.text[self.at..].starts_with('.') {
            self.at += 1;
            let step = match self.text[self.at..].chars().next() {
                Some('*') => {
                    self.at += 1;
                    Step::Each
                }
                Some('0'..='9') => match self.take(|character| character.is_ascii_digit()).parse() {
                    Ok(index) if index > 0 => Step::Index(index),
                    _ => return Err((column, "what a path counts begins with 1".into())),
                },
                Some(character) if character.is_ascii_alphabetic() => Step::Name(self.name()),
                _ => return Err(self.wrong("expected a name, a number or `*` after the dot")),
            };
            steps.push(step);
        }
        let path = Path { steps, column };
        match path.is_figure() {
            true => Ok(Expression::Path(path)),
            false => Err((column, no_figure(&self.text[start..self.at], &path))),
        }
    }

    fn name(&mut self) -> String {
        self.take(|character| character.is_ascii_alphanumeric() || character == '_')
    }

    fn take(&mut self, belongs: impl Fn(char) -> bool) -> String {
        let rest = &self.text[self.at..];
        let taken = rest.find(|character| !belongs(character)).map_or(rest, |end| &rest[..end]);
        self.at += taken.len();
        taken.to_string()
    }

    /// Skips blanks; the character after them.
    fn blanks(&mut self) -> Option<char> {
        let rest = self.text[self.at..].trim_start();
        self.at = self.text.len() - rest.len();
        rest.chars().next()
    }

    fn column(&self) -> usize {
        self.text[..self.at].chars().count() + 1
    }

    fn wrong(&self, message: &str) -> Wrong {
        (self.column(), message.into())
    }
}

fn no_figure(text: &str, path: &Path) -> String {
    let pattern = path.pattern();
    let figures = FIGURES.iter().flat_map(|figure| match figure.strip_suffix('.') {
        Some(histogram) => HISTOGRAM.iter().map(|leaf| format!("{histogram}.{leaf}")).collect(),
        None => vec![(*figure).to_string()],
    });
    let nearest = figures.map(|figure| (strsim::damerau_levenshtein(&pattern, &figure), figure)).min();
    let message = format!("the summary has no {}", quoted(text));
    match nearest {
        Some((distance, figure)) if distance <= 1 + pattern.len() / 4 => {
            format!("{message}; did you mean `{}`?", figure.replace('#', "*"))
        }
        _ => message,
    }
}

impl Path {
    /// The path with `#` for each number and `*`.
    fn pattern(&self) -> String {
        let step = |step: &Step| match step {
            Step::Name(name) => name.clone(),
            Step::Index(_) | Step::Each => "#".into(),
        };
        self.steps.iter().map(step).collect::<Vec<_>>().join(".")
    }

    fn is_figure(&self) -> bool {
        let pattern = self.pattern();
        let histogram =
            |leaf: &str| pattern.strip_suffix(leaf).is_some_and(|stem| stem.ends_with('.') && FIGURES.contains(&stem));
        FIGURES.contains(&pattern.as_str()) && !pattern.ends_with('.') || HISTOGRAM.iter().any(|leaf| histogram(leaf))
    }

    fn lane(&self) -> Option<u64> {
        match self.steps.as_slice() {
            [Step::Name(lanes), Step::Index(lane), ..] if lanes == "lanes" => Some(*lane),
            _ => None,
        }
    }

    /// What stands before the first `*`, and the `*`.
    fn up_to_each(&self) -> Option<&[Step]> {
        let each = self.steps.iter().position(|step| *step == Step::Each)?;
        Some(&self.steps[..=each])
    }

    fn look_up<'s>(&self, summary: &'s Json) -> Option<&'s Json> {
        look_up(&self.steps, summary)
    }

    fn name(&self) -> String {
        let step = |step: &Step| match step {
            Step::Name(name) => name.clone(),
            Step::Index(index) => index.to_string(),
            Step::Each => "*".into(),
        };
        self.steps.iter().map(step).collect::<Vec<_>>().join(".")
    }
}

fn look_up<'s>(steps: &[Step], summary: &'s Json) -> Option<&'s Json> {
    steps.iter().try_fold(summary, |value, step| match step {
        Step::Name(name) => value.get(name),
        Step::Index(index) => value.get(usize::try_from(*index).ok()?.checked_sub(1)?),
        Step::Each => None,
    })
}

impl Expression {
    fn paths<'e>(&'e self, found: &mut Vec<&'e Path>) {
        match self {
            Expression::Number(_) => {}
            Expression::Path(path) => found.push(path),
            Expression::Binary(left, _, right) => {
                left.paths(found);
                right.paths(found);
            }
        }
    }

    /// The expression with one number in the place of one `*`.
    fn bound(&self, each: &[Step], index: u64) -> Expression {
        match self {
            Expression::Number(number) => Expression::Number(*number),
            Expression::Path(path) if path.steps.starts_with(each) => {
                let mut path = path.clone();
                path.steps[each.len() - 1] = Step::Index(index);
                Expression::Path(path)
            }
            Expression::Path(path) => Expression::Path(path.clone()),
            Expression::Binary(left, sign, right) => {
                Expression::Binary(Box::new(left.bound(each, index)), *sign, Box::new(right.bound(each, index)))
            }
        }
    }

    /// What it comes to, or the figure that is missing.
    fn value(&self, summary: &Json) -> Result<f64, String> {
        match self {
            Expression::Number(number) => Ok(*number),
            Expression::Path(path) => match path.look_up(summary) {
                Some(Json::Bool(flag)) => Ok(f64::from(u8::from(*flag))),
                Some(Json::Number(number)) => number.as_f64().ok_or_else(|| path.name()),
                _ => Err(path.name()),
            },
            Expression::Binary(left, sign, right) => {
                let (left, right) = (left.value(summary)?, right.value(summary)?);
                Ok(match sign {
                    '+' => left + right,
                    '-' => left - right,
                    '*' => left * right,
                    _ => left / right,
                })
            }
        }
    }
}

impl Compare {
    fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Compare::Equal => left == right,
            Compare::Differs => left != right,
            Compare::AtMost => left <= right,
            Compare::AtLeast => left >= right,
            Compare::Less => left < right,
            Compare::More => left > right,
        }
    }
}

impl Statement {
    /// What the statement comes to. A `*` without anything to stand for holds.
    pub fn check(&self, summary: &Json) -> Outcome {
        let paths = self.paths();
        if let Some(each) = paths.iter().find_map(|path| path.up_to_each()) {
            let list = look_up(&each[..each.len() - 1], summary).and_then(Json::as_array);
            let Some(list) = list else {
                return Outcome::Unknown(Path { steps: each.to_vec(), column: 0 }.name());
            };
            let outcomes = (1..=list.len() as u64).map(|index| self.bound(each, index).check(summary));
            // A failure says more than a figure that is missing, and that more than what holds.
            return outcomes.fold(Outcome::Holds, |so_far, outcome| match (&so_far, &outcome) {
                (Outcome::Fails { .. }, _) | (_, Outcome::Holds) | (Outcome::Unknown(_), Outcome::Unknown(_)) => so_far,
                _ => outcome,
            });
        }
        match (self.left.value(summary), self.right.value(summary)) {
            (Ok(left), Ok(right)) if self.compare.holds(left, right) => Outcome::Holds,
            (Ok(left), Ok(right)) => Outcome::Fails { left, right, lane: paths.iter().find_map(|path| path.lane()) },
            (Err(path), _) | (_, Err(path)) => Outcome::Unknown(path),
        }
    }

    /// The lanes that it names, each with its column.
    pub(super) fn lanes_named(&self) -> impl Iterator<Item = (usize, u64)> {
        let named: Vec<_> = self.paths().iter().filter_map(|path| Some((path.column, path.lane()?))).collect();
        named.into_iter()
    }

    fn bound(&self, each: &[Step], index: u64) -> Statement {
        Statement { left: self.left.bound(each, index), compare: self.compare, right: self.right.bound(each, index) }
    }

    fn paths(&self) -> Vec<&Path> {
        let mut paths = Vec::new();
        self.left.paths(&mut paths);
        self.right.paths(&mut paths);
        paths
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn summary() -> Json {
        let tasks = |completed: u64, queued: u64| {
            json!({ "submitted": 10, "completed": completed, "failed": 0, "rejected": 0, "discarded": 0,
                    "retried": 3, "lost": 0, "queued": queued, "running": 1 })
        };
        let wait = json!({ "count": 4, "mean": 2.5, "p50": 2.0, "p90": 4.0, "p99": 4.0, "max": 5.0 });
        json!({ "format": 1, "seconds": 5.0, "machine": { "cores": 2, "quota": null }, "cores": [], "lanes": [
            { "tasks": tasks(4, 5), "throughput_per_s": 100.0, "result": { "ok": true }, "cpu_s": 1.5,
              "queue": { "max": 5 }, "latency_us": { "queue_wait": wait }, "locks": [{ "acquired": 7, "contended": 2 }] },
            { "tasks": tasks(9, 1), "throughput_per_s": 300.0, "result": { "ok": false }, "cpu_s": null,
              "queue": { "max": 1 }, "locks": [] } ] })
    }

    fn check(text: &str) -> String {
        match parse(text) {
            Err((column, message)) => format!("{column}: {message}"),
            Ok(statement) => match statement.check(&summary()) {
                Outcome::Holds => "holds".into(),
                Outcome::Fails { left, right, lane: Some(lane) } => format!("fails in lane {lane}: {left} and {right}"),
                Outcome::Fails { left, right, lane: None } => format!("fails: {left} and {right}"),
                Outcome::Unknown(path) => format!("no {path}"),
            },
        }
    }

    #[test]
    fn statements_say_what_they_say() {
        for (statement, outcome) in [
            ("lanes.*.tasks.lost == 0", "holds"),
            ("lanes.2.throughput_per_s > lanes.1.throughput_per_s * 2.5", "holds"),
            ("lanes.1.throughput_per_s>lanes.2.throughput_per_s", "fails in lane 1: 100 and 300"),
            ("lanes.*.queue.max <= 4", "fails in lane 1: 5 and 4"),
            ("lanes.*.tasks.completed + lanes.*.tasks.queued <= 9", "fails in lane 2: 10 and 9"),
            ("lanes.*.locks.*.contended < lanes.*.locks.*.acquired", "holds"),
            ("conserved", "fails in lane 2: 10 and 11"),
            ("lanes.1   conserved", "holds"),
            ("results ok", "fails in lane 2: 0 and 1"),
            ("lanes.1 results  ok", "holds"),
            ("lanes.*.cpu_s < 1", "fails in lane 1: 1.5 and 1"),
            ("lanes.*.cpu_s < 2", "no lanes.2.cpu_s"),
            ("machine.quota > 0", "no machine.quota"),
            ("cores.*.busy <= 1", "holds"),
            ("lanes.1.latency_us.queue_wait.p99 == 4", "holds"),
            ("lanes.2.latency_us.queue_wait.p99 == 4", "no lanes.2.latency_us.queue_wait.p99"),
            ("1 + 2 * 3 == 7", "holds"),
            ("(1 + 2) * 3 == -(-9)", "holds"),
            ("8 - 4 - 2 != 6 / 1", "holds"),
            ("0 / 0 == 0", "fails: NaN and 0"),
        ] {
            assert_eq!(check(statement), outcome, "{statement}");
        }
    }

    #[test]
    fn what_is_no_statement_is_refused_where_it_goes_wrong() {
        for (statement, outcome) in [
            ("", "1: expected a number or a figure such as lanes.1.tasks.lost"),
            ("lanes.1.queue.max", "18: expected a comparison: == != <= >= < >"),
            ("lanes.1.queue.max = 3", "19: expected a comparison: == != <= >= < >"),
            ("1 < 2 < 3", "7: the statement should end here"),
            ("1 <", "4: expected a number or a figure such as lanes.1.tasks.lost"),
            ("(1 < 2", "4: expected `)`"),
            ("1.2.3 < 2", "1: `1.2.3` is no number"),
            ("é < 2", "1: expected a number or a figure such as lanes.1.tasks.lost"),
            ("1 < lanes.1.taks.lost", "5: the summary has no `lanes.1.taks.lost`; did you mean `lanes.*.tasks.lost`?"),
            (
                "lanes.1.latency_us.service.p95 < 1",
                "1: the summary has no `lanes.1.latency_us.service.p95`; did you mean `lanes.*.latency_us.service.p90`?",
            ),
            ("weather < 1", "1: the summary has no `weather`"),
            ("lanes.0.queue.max < 1", "1: what a path counts begins with 1"),
            ("lanes. < 1", "7: expected a name, a number or `*` after the dot"),
            ("lanes.0 conserved", "1: what a path counts begins with 1"),
        ] {
            assert_eq!(check(statement), outcome, "{statement}");
        }
        assert!(parse(&"(".repeat(500)).is_err());
        assert!(parse(&"-".repeat(900)).is_err());
        assert!(parse(&" ".repeat(1001)).is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[a-z0-9.*/+() <>=!_-]{0,60}|\\PC{0,40}|(lanes|tasks|[.]|[*]|1|conserved| ){0,9}") {
            if let Ok(statement) = parse(&text) {
                statement.check(&summary());
                statement.check(&Json::Null);
            }
        }
    }
}
