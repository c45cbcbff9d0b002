//! Who holds what and who waits for whom, drawn: threads and locks as nodes, edge by edge as they come about; the four
//! conditions of a deadlock, and the circle when it closes.
//!
//! ```text
//!   A ╌╌╌ waits for, since step 3 ╌╌▶ [right]
//!   ▲                                    │
//!   │ held by                            │ held by
//!   │                                    ▼
//! [left] ◀╌╌ waits for, since step 4 ╌╌╌ B
//! ```
//!
//! A circle that is drawn is there. One that could close but has not is told as a finding, and never drawn as if it had.

use super::journey::awaited_end;
use super::threads;
use crate::explore::{Kind, Position, Report, thread_name};
use crate::stats::words;
use crate::view::pen::{Pen, fit, width_of, wrap};
use crate::view::theme::Theme;
use crate::wire::Standstill;
use ratatui::style::{Modifier, Style};

/// A wait of a thread.
#[derive(Clone, Debug, PartialEq)]
struct Wait {
    thread: usize,
    what: String,
    held_by: Option<usize>,
    since: String,
}

/// What is held by whom, and waited for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::view) struct Graph {
    /// Thread, lock, and since when.
    holds: Vec<(usize, String, String)>,
    waits: Vec<Wait>,
    /// The threads of the circle, each waiting for what the next one holds.
    circle: Vec<usize>,
    /// Threads and locks in the order in which a circle would go round, where one is known: places to draw them at.
    ring: Vec<Node>,
    /// Nobody can move any more, and somebody has not ended.
    is_still: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Thread(usize),
    Lock(String),
}

/// The threads that wait for each other in a circle, if any do: each for what the next one holds.
fn circle_of(waits: &[Wait]) -> Vec<usize> {
    let next = |thread: usize| waits.iter().find(|wait| wait.thread == thread).and_then(|wait| wait.held_by);
    for start in waits.iter().map(|wait| wait.thread) {
        let mut seen = vec![start];
        let mut now = start;
        while let Some(holder) = next(now) {
            if holder == start {
                return seen;
            }
            if seen.contains(&holder) {
                break;
            }
            seen.push(holder);
            now = holder;
        }
    }
    Vec::new()
}

/// The nodes of a circle, in its order.
fn ring_of(circle: &[usize], waits: &[Wait]) -> Vec<Node> {
    let node = |thread: &usize| {
        let what = waits.iter().find(|wait| wait.thread == *thread).map(|wait| wait.what.clone());
        [Node::Thread(*thread), Node::Lock(what.unwrap_or_default())]
    };
    circle.iter().flat_map(node).collect()
}

impl Graph {
    /// What a place shows; where a circle could close is known from `report`.
    pub(in crate::view) fn of_position(position: &Position, report: Option<&Report>) -> Graph {
        let since = |step: usize| if step > 0 { format!("since step {step}") } else { String::new() };
        let holds = position.shared.iter().flat_map(|datum| {
            datum.held_by.iter().map(move |(thread, step)| (*thread, datum.name.clone(), since(*step)))
        });
        let waits: Vec<Wait> = (position.threads.iter())
            .filter_map(|thread| {
                let wait = thread.waits.as_ref().filter(|_| thread.next.is_empty())?;
                let since = thread.waits_since.map_or(String::new(), since);
                Some(Wait { thread: thread.number, what: wait.what.clone(), held_by: wait.held_by, since })
            })
            .collect();
        let circle = circle_of(&waits);
        let ring = if circle.is_empty() {
            let deadlocks = report.map_or(&[][..], |report| &report.outcomes).iter();
            let rings = deadlocks.filter(|outcome| outcome.kind == Kind::Deadlock).filter_map(|outcome| {
                let waits: Vec<Wait> = (outcome.waits.iter())
                    .map(|wait| Wait {
                        thread: wait.thread,
                        what: wait.what.clone(),
                        held_by: wait.held_by,
                        since: String::new(),
                    })
                    .collect();
                let circle = circle_of(&waits);
                (!circle.is_empty()).then(|| ring_of(&circle, &waits))
            });
            // A circle that waits for an end is one as well, but a lock tells more.
            rings.min_by_key(|ring| ring.len()).unwrap_or_default()
        } else {
            ring_of(&circle, &waits)
        };
        let is_still = position.ended.as_ref().is_some_and(|ended| ended.kind == Kind::Deadlock);
        Graph { holds: holds.collect(), waits, circle, ring, is_still }
    }

