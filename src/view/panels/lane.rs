//! One lane: what it achieves, what each worker does, how its queue stands, and the figures behind.
//!
//! ```text
//! ╭─ ▸2 ● four threads ────── channel ─╮   ● it is its turn
//! │ 1,553 tasks/s                ×1.91 │   the last second
//! │ whole run 1,540              ×1.89 │
//! │   ▇▇▇▇▇▇█▇▇▇▇▇█▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇  │   the same scale in every lane
//! │ 4 workers               last 3.1 s │   of the lane's own active time
//! │ 0 █▒▒█·▇▅██▚▚▚▒████▒▒███▒█████▒█ █ │   height: the share of the time; the last column: now
//! │ queue 61 of 64  mean 60 · sampled  │
//! │   ▅▄▄▆▃▃▃▄▂▂▅▄▄▆█▅▆▃▃▄▁▂▄▃▄▄▄▅▅▄▄  │
//! │ wait  p50 40 ms  p99 52 ms         │
//! ╰────────────────────────────────────╯
//! ```
//!
//! All lanes get the same rows, so that what stands side by side can be compared.

use super::jobs;
use crate::ledger::{Activity, LaneLedger, Ledger, Standing, WorkerLedger};
use crate::stats::{Histogram, words};
use crate::view::glyphs::Glyphs;
use crate::view::pen::{Pen, fit, width_of};
use crate::view::programs::wild;
use crate::view::theme::Theme;
use crate::view::timeline::{Shares, Timeline, dominant, running_share};
use crate::wire::{Exit, LaneId, Mode, Phase, PoolPlan, QueueHow, Start, Transport, WorkerId};
use ratatui::style::Style;

/// A part of a lane's panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Section {
    Headline,
    Progress,
    Runs,
    Overall,
    Throughput,
    Workers,
    Queue,
    QueueGraph,
    Tasks,
    Wait,
    Service,
    Lock,
    Cpu,
    Memory,
    Startup,
    Check,
    Jobs,
}

struct Item {
    section: Section,
    /// What it is called where it says that there is no room for it.
    name: &'static str,
    /// The lower, the sooner it gets a row.
    priority: u8,
    rows_min: u16,
    /// Whether a blank row stands before it, where there is one to spare.
    begins_group: bool,
}

const fn item(section: Section, name: &'static str, priority: u8, rows_min: u16, begins_group: bool) -> Item {
    Item { section, name, priority, rows_min, begins_group }
}

/// The sections from top to bottom.
const ITEMS: [Item; 17] = [
    item(Section::Headline, "throughput", 0, 1, false),
    // A command's lanes are there to get done.
    item(Section::Progress, "progress", 0, 1, false),
    // A program's lanes are there for how its runs end.
    item(Section::Runs, "endings", 0, 2, false),
    item(Section::Overall, "whole-run figures", 9, 1, false),
    item(Section::Throughput, "throughput graph", 5, 1, false),
    item(Section::Workers, "workers", 1, 2, true),
    item(Section::Queue, "queue", 3, 1, true),
    item(Section::QueueGraph, "queue graph", 8, 1, false),
    item(Section::Tasks, "task counts", 10, 1, true),
    item(Section::Wait, "waiting times", 4, 1, false),
    item(Section::Service, "task times", 7, 1, false),
    item(Section::Lock, "locks", 11, 1, false),
    item(Section::Cpu, "CPU", 6, 1, false),
    item(Section::Memory, "memory", 12, 1, false),
    item(Section::Startup, "start-up", 13, 1, false),
    item(Section::Check, "check", 2, 1, false),
    item(Section::Jobs, "inputs that failed", 2, 1, false),
];

/// From this width on all quantiles stand in one row.
const QUANTILES_WIDE: u16 = 50;

/// Up to so many workers get their rows before sections of this priority and later ones get any.
const WORKERS_SOON: u16 = 4;
const WORKERS_BEFORE: u8 = 6;
const WORKERS_PLACE: usize = 5;
/// A program's endings get all rows that they want before sections of this priority get any.
const ENDINGS_BEFORE: u8 = 4;

/// The priority of waiting times where inputs of a command failed.
const WAIT_BESIDE_FAILURES: u8 = 7;

/// Graphs grow to this height before workers get more than [`WORKERS_FIRST`] rows.
const GRAPH_ROWS: u16 = 3;
/// Graphs are never higher than this.
const GRAPH_ROWS_MAX: u16 = 12;
/// Nor a worker's row than this.
const THICK_MAX: u16 = 3;
/// The sections that begin a group, without the first.
const GROUPS: u16 = 3;
const WORKERS_FIRST: u16 = 8;

/// The rows of every lane's panel.
pub(in crate::view) struct Rows {
    rows: Vec<(Section, u16)>,
    /// What there is no room for.
    pub(in crate::view) hidden: Vec<&'static str>,
    /// The columns that the widest name of a row of workers takes.
    label: u16,
    /// The rows that each row of workers is high.
    thick: u16,
}