    /// What a run on real threads that stands still shows.
    pub(in crate::view) fn of_standstill(still: &Standstill) -> Graph {
        let waits: Vec<Wait> = (still.waits.iter().enumerate())
            .map(|(place, wait)| {
                let since = still.since_ns.get(place).map(|ns| format!("since {}", words::duration(*ns)));
                Wait {
                    thread: wait.thread as usize,
                    what: wait.what.clone(),
                    held_by: wait.held_by.map(|thread| thread as usize),
                    since: since.unwrap_or_default(),
                }
            })
            .collect();
        let is_lock = |wait: &&Wait| awaited_end(&wait.what).is_none();
        let holds =
            waits.iter().filter(is_lock).filter_map(|wait| Some((wait.held_by?, wait.what.clone(), String::new())));
        let holds = holds.collect();
        let circle: Vec<usize> = still.circle.iter().map(|thread| *thread as usize).collect();
        let ring = ring_of(&circle, &waits);
        Graph { holds, waits, circle, ring, is_still: true }
    }

    /// Whether threads wait for each other in a circle, now.
    pub(in crate::view) fn is_closed(&self) -> bool {
        !self.circle.is_empty()
    }

    /// Whether nobody can move any more.
    pub(in crate::view) fn is_still(&self) -> bool {
        self.is_still
    }

    /// Whether there is something to draw: a circle, one that could come about, or a standstill.
    pub(in crate::view) fn is_worth_drawing(&self) -> bool {
        !self.ring.is_empty() || self.is_still
    }

    fn wait_for(&self, thread: usize, what: &str) -> Option<&Wait> {
        self.waits.iter().find(|wait| wait.thread == thread && wait.what == what)
    }

    fn hold(&self, thread: usize, lock: &str) -> Option<&(usize, String, String)> {
        self.holds.iter().find(|(holder, held, _)| *holder == thread && held == lock)
    }