impl Rows {
    /// Divides `height` rows among the sections of panels that are `width` columns wide inside.
    pub(in crate::view) fn plan(height: u16, width: u16, lanes: &[&LaneLedger]) -> Rows {
        let workers = lanes.iter().map(|lane| present(lane).count()).max().unwrap_or(0);
        let workers_wanted = u16::try_from(workers).unwrap_or(u16::MAX).max(1).saturating_add(1);
        let endings = lanes.iter().filter(|lane| lane.plan.pool.program().is_some());
        let endings = endings.map(|lane| wild::rows_wanted(lane)).max().unwrap_or(0);
        let jobs = lanes.iter().filter(|lane| lane.plan.pool.command().is_some());
        let jobs = jobs.map(|lane| jobs::rows_wanted(lane)).max().unwrap_or(0);
        let has_failures = lanes.iter().filter_map(|lane| lane.jobs.as_ref()).any(|jobs| !jobs.failed.is_empty());
        let has_locks = lanes.iter().any(|lane| !lane.locks.is_empty());
        let mut rows = [0u16; ITEMS.len()];
        let mut left = height;
        let mut hidden = Vec::new();
        let mut by_priority: Vec<usize> = (0..ITEMS.len()).collect();
        by_priority.sort_by_key(|&place| match ITEMS[place].section {
            // What the last input that failed said tells more than how long inputs waited for a worker.
            Section::Wait if has_failures => WAIT_BESIDE_FAILURES,
            _ => ITEMS[place].priority,
        });
        for place in by_priority {
            let item = &ITEMS[place];
            // How runs end comes before what their threads do.
            if item.priority == ENDINGS_BEFORE && endings > 0 {
                grow(&mut rows, Section::Runs, endings.min(height / 2), &mut left);
            }
            if (item.section == Section::Lock && !has_locks) || !is_meant(item.section, endings, jobs) {
                continue;
            }
            // Some workers in rows of their own tell more than what comes after the first few sections.
            if item.priority == WORKERS_BEFORE {
                let more = workers_wanted.min(WORKERS_SOON + 1).saturating_sub(rows[WORKERS_PLACE]).min(left);
                if rows[WORKERS_PLACE] > 0 {
                    rows[WORKERS_PLACE] += more;
                    left -= more;
                }
            }
            if item.rows_min <= left {
                rows[place] = item.rows_min;
                left -= item.rows_min;
            } else {
                hidden.push(item.name);
            }
            if item.section == Section::Jobs && has_failures {
                grow(&mut rows, Section::Jobs, 2, &mut left);
            }
        }
        grow(&mut rows, Section::Progress, 2, &mut left);
        grow(&mut rows, Section::Jobs, jobs.min(2), &mut left);
        grow(&mut rows, Section::Workers, workers_wanted.min(WORKERS_FIRST + 1), &mut left);
        grow(&mut rows, Section::Jobs, jobs.min(height / 3), &mut left);
        for high in 2..=GRAPH_ROWS {
            grow(&mut rows, Section::QueueGraph, high, &mut left);
            grow(&mut rows, Section::Throughput, high, &mut left);
        }
        grow(&mut rows, Section::Workers, workers_wanted, &mut left);
        // What does not fit beside the first figures stands below them.
        if width < QUANTILES_WIDE {
            grow(&mut rows, Section::Service, 2, &mut left);
            grow(&mut rows, Section::Wait, 2, &mut left);
        }
        grow(&mut rows, Section::Lock, 2, &mut left);
        // The rows of rest between groups come before high graphs.
        let rest = left.min(GROUPS);
        left -= rest;
        // Where every worker has a row, rows may be higher: they then show how much of the time it was running.
        let one_each = workers_wanted.saturating_sub(1);
        let mut graph_rows = GRAPH_ROWS;
        for thick in 2..=THICK_MAX {
            for _ in 0..GRAPH_ROWS_MAX / THICK_MAX {
                graph_rows += 1;
                grow(&mut rows, Section::QueueGraph, graph_rows, &mut left);
                grow(&mut rows, Section::Throughput, graph_rows, &mut left);
            }
            if left >= one_each {
                grow(&mut rows, Section::Workers, one_each.saturating_mul(thick).saturating_add(1), &mut left);
            }
        }
        // Where several workers share a row, all rows but the last hold as many: those that this leaves empty go to others.
        let high = rows[WORKERS_PLACE].saturating_sub(1);
        if high > 0 && high < one_each {
            let used = one_each.div_ceil(one_each.div_ceil(high));
            rows[WORKERS_PLACE] = used + 1;
            left += high - used;
        }
        grow(&mut rows, Section::QueueGraph, GRAPH_ROWS_MAX, &mut left);
        grow(&mut rows, Section::Throughput, GRAPH_ROWS_MAX, &mut left);
        left += rest;
        let mut planned = Vec::new();
        for (item, rows) in ITEMS.iter().zip(rows) {
            // A row of rest between groups; sections without rows do not count.
            let rest = u16::from(item.begins_group && rows > 0 && left > 0 && !planned.is_empty());
            left -= rest;
            if rest > 0 {
                planned.push((item.section, 0));
            }
            if rows > 0 {
                planned.push((item.section, rows));
            }
        }
        let high = rows[WORKERS_PLACE].saturating_sub(1);
        let thick = (high / one_each.max(1)).max(1);
        let worker_rows = usize::from(high / thick).max(1);
        let names = lanes.iter().flat_map(|lane| {
            let there: Vec<&WorkerLedger> = present(lane).collect();
            let groups = there.chunks(there.len().div_ceil(worker_rows).max(1));
            groups.map(|group| width_of(&name_of_group(group))).collect::<Vec<_>>()
        });
        Rows { rows: planned, hidden, label: names.max().unwrap_or(1).max(1), thick }
    }
}

/// Whether a section tells anything of lanes whose endings want so many rows: none do where lanes run no programs, and a
/// run of a program waits in no queue, nor has it a result to check but its ending. `jobs` is the same of commands.
fn is_meant(section: Section, endings: u16, jobs: u16) -> bool {
    match section {
        Section::Progress | Section::Jobs => jobs > 0,
        Section::Runs => endings > 0,
        Section::Queue | Section::QueueGraph | Section::Wait | Section::Tasks | Section::Check => endings == 0,
        _ => true,
    }
}

/// Gives a section that is there more rows, up to so many, as far as some are left.
fn grow(rows: &mut [u16; ITEMS.len()], section: Section, rows_max: u16, left: &mut u16) {
    for (item, rows) in ITEMS.iter().zip(rows) {
        if item.section == section && *rows > 0 {
            let more = rows_max.saturating_sub(*rows).min(*left);
            *rows += more;
            *left -= more;
        }
    }
}

/// What graphs of all lanes are measured against, so that equal heights mean equal figures.
pub(in crate::view) struct Scale {
    throughput_per_s: f64,
    depth: u64,
    column_ns: u64,
}

impl Scale {
    /// The scale for all lanes of a ledger, shown or not: turning a page must not change it.
    pub(in crate::view) fn of(ledger: &Ledger, columns: u16) -> Scale {
        let column_ns = ledger.plan().map_or(100, |plan| plan.tick_ms).clamp(1, 60_000) * 1_000_000;
        let (mut rate, mut depth) = (0.0f64, 1u64);
        for lane in ledger.lanes() {
            let timeline = Timeline::of(lane, usize::from(columns), column_ns);
            rate = timeline.rates(lane).into_iter().fold(rate, f64::max);
            let most = timeline.depths(lane).into_iter().max().unwrap_or(0);
            depth = depth.max(most).max(lane.plan.capacity.filter(|capacity| *capacity <= 100_000).unwrap_or(0));
        }
        Scale { throughput_per_s: round_up(rate), depth, column_ns }
    }

    /// The scale in words.
    pub(in crate::view) fn caption(&self) -> String {
        format!(
            "in all lanes graphs reach to {} and to {} queued",
            words::per_s(self.throughput_per_s, "tasks"),
            words::count(self.depth)
        )
    }
}

/// The next of 1, 1.5, 2, 3, 4, 5, 6, 8, 10 times a power of ten: a scale that does not change with every tick.
fn round_up(value: f64) -> f64 {
    if !value.is_finite() || value <= 0.0 {
        return 1.0;
    }
    let power = words::power_of_ten(value);
    let step = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0].into_iter().find(|step| step * power >= value * 0.999);
    step.unwrap_or(10.0) * power
}

fn present(lane: &LaneLedger) -> impl Iterator<Item = &WorkerLedger> {
    lane.workers.iter().filter(|worker| worker.present)
}

/// Whether a tick has come: before, a zero would be a guess.
fn knows(lane: &LaneLedger) -> bool {
    !lane.history.is_empty()
}

/// What a lane's panel needs besides the lane.
pub(in crate::view) struct Context<'a> {
    pub(in crate::view) ledger: &'a Ledger,
    pub(in crate::view) theme: &'a Theme,
    pub(in crate::view) rows: &'a Rows,
    pub(in crate::view) scale: &'a Scale,
    /// The width inside a panel, the same for all.
    pub(in crate::view) width: u16,
    pub(in crate::view) wanted: Option<u32>,
    pub(in crate::view) is_focused: bool,
    /// Whether the user paused all lanes.
    pub(in crate::view) is_paused: bool,
    pub(in crate::view) boxed: bool,
    /// Whether graphs are swept rather than scrolled.
    pub(in crate::view) sweeps: bool,
}

impl Context<'_> {
    /// The columns of every graph: what the names of workers, a blank, another and the state now leave.
    fn columns(&self) -> u16 {
        self.width.saturating_sub(self.rows.label + 1 + 2)
    }

    /// The columns of a graph that stand in one cell.
    fn per_cell(&self) -> usize {
        if self.theme.glyphs == Glyphs::Braille { 2 } else { 1 }
    }
}

/// A worker's number, or the first and last of several; `c` is the caller, who runs what the queue has no room for.
fn name_of_group(group: &[&WorkerLedger]) -> String {
    let name = |worker: &WorkerLedger| if worker.is_caller() { "c".to_string() } else { worker.id.to_string() };
    match group {
        [one] => name(one),
        [first, .., last] => format!("{}-{}", name(first), name(last)),
        [] => String::new(),
    }
}