    /// The four conditions of a deadlock, and whether each holds now.
    pub(in crate::view) fn conditions(&self) -> [(&'static str, bool); 4] {
        let held_and_awaited = |wait: &Wait| wait.held_by.is_some() && awaited_end(&wait.what).is_none();
        let holds_some = |thread: usize| self.holds.iter().any(|(holder, ..)| *holder == thread);
        [
            ("mutual exclusion", !self.holds.is_empty()),
            ("hold and wait", self.waits.iter().any(|wait| held_and_awaited(wait) && holds_some(wait.thread))),
            ("no preemption", self.waits.iter().any(held_and_awaited)),
            ("circular wait", self.is_closed()),
        ]
    }

    /// What it comes to, as a sentence.
    pub(in crate::view) fn sentence(&self) -> String {
        if self.is_closed() {
            let parts = self.circle.iter().filter_map(|thread| {
                let wait = self.waits.iter().find(|wait| wait.thread == *thread)?;
                let holder = wait.held_by?;
                let who = if holder == *thread {
                    "it holds itself".to_string()
                } else {
                    format!("{} holds", thread_name(holder))
                };
                Some(match awaited_end(&wait.what) {
                    Some(other) => format!("{} waits for the end of {}", thread_name(*thread), thread_name(other)),
                    None => format!("{} waits for {}, which {who}", thread_name(*thread), wait.what),
                })
            });
            let parts = parts.collect::<Vec<_>>().join("; ");
            return format!("The circle is closed. {parts}: none of them will ever move again.");
        }
        if self.is_still {
            let waits = self.waits.iter().filter(|wait| awaited_end(&wait.what).is_none());
            let waits: Vec<String> =
                waits.map(|wait| format!("{} waits for {}", thread_name(wait.thread), wait.what)).collect();
            return format!(
                "Nobody can move, and no circle is needed for it: {}, and nobody is left to bring that about.",
                waits.join(", ")
            );
        }
        match self.waits.iter().find(|wait| wait.held_by.is_some() && awaited_end(&wait.what).is_none()) {
            Some(wait) => {
                let holder = wait.held_by.map(thread_name).unwrap_or_default();
                format!(
                    "{} waits for {}, which {holder} holds. No circle: {holder} can still move.",
                    thread_name(wait.thread),
                    wait.what
                )
            }
            None => "Nobody waits for a lock.".to_string(),
        }
    }
}

/// The rows that the drawing of the graph takes, without conditions and sentence.
const DRAWING: u16 = 5;

/// The four conditions take so many rows.
fn condition_rows(width: u16) -> u16 {
    if width >= 72 { 1 } else { 2 }
}

/// The rows that all of it would take.
pub(in crate::view) fn rows_wanted(graph: &Graph, width: u16, has_cure: bool) -> u16 {
    let said = u16::try_from(wrap(&graph.sentence(), usize::from(width).max(1)).len()).unwrap_or(2);
    DRAWING + condition_rows(width) + said + u16::from(has_cure)
}

/// Draws the graph, the conditions and the sentence, as far as there is room. `flash`: the circle stands out right now.
pub(in crate::view) fn draw(graph: &Graph, flash: bool, cure: Option<&str>, theme: &Theme, pen: &mut Pen<'_>) {
    let (width, height) = (pen.width(), pen.height());
    let closed = theme.tint(theme.bad).patch(theme.strong());
    let sentence_style = match (graph.is_closed(), flash) {
        (true, true) => closed.add_modifier(Modifier::REVERSED),
        (true, false) => closed,
        (false, _) if graph.is_still => closed,
        (false, _) => theme.text(),
    };
    let sentence = wrap(&graph.sentence(), usize::from(width).max(1));
    let said = u16::try_from(sentence.len()).unwrap_or(2);
    let conditions = condition_rows(width);
    let cured = u16::from(cure.is_some());
    let mut row = 0;
    if !graph.ring.is_empty() && width >= 34 && height >= DRAWING + said + cured {
        ring(graph, flash, theme, &mut pen.part(0, 0, width, DRAWING));
        row = DRAWING;
    } else {
        let waits = graph.waits.iter().filter(|wait| awaited_end(&wait.what).is_none());
        for wait in waits.take(usize::from(height.saturating_sub(said + cured + 1))) {
            let column = pen.text(0, row, &thread_name(wait.thread), threads::name_style(wait.thread, theme));
            let held: Vec<&str> = graph
                .holds
                .iter()
                .filter(|(holder, ..)| *holder == wait.thread)
                .map(|(_, lock, _)| lock.as_str())
                .collect();
            let held = if held.is_empty() { String::new() } else { format!(" holds {},", held.join(", ")) };
            pen.text(column, row, &format!("{held} waits for {} {}", wait.what, wait.since), theme.text());
            row += 1;
        }
    }
    if height >= row + conditions + said + cured {
        let mut column = 0;
        for (place, (name, holds)) in graph.conditions().into_iter().enumerate() {
            if place == 2 && conditions == 2 {
                (row, column) = (row + 1, 0);
            }
            let (sign, style) = if holds { ("✓ ", closed) } else { ("· ", theme.label()) };
            column = pen.text(column, row, sign, style);
            column = pen.text(column, row, name, if holds { theme.strong() } else { theme.label() });
            // In columns, where they stand in two rows.
            column = if conditions == 2 { column.max(22) } else { column + 2 };
        }
        row += 1;
    }
    for line in sentence {
        pen.text(0, row, &line, sentence_style);
        row += 1;
    }
    if let Some(cure) = cure {
        let key = theme.tint(theme.warn).patch(theme.strong());
        let mut line = pen.part(0, row, width, 1);
        line.hit(crate::view::hits::Target::Command("cure"));
        let end = line.text(0, 0, cure, key);
        line.text(end + 1, 0, "takes the cure, and runs it again", theme.label());
    }
}

/// `since step 3` behind what it is said of.
fn bracketed(since: &str) -> String {
    if since.is_empty() { String::new() } else { format!(" ({since})") }
}

/// How a node is written.
fn node_text(node: &Node) -> String {
    match node {
        Node::Thread(thread) => format!(" {} ", thread_name(*thread)),
        Node::Lock(name) => format!("[{}]", fit(name, 16)),
    }
}

/// Draws the nodes in two rows and the edges around: every arrow goes the same way round.
fn ring(graph: &Graph, flash: bool, theme: &Theme, pen: &mut Pen<'_>) {
    let number = graph.ring.len();
    // The two nodes of a thread that waits for itself stand side by side.
    let columns = if number == 2 { 2 } else { number / 2 };
    let width = pen.width();
    let widest = graph.ring.iter().map(|node| width_of(&node_text(node))).max().unwrap_or(3);
    let step = if columns > 1 { width.saturating_sub(widest) / (columns as u16 - 1) } else { 0 };
    // The first column's nodes stand at the left edge, the last one's at the right: where the centre of each is.
    let centre = |column: usize| widest / 2 + step.min(40) * column as u16;
    let place = |index: usize| {
        if index < columns { (centre(index), 0) } else { (centre(2 * columns - 1 - index), DRAWING - 1) }
    };
    let places: Vec<(u16, u16)> =
        (0..number).map(|index| if number == 2 { (centre(index), 1) } else { place(index) }).collect();
    let closed = graph.is_closed();
    let strong = |waits: bool| {
        let base = if closed {
            theme.tint(theme.bad).patch(theme.strong())
        } else if waits {
            theme.tint(theme.warn)
        } else {
            theme.text()
        };
        if closed && flash { base.add_modifier(Modifier::REVERSED) } else { base }
    };
    for (index, node) in graph.ring.iter().enumerate() {
        let next = (index + 1) % number;
        let (waits, said) = match (node, &graph.ring[next]) {
            (Node::Thread(thread), Node::Lock(lock)) => match graph.wait_for(*thread, lock) {
                Some(wait) => (true, format!("waits for{}", bracketed(&wait.since))),
                None => continue,
            },
            (Node::Lock(lock), Node::Thread(thread)) => match graph.hold(*thread, lock) {
                Some((_, _, since)) => (false, format!("held by{}", bracketed(since))),
                None => continue,
            },
            _ => continue,
        };
        let edge = Edge { from: places[index], to: places[next], waits, said, span: centre(columns - 1) - centre(0) };
        let gap = (width_of(&node_text(node)), width_of(&node_text(&graph.ring[next])));
        edge.draw(gap, strong(waits), pen);
    }
    for (node, (column, row)) in graph.ring.iter().zip(&places) {
        let text = node_text(node);
        let style = match node {
            Node::Thread(thread) => threads::name_style(*thread, theme).add_modifier(Modifier::REVERSED),
            Node::Lock(_) => theme.strong(),
        };
        pen.text(column.saturating_sub(width_of(&text) / 2), *row, &text, style);
    }
}

struct Edge {
    from: (u16, u16),
    to: (u16, u16),
    waits: bool,
    said: String,
    /// The columns between the first and the last nodes of a row.
    span: u16,
}

impl Edge {
    /// What is said of it, and the same without since when.
    fn texts(&self) -> (String, String) {
        (self.said.clone(), self.said.split(" (").next().unwrap_or_default().to_string())
    }