pub(in crate::view) fn draw(lane: &LaneLedger, context: &Context<'_>, pen: &mut Pen<'_>) {
    let theme = context.theme;
    let hue = theme.tint(theme.lane(lane.plan.id.index().unwrap_or(0)));
    let frame = if context.is_focused { hue } else { theme.label() };
    let name = hue.patch(theme.strong());
    let number = format!("{}{} ", if context.is_focused { "▸" } else { " " }, lane.plan.id);
    let (sign, sign_style) = sign(lane, context);
    let (mut standing, standing_style) = standing(lane, context);
    // What stands on the right gives way to the name: the sign tells the most important part of it.
    let edges = if context.boxed { 11 } else { 9 };
    let room = pen.width().saturating_sub(edges + width_of(&number));
    let name_width = width_of(&words::plain(lane.name()));
    if name_width + width_of(&standing) > room {
        standing.clear();
    }
    let shown_name = fit(&words::plain(lane.name()), usize::from(room.saturating_sub(width_of(&standing))).max(6));
    let right_from = width_of(&number) + width_of(&shown_name) + 5;
    {
        let width = pen.width();
        let _ = pen.panel(
            &[(&number, name), (sign, sign_style), (" ", name), (&shown_name, name)],
            "",
            frame,
            context.boxed,
        );
        let edge = 1 + u16::from(context.boxed);
        let mut top = pen.part(edge, 0, width.saturating_sub(2 * edge), 1);
        if !standing.is_empty() {
            top.text_right(right_from, 0, &format!(" {standing} "), standing_style);
        }
    }
    let inset = if context.boxed { 2 } else { 0 };
    let height = pen.height();
    let mut inside = pen.part(inset, 1, context.width, height.saturating_sub(1 + u16::from(context.boxed)));
    let columns = usize::from(context.columns()).saturating_sub(usize::from(context.sweeps));
    let timeline = Timeline::of(lane, columns, context.scale.column_ns);
    let graphs = Timeline::of(lane, columns * context.per_cell(), context.scale.column_ns);
    let mut row = 0;
    for &(section, rows) in &context.rows.rows {
        if rows == 0 {
            row += 1;
            continue;
        }
        let mut part = inside.part(0, row, context.width, rows);
        draw_section(section, lane, (&timeline, &graphs), context, &mut part);
        // What a lane did before it went can be read, but cannot be taken for what it does.
        if went_wrong(lane).is_some() && section != Section::Headline {
            part.fade(theme.label());
        }
        row += rows;
    }
}

/// How a lane ended, if that was not in good order.
fn went_wrong(lane: &LaneLedger) -> Option<&Exit> {
    match &lane.standing {
        Standing::Gone(gone) if !gone.expected => Some(&gone.exit),
        _ => None,
    }
}

/// One character for where a lane stands.
fn sign(lane: &LaneLedger, context: &Context<'_>) -> (&'static str, Style) {
    let theme = context.theme;
    let plan = context.ledger.plan();
    let takes_turns = plan.is_some_and(|plan| matches!(plan.mode, Mode::Turns { .. }) && plan.lanes.len() > 1);
    let is_its_turn = context.ledger.running().and_then(LaneId::index) == lane.plan.id.index();
    match (&lane.standing, lane.phase) {
        (Standing::Gone(gone), _) if !gone.expected => ("✕", theme.tint(theme.bad).patch(theme.strong())),
        (Standing::Gone(_), _) | (_, Phase::Done) => ("✓", theme.tint(theme.good)),
        (Standing::Awaited, _) | (_, Phase::Starting) => ("…", theme.label()),
        // A lane's own word comes a tick late.
        (_, Phase::Running | Phase::Pausing | Phase::Paused) if takes_turns => match is_its_turn {
            true if !context.is_paused => ("●", theme.tint(theme.good)),
            _ => ("‖", theme.label()),
        },
        (_, Phase::Running) => ("●", theme.tint(theme.good)),
        (_, Phase::Pausing | Phase::Paused | Phase::Halted) => ("‖", theme.tint(theme.warn)),
    }
}

fn draw_section(
    section: Section,
    lane: &LaneLedger,
    (timeline, graphs): (&Timeline, &Timeline),
    context: &Context<'_>,
    pen: &mut Pen<'_>,
) {
    let (theme, label) = (context.theme, context.theme.label());
    let hue = theme.tint(theme.lane(lane.plan.id.index().unwrap_or(0)));
    match section {
        Section::Headline => headline(lane, context, pen),
        Section::Runs => wild::draw(lane, theme, pen),
        Section::Overall => {
            let column = pen.text(0, 0, "whole run ", label);
            let rate = lane.throughput_per_s();
            let end = pen.text(column, 0, &rate.map_or(words::NOT_YET.to_string(), words::number), theme.text());
            let ratio = ratio(rate, context.ledger.lanes().first().and_then(LaneLedger::throughput_per_s));
            pen.text_right(end + 1, 0, &ratio, theme.text());
        }
        Section::Throughput => {
            let scale = context.scale.throughput_per_s;
            let shares: Vec<f64> = graphs.rates(lane).into_iter().map(|rate| rate / scale).collect();
            graph(graphs, &shares, context, hue, pen);
        }
        Section::Workers => workers(lane, timeline, context, pen),
        Section::Queue => queue(lane, context, pen),
        Section::QueueGraph => {
            let scale = context.scale.depth as f64;
            let shares: Vec<f64> = graphs.depths(lane).into_iter().map(|depth| depth as f64 / scale).collect();
            capacity_line(lane, context, pen);
            graph(graphs, &shares, context, hue, pen);
        }
        Section::Tasks => tasks(lane, theme, pen),
        Section::Wait => quantiles("wait", &lane.queue_wait, lane, theme, pen),
        Section::Service => quantiles("task", &lane.service, lane, theme, pen),
        Section::Lock => lock(lane, theme, pen),
        Section::Cpu => cpu(lane, theme, pen),
        Section::Memory => memory(lane, theme, pen),
        Section::Startup => {
            let text = match &lane.hello {
                Some(hello) => {
                    let kind = if lane.plan.pool.is_processes() { "process" } else { "thread" };
                    let workers = lane.plan.workers as usize;
                    let workers = match (workers, kind) {
                        (1, kind) => format!("1 {kind}"),
                        (_, "process") => format!("{} processes", words::count(workers as u64)),
                        _ => words::plural(workers, kind),
                    };
                    format!("{} · {workers}", words::duration(hello.startup_ns))
                }
                None => words::NOT_YET.to_string(),
            };
            field("start", &text, theme.text(), theme, pen);
        }
        Section::Check => check(lane, theme, pen),
        Section::Progress => jobs::progress(lane, theme, pen),
        Section::Jobs => jobs::newest(lane, theme, pen),
    }
}