    /// Waits are dashed, holds are drawn through, so that they differ without colours.
    fn draw(&self, (from_width, to_width): (u16, u16), style: Style, pen: &mut Pen<'_>) {
        let (flat, upright) = if self.waits { ('╌', '┆') } else { ('─', '│') };
        let ((x0, y0), (x1, y1)) = (self.from, self.to);
        if y0 == y1 && x0 < x1 {
            let (begin, end) = (x0 + from_width.div_ceil(2) + 1, x1.saturating_sub(to_width / 2 + 2));
            self.flat((begin, end), y0, flat, '▶', style, pen);
        } else if y0 == y1 && y0 == 1 {
            // Back to where it came from: below the two nodes.
            let row = 3;
            pen.put(x0, 2, upright, style);
            pen.put(x1, 2, '▲', style);
            pen.line(x1, row, x0.saturating_sub(x1) + 1, flat, style);
            pen.put(x0, row, '╯', style);
            pen.put(x1, row, '╰', style);
            pen.text(x1 + 3, row, &format!(" {} ", self.said), style);
        } else if y0 == y1 {
            let (begin, end) = (x1 + to_width.div_ceil(2) + 1, x0.saturating_sub(from_width / 2 + 2));
            self.flat((begin, end), y0, flat, '◀', style, pen);
        } else {
            let (top, bottom) = (y0.min(y1) + 1, y0.max(y1).saturating_sub(1));
            for row in top..=bottom {
                pen.put(x0, row, upright, style);
            }
            if y1 > y0 {
                pen.put(x0, bottom, '▼', style)
            } else {
                pen.put(x0, top, '▲', style)
            }
            // Labels stand beside the line, each on a row of its own, so that they cannot run into each other.
            let is_right = y1 > y0;
            let row = if is_right { u16::midpoint(top, bottom) } else { top + 1 };
            let (_, short) = self.texts();
            let half = (self.span / 2).saturating_sub(2);
            let text = if width_of(&self.said) <= half { self.said.clone() } else { short };
            let from = if is_right { x0.saturating_sub(width_of(&text) + 1) } else { x0 + 2 };
            pen.text(from, row, &text, style);
        }
    }