/// Where the lane stands, where that is remarkable; otherwise how it is made.
fn standing(lane: &LaneLedger, context: &Context<'_>) -> (String, Style) {
    let theme = context.theme;
    let takes_turns = context.ledger.plan().is_some_and(|plan| matches!(plan.mode, Mode::Turns { .. }));
    match (&lane.standing, lane.phase) {
        (Standing::Gone(gone), _) if !gone.expected => (made_of(lane), theme.label()),
        (Standing::Awaited, _) => ("starting …".to_string(), theme.label()),
        (Standing::Gone(_), _) => ("done".to_string(), theme.tint(theme.good)),
        (_, Phase::Done) => ("done".to_string(), theme.tint(theme.good)),
        (_, Phase::Starting) => ("starting …".to_string(), theme.label()),
        // Lanes that take turns are paused most of the time; telling it would only flicker. The header tells whose turn it is.
        (_, Phase::Paused | Phase::Pausing) if takes_turns => (made_of(lane), theme.label()),
        (_, Phase::Pausing) => ("pausing …".to_string(), theme.tint(theme.warn)),
        (_, Phase::Paused) => ("paused".to_string(), theme.tint(theme.warn)),
        (_, Phase::Halted) => ("halted in a task".to_string(), theme.tint(theme.warn)),
        (_, Phase::Running) => (made_of(lane), theme.label()),
    }
}

fn made_of(lane: &LaneLedger) -> String {
    match &lane.plan.pool {
        PoolPlan::Single => "single".to_string(),
        PoolPlan::Threads { queue: QueueHow::Channel } => "threads · channel".to_string(),
        PoolPlan::Threads { queue: QueueHow::Mutex } => "threads · mutex".to_string(),
        PoolPlan::Stealing => "work stealing".to_string(),
        PoolPlan::PerTask => "thread per task".to_string(),
        PoolPlan::Program(_) => "its own threads".to_string(),
        PoolPlan::Cpython(_) => "CPython".to_string(),
        PoolPlan::Litmus(litmus) if litmus.fence => "litmus, fenced".to_string(),
        PoolPlan::Litmus(_) => "litmus".to_string(),
        PoolPlan::Command(_) => "command".to_string(),
        PoolPlan::Processes { transport, start, .. } => {
            let transport = match transport {
                Transport::Pipe => "pipe",
                Transport::Socket => "socket",
                Transport::SharedMemory => "shared memory",
            };
            let start = match start {
                Start::Spawn => "spawn",
                Start::Forkserver => "forkserver",
            };
            format!("{transport} · {start}")
        }
    }
}

fn headline(lane: &LaneLedger, context: &Context<'_>, pen: &mut Pen<'_>) {
    let theme = context.theme;
    if let Some(exit) = went_wrong(lane) {
        let end = pen.text(0, 0, " GONE ", theme.alarm());
        let how = match exit {
            Exit::Signal { signal } => {
                crate::system::name_of_signal(*signal).map_or_else(|| format!("signal {signal}"), str::to_string)
            }
            Exit::Code { code } => format!("exit code {code}"),
            Exit::Unknown => String::new(),
        };
        let end = pen.text(end + 1, 0, &how, theme.tint(theme.bad).patch(theme.strong()));
        pen.text(end, 0, &format!(" at {:.1} s", lane.gone_at_ns as f64 / 1e9), theme.label());
        return;
    }
    if !knows(lane) {
        pen.text(0, 0, "starting …", theme.label());
        return;
    }
    let rate = lane.throughput_now_per_s();
    let figure = rate.map_or(words::NOT_YET.to_string(), words::number);
    let column = pen.text(0, 0, &figure, theme.strong());
    let unit = if lane.plan.pool.program().is_some() { " runs/s" } else { " tasks/s" };
    let end = pen.text(column, 0, unit, theme.label());
    let first = context.ledger.lanes().first().and_then(LaneLedger::throughput_now_per_s);
    pen.text_right(end + 1, 0, &ratio(rate, first), theme.strong());
}

/// How many times the first lane's figure.
fn ratio(figure: Option<f64>, first: Option<f64>) -> String {
    match (figure, first) {
        (Some(figure), Some(first)) if first > 0.0 => words::times(figure / first),
        _ => words::NOT_YET.to_string(),
    }
}

/// A graph that ends, as every other, where the newest column of the workers' timelines does.
fn graph(timeline: &Timeline, shares: &[f64], context: &Context<'_>, style: Style, pen: &mut Pen<'_>) {
    let (from, width, height) = (context.rows.label + 1, context.columns(), pen.height());
    let bottom = height.saturating_sub(1);
    if context.per_cell() == 1 {
        for (column, &share) in shares.iter().enumerate() {
            pen.rise(from + timeline.place(column, width, context.sweeps), bottom, height, share, style);
        }
        return;
    }
    // Two neighbours share a cell, whichever column the graph begins with.
    let mut pair = (None, [0.0; 2]);
    for (column, &share) in shares.iter().enumerate() {
        let place = timeline.place(column, width * 2, context.sweeps);
        if pair.0 != Some(place / 2) {
            if let Some(cell) = pair.0 {
                pen.dots(from + cell, bottom, height, pair.1, style);
            }
            pair = (Some(place / 2), [0.0; 2]);
        }
        pair.1[usize::from(place % 2)] = share;
    }
    if let Some(cell) = pair.0 {
        pen.dots(from + cell, bottom, height, pair.1, style);
    }
}

/// Where the queue is full: a line behind its graph.
fn capacity_line(lane: &LaneLedger, context: &Context<'_>, pen: &mut Pen<'_>) {
    let Some(capacity) = lane.plan.capacity else { return };
    let share = capacity as f64 / context.scale.depth as f64;
    let height = pen.height();
    if share > 1.0 || height < 2 {
        return;
    }
    let from_bottom = (share * f64::from(height)).ceil().max(1.0) as u16;
    let row = height.saturating_sub(from_bottom);
    pen.line(context.rows.label + 1, row, context.columns(), '╌', context.theme.label());
}

fn workers(lane: &LaneLedger, timeline: &Timeline, context: &Context<'_>, pen: &mut Pen<'_>) {
    let theme = context.theme;
    let there: Vec<&WorkerLedger> = present(lane).collect();
    let (callers, workers) = there.iter().partition::<Vec<&WorkerLedger>, _>(|worker| worker.is_caller());
    let number = match (knows(lane), callers.is_empty()) {
        (false, _) => format!("workers {}", words::NOT_YET),
        (true, true) => words::plural(workers.len(), "worker"),
        (true, false) => format!("{}, a caller", words::plural(workers.len(), "worker")),
    };
    let mut column = pen.text(0, 0, &number, theme.label());
    if let Some(wanted) = context.wanted.filter(|wanted| *wanted as usize != workers.len()) {
        column = pen.text(column, 0, &format!(" → {}", words::count(u64::from(wanted))), theme.tint(theme.warn));
    }
    if lane.workers_died > 0 {
        column = pen.text(column, 0, &format!(" · {} died", words::count(lane.workers_died)), theme.tint(theme.bad));
    }
    let left = lane.workers_left();
    if left > 0 {
        column = pen.text(column, 0, &format!(" · {} left", words::count(left as u64)), theme.label());
    }
    if timeline.len() > 0 {
        let span_ns = (timeline.len() as u64).saturating_mul(context.scale.column_ns);
        pen.text_right(column + 1, 0, &format!("last {}", words::duration(span_ns)), theme.label());
    }
    let thick = context.rows.thick;
    let rows = usize::from(pen.height().saturating_sub(1) / thick);
    if rows == 0 || there.is_empty() {
        return;
    }
    let per_row = there.len().div_ceil(rows);
    let columns = context.columns();
    for (place, group) in (0..).zip(there.chunks(per_row)) {
        let top = 1 + place * thick;
        let name = name_of_group(group);
        pen.text(context.rows.label.saturating_sub(width_of(&name)), top, &name, theme.label());
        let mut shares = vec![Shares::default(); timeline.len()];
        let mut now = Shares::default();
        for worker in group {
            timeline.add_stints(worker, &mut shares);
            now[Activity::of(worker.state) as usize] += 1;
        }
        for (column, share) in shares.iter().enumerate() {
            let column = context.rows.label + 1 + timeline.place(column, columns, context.sweeps);
            stretch(share, (column, top, thick), theme, pen);
        }
        if let Some(activity) = dominant(&now) {
            let (shape, style) = theme.activity(activity);
            (top..top + thick).for_each(|row| pen.put(context.width.saturating_sub(1), row, shape, style));
        }
    }
}

/// Below this share, running is not drawn where something else took most of the time.
const RUNNING_VISIBLE: f64 = 0.06;
/// From this share on, a stretch counts as full.
const RUNNING_FULL: f64 = 0.94;

/// A stretch of time: a bar as high as the share of it that was running, where that was most of what was done; the
/// shape of what else took most of it. `place` is a column, its first row, and how many rows.
fn stretch(shares: &Shares, place: (u16, u16, u16), theme: &Theme, pen: &mut Pen<'_>) {
    let (column, top, rows) = place;
    let Some(most) = dominant(shares) else { return };
    let running = running_share(shares);
    if most == Activity::Running || (most == Activity::Idle && running >= RUNNING_VISIBLE) {
        let share = if running >= RUNNING_FULL { 1.0 } else { running };
        pen.rise(column, top + rows - 1, rows, share, theme.activity(Activity::Running).1);
        return;
    }
    let (shape, style) = theme.activity(most);
    let first = if most == Activity::Idle { top + rows - 1 } else { top };
    (first..top + rows).for_each(|row| pen.put(column, row, shape, style));
}