    fn flat(&self, (begin, end): (u16, u16), row: u16, line: char, head: char, style: Style, pen: &mut Pen<'_>) {
        let length = (end + 1).saturating_sub(begin);
        if length == 0 {
            return;
        }
        pen.line(begin, row, length, line, style);
        pen.put(if head == '▶' { end } else { begin }, row, head, style);
        let (said, short) = self.texts();
        let texts = [format!(" {said} "), format!(" {short} ")];
        if let Some(text) = texts.iter().find(|text| width_of(text) + 4 <= length) {
            pen.text(begin + (length - width_of(text)) / 2, row, text, style);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(thread: usize, what: &str, held_by: Option<usize>) -> Wait {
        Wait { thread, what: what.to_string(), held_by, since: String::new() }
    }

    #[test]
    fn a_circle_is_found_and_only_a_circle() {
        let main = wait(0, "the end of thread 1", Some(1));
        assert_eq!(circle_of(&[main.clone(), wait(1, "right", Some(2)), wait(2, "left", Some(1))]), [1, 2]);
        assert_eq!(circle_of(&[main.clone(), wait(1, "right", Some(2))]), [0usize; 0]);
        assert_eq!(circle_of(&[main, wait(1, "lock", Some(1))]), [1]);
        let asleep = Graph { waits: vec![wait(1, "a notify of cv", None)], is_still: true, ..Graph::default() };
        assert!(!asleep.is_closed() && asleep.sentence().contains("no circle"));
    }

    #[test]
    fn conditions_come_one_by_one() {
        let mut graph = Graph::default();
        let holding = |graph: &Graph| graph.conditions().map(|(_, holds)| holds);
        assert_eq!(holding(&graph), [false; 4]);
        graph.holds = vec![(1, "left".into(), String::new()), (2, "right".into(), String::new())];
        assert_eq!(holding(&graph), [true, false, false, false]);
        graph.waits = vec![wait(1, "right", Some(2))];
        assert_eq!(holding(&graph), [true, true, true, false]);
        graph.waits.push(wait(2, "left", Some(1)));
        graph.circle = circle_of(&graph.waits);
        assert_eq!(holding(&graph), [true; 4]);
    }
}