fn queue(lane: &LaneLedger, context: &Context<'_>, pen: &mut Pen<'_>) {
    let theme = context.theme;
    let column = pen.text(0, 0, "queue ", theme.label());
    let depth = if knows(lane) { words::count(lane.queue.depth) } else { words::NOT_YET.to_string() };
    let column = pen.text(column, 0, &depth, theme.strong());
    let bound = lane.plan.capacity.map_or(" no bound".to_string(), |most| format!(" of {}", words::count(most)));
    let end = pen.text(column, 0, &bound, theme.text());
    // Whether each change was seen, or the length read from time to time, is part of the figure.
    let how = if lane.queue.witnessed { "counted" } else { "sampled" };
    let Some(mean) = lane.depth_mean() else { return };
    let long = format!("mean {} · {how}", words::number(mean));
    if !pen.text_right(end + 1, 0, &long, theme.label()) {
        pen.text_right(end + 1, 0, how, theme.label());
    }
}

/// Below this width every column counts.
const NARROW: u16 = 28;

/// A name in a column of its own, then its figure; returns the column after it.
fn field(name: &str, figure: &str, style: Style, theme: &Theme, pen: &mut Pen<'_>) -> u16 {
    let end = pen.text(0, 0, name, theme.label());
    let from = if pen.width() < NARROW { 5 } else { 6 };
    pen.text(from.max(end + 1), 0, figure, style)
}

fn tasks(lane: &LaneLedger, theme: &Theme, pen: &mut Pen<'_>) {
    let counts = lane.tasks;
    let done = if knows(lane) { words::count(counts.completed) } else { words::NOT_YET.to_string() };
    let others = [
        (counts.failed, "failed", theme.bad),
        (counts.lost, "lost", theme.bad),
        (counts.retried, "retried", theme.warn),
        (counts.rejected, "rejected", theme.warn),
        (counts.discarded, "discarded", theme.warn),
    ];
    let others: Vec<_> = others.into_iter().filter(|(number, ..)| *number > 0).collect();
    let full = |number: u64, what: &str| format!(" · {} {what}", words::count(number));
    let width: u16 = others.iter().map(|&(number, what, _)| width_of(&full(number, what))).sum();
    // What went wrong must be whole: the count that gives way is shortened, and its dots go.
    let is_narrow = width + 6 + width_of(&done) > pen.width();
    let done = if is_narrow && knows(lane) { words::count_short(counts.completed) } else { done };
    let mut end = field("done", &done, theme.text(), theme, pen);
    for (number, what, colour) in others {
        let text = if is_narrow { format!(" {} {what}", words::count_short(number)) } else { full(number, what) };
        end = pen.text(end, 0, &text, theme.tint(colour));
    }
}

fn quantiles(name: &str, times: &Histogram, lane: &LaneLedger, theme: &Theme, pen: &mut Pen<'_>) {
    let nothing = if lane.plan.telemetry { words::NOT_YET } else { "not measured" };
    let (Some(p50), Some(p99)) = (times.quantile(0.5), times.quantile(0.99)) else {
        field(name, nothing, theme.label(), theme, pen);
        return;
    };
    let (p90, max) = (times.quantile(0.9).unwrap_or(p99), times.max());
    let figures = [("p50", p50), ("p90", p90), ("p99", p99), ("max", max)];
    let text = |(what, ns): (&str, u64)| format!("{what} {}", words::duration(ns));
    if pen.width() >= QUANTILES_WIDE {
        let first = field(name, "", theme.text(), theme, pen);
        let each = (pen.width() - first) / 4;
        for (place, figure) in (0..).zip(figures) {
            pen.text(first + place * each, 0, &text(figure), theme.text());
        }
        return;
    }
    // A figure that is cut would be another figure: where there is little room, blanks before units go.
    let both = width_of(&text(figures[0])) + width_of(&text(figures[2]));
    let is_tight = both + if pen.width() < NARROW { 6 } else { 7 } > pen.width();
    let text = |figure: (&str, u64)| match is_tight {
        true => format!("{} {}", figure.0, words::duration(figure.1).replace(' ', "")),
        false => text(figure),
    };
    let end = field(name, &text(figures[0]), theme.text(), theme, pen);
    // In a column of its own where there is room, so that figures stand below each other.
    let from = second_column(end, pen);
    pen.text(from, 0, &text(figures[2]), theme.text());
    let below = if pen.width() < NARROW { 5 } else { 6 };
    pen.text(below, 1, &text(figures[1]), theme.label());
    pen.text(from, 1, &text(figures[3]), theme.label());
}

/// The lock that was waited for longest.
fn lock(lane: &LaneLedger, theme: &Theme, pen: &mut Pen<'_>) {
    let Some(lock) = lane.locks.iter().max_by_key(|lock| lock.now.wait_ns) else {
        field("lock", "none", theme.label(), theme, pen);
        return;
    };
    let name = fit(&words::plain(&lock.name.name), 12);
    let end = field("lock", &name, theme.text(), theme, pen);
    if lock.now.acquired == 0 {
        pen.text(end + 1, 0, "never taken", theme.label());
        return;
    }
    let share = lock.now.contended as f64 / lock.now.acquired as f64;
    let waits =
        if lock.now.contended == 0 { "never waited".to_string() } else { format!("{} waited", words::percent(share)) };
    let end = pen.text(end + 1, 0, &waits, theme.text());
    if let Some(p99) = lock.wait.quantile(0.99) {
        let text = format!("p99 {}", words::duration(p99));
        if end + 1 + width_of(&text) <= pen.width() {
            pen.text(end + 1, 0, &text, theme.label());
        }
    }
    let owner = match lock.now.owner {
        Some(owner) if owner == WorkerId::CALLER => "held by the caller".to_string(),
        Some(owner) => format!("held by {owner}"),
        None => "free".to_string(),
    };
    let waiters = if lock.now.waiters > 0 { format!(", {} wait", lock.now.waiters) } else { String::new() };
    let below = if pen.width() < NARROW { 5 } else { 6 };
    let end = pen.text(below, 1, &format!("{owner}{waiters}"), theme.label());
    if let Some(p50) = lock.hold.quantile(0.5) {
        pen.text_right(end + 1, 1, &format!("hold p50 {}", words::duration(p50)), theme.label());
    }
}

/// Waiting for a core is worth a colour above this share of running time, and above so many cores' worth of waiting.
const RUN_QUEUE_REMARKABLE: f64 = 0.25;
const RUN_QUEUE_CORES: f64 = 0.1;

/// The last second and a half of active time, as the headline is of the last second; the summary has the whole run.
fn cpu(lane: &LaneLedger, theme: &Theme, pen: &mut Pen<'_>) {
    let Some(recent) = lane.recent() else {
        field("cpu", words::NOT_YET, theme.label(), theme, pen);
        return;
    };
    let per_active = |ns: u64| ns as f64 / recent.active_ns as f64;
    let cpu = recent.cpu_ns.map_or(words::NOT_AVAILABLE.to_string(), |cpu_ns| words::cores(per_active(cpu_ns)));
    let end = field("cpu", &cpu, theme.strong(), theme, pen);
    let (Some(cpu_ns), Some(waited_ns)) = (recent.cpu_ns, recent.run_queue_ns) else {
        pen.text(end + 2, 0, &format!("run queue {}", words::NOT_AVAILABLE), theme.label());
        return;
    };
    let share = waited_ns as f64 / (waited_ns as f64 + cpu_ns as f64).max(1.0);
    let is_remarkable = share > RUN_QUEUE_REMARKABLE && per_active(waited_ns) > RUN_QUEUE_CORES;
    let style = if is_remarkable { theme.tint(theme.warn) } else { theme.label() };
    let long = format!("run queue {}", words::percent(share));
    let short = format!("runq {}", words::percent(share));
    let from = second_column(end, pen);
    // Cut, 100 % would read as 10: the name goes before the figure does.
    let figure = words::percent(share);
    let fits = [&long, &short, &figure].into_iter().find(|text| from + width_of(text) <= pen.width());
    pen.text(from, 0, fits.map_or("", String::as_str), style);
}

/// Where the second figure of a line begins: below the others', where there is room.
fn second_column(end: u16, pen: &Pen<'_>) -> u16 {
    if pen.width() >= 30 { end.max(17) + 1 } else { end + 1 }
}

fn memory(lane: &LaneLedger, theme: &Theme, pen: &mut Pen<'_>) {
    let recent = lane.recent();
    let missing = if recent.is_some() { words::NOT_AVAILABLE } else { words::NOT_YET };
    let memory = lane.process.memory_bytes.map_or(missing.to_string(), words::bytes);
    let end = field("mem", &memory, theme.text(), theme, pen);
    let switches = recent.and_then(|recent| Some(recent.switches? as f64 * 1e9 / recent.active_ns as f64));
    let switches = switches.map_or(missing.to_string(), words::number);
    let from = second_column(end, pen);
    let long = format!("{switches} switches/s");
    let text = if from + width_of(&long) <= pen.width() { long } else { format!("{switches} sw/s") };
    pen.text(from, 0, &text, theme.label());
}

/// Whether what came out is right: while the lane works, as of its last standstill, so that nothing flickers.
fn check(lane: &LaneLedger, theme: &Theme, pen: &mut Pen<'_>) {
    let is_over = lane.phase == Phase::Done;
    let verdict = if is_over { lane.result_ok() } else { lane.result_so_far() };
    let suffix = if is_over { "" } else { " so far" };
    let (good, bad) = (theme.tint(theme.good), theme.tint(theme.bad).patch(theme.strong()));
    match verdict {
        None if lane.active_ns == 0 => {
            field("check", words::NOT_YET, theme.label(), theme, pen);
        }
        None => {
            field("check", &format!("{} so far", words::sum(lane.result.actual)), theme.text(), theme, pen);
        }
        Some(true) => {
            let end = field("check", &format!("✓ {}", words::sum(lane.result.actual)), good, theme, pen);
            pen.text(end, 0, if is_over && end + 12 <= pen.width() { " as expected" } else { suffix }, theme.label());
        }
        Some(false) => {
            let result = lane.checked.unwrap_or(lane.result);
            let end = field("check", &format!("✕ {}", words::sum(result.actual)), bad, theme, pen);
            let expected = words::sum(result.expected);
            let texts = [format!(" not {expected}{suffix}"), format!(" not {expected}"), suffix.to_string()];
            let fits = texts.iter().find(|text| end + width_of(text) <= pen.width());
            pen.text(end, 0, fits.map_or("", String::as_str), bad);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_are_round_and_high_enough() {
        for (value, scale) in [(0.0, 1.0), (0.3, 0.3), (7.0, 8.0), (812.0, 1000.0), (1553.0, 2000.0), (100.0, 100.0)] {
            assert!((round_up(value) - scale).abs() < 1e-9, "{value}: {}", round_up(value));
        }
    }
}
