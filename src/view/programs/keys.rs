//! What keys do on the screens of programs.

use super::journey::Act;
use super::outcomes::Table;
use super::{Engine, asking, cures, engine, focused, short_string};
use crate::view::actions;
use crate::view::dialogs::Dialog;
use crate::view::keys::Key;
use crate::view::message::{Control, Effects};
use crate::view::model::Model;
use crate::wire::{LaneId, Parameter, PoolPlan, Role, Verdict, Window};

/// Looks through another engine, at the same place.
pub(in crate::view) fn look_through(model: &mut Model, engine: Engine) -> Effects {
    (model.programs.engine, model.zoom) = (engine, None);
    Effects::now()
}

/// The next engine, or the one before.
pub(in crate::view) fn next_engine(model: &mut Model, step: isize) -> Effects {
    let now = engine(model).unwrap_or_default();
    let place = Engine::ALL.iter().position(|one| *one == now).unwrap_or(0);
    let next = (place + Engine::ALL.len()).wrapping_add_signed(step) % Engine::ALL.len();
    look_through(model, Engine::ALL[next])
}

/// The next variant, or the one before.
pub(in crate::view) fn next_variant(model: &mut Model, step: isize) -> Effects {
    let variants = &model.programs.variants;
    let number = variants.len().max(1);
    let mut index = model.focus_index();
    for _ in 0..number {
        index = (index + number).wrapping_add_signed(step) % number;
        if variants.get(index).is_some_and(|variant| variant.program.is_some()) {
            break;
        }
    }
    go_to_variant(model, index)
}

pub(in crate::view) fn go_to_variant(model: &mut Model, index: usize) -> Effects {
    model.focus = LaneId::of_index(index);
    Effects::now()
}

/// Does something on the way through the schedules.
pub(in crate::view) fn act(model: &mut Model, act: Act) -> Effects {
    let Some((index, _)) = focused(model) else { return Effects::none() };
    let mode = model.programs.mode(index);
    let journey = model.programs.variants[index].journey_mut(mode);
    if let Some(told) = journey.want(act) {
        asking::tell(model, told);
    }
    super::challenges::look(model, index, mode);
    Effects::now()
}

/// The next step of a thread; where it has several to choose from, a menu asks.
pub(in crate::view) fn step_thread(model: &mut Model, number: usize) -> Effects {
    act(model, Act::Thread(number))
}

pub(in crate::view) fn random(model: &mut Model) -> Effects {
    let dice = model.programs.throw();
    act(model, Act::Random(dice))
}

pub(in crate::view) fn run_on(model: &mut Model) -> Effects {
    let dice = model.programs.throw();
    act(model, Act::Run(dice, None, 0))
}

/// Lets the thread that moved last go on until it cannot.
pub(in crate::view) fn run_thread(model: &mut Model) -> Effects {
    let journey = super::journey(model);
    let last = journey.and_then(super::Journey::moved_last);
    let first = || {
        let position = journey.and_then(super::Journey::position)?;
        position.threads.iter().find(|thread| !thread.next.is_empty()).map(|thread| thread.number)
    };
    match last.or_else(first) {
        Some(thread) => act(model, Act::RunThread(thread, 0)),
        None => model.tell("No thread can move."),
    }
}

/// Stops what runs by itself, and leaves a marked line.
pub(in crate::view) fn stop(model: &mut Model) {
    let index = model.focus_index();
    let mode = model.programs.mode(index);
    if let Some(variant) = model.programs.variants.get_mut(index) {
        variant.journey_mut(mode).stop();
        variant.line = None;
    }
}

/// Opens the schedule to the next ending that must not be; says so where there is none.
pub(in crate::view) fn to_failure(model: &mut Model) -> Effects {
    let Some((index, variant)) = focused(model) else { return Effects::none() };
    let mode = model.programs.mode(index);
    let Some(table) = Table::of(model, index, mode) else {
        let why = match variant.explored(mode) {
            Some(super::Explored::Refused(why)) => why.lines().next().unwrap_or_default().to_string(),
            _ => "All schedules are being looked at: a moment …".to_string(),
        };
        return model.tell(&why);
    };
    let forbidden: Vec<usize> =
        (0..table.rows.len()).filter(|row| table.rows[*row].verdict == Verdict::Forbidden).collect();
    // Again goes to the next one.
    let here = variant.journey(mode).filter(|journey| journey.here() == journey.len());
    let here = here.map(super::Journey::schedule);
    let now = forbidden.iter().position(|row| Some(&table.rows[*row].shortest) == here.as_ref());
    let next = now.map_or(0, |now| (now + 1) % forbidden.len().max(1));
    match forbidden.get(next) {
        Some(&row) => open_row(model, index, row),
        None => match failing_variant(model, index) {
            Some((other, row)) => {
                let text = format!("{}; {} can fail.", table.failing, lane_name(model, other));
                let effects = open_row(model, other, row);
                model.say(&text);
                effects
            }
            None => {
                let text = format!("{}: there is nothing to go to.", table.failing);
                model.tell(&text)
            }
        },
    }
}

/// The first variant that is known to fail, and the first of its endings that must not be; none for a right fix, of which
/// it is the point that it has none.
fn failing_variant(model: &Model, index: usize) -> Option<(usize, usize)> {
    if model.programs.variants.get(index)?.program.as_ref()?.role == Role::RightFix {
        return None;
    }
    (0..model.programs.variants.len()).filter(|other| *other != index).find_map(|other| {
        let table = Table::of(model, other, model.programs.mode(other))?;
        let row = table.rows.iter().position(|row| row.verdict == Verdict::Forbidden)?;
        Some((other, row))
    })
}

fn lane_name(model: &Model, index: usize) -> String {
    model.shown().lanes().get(index).map_or(String::new(), |lane| lane.name().to_string())
}

/// Opens the shortest schedule to an outcome, in STEP.
pub(in crate::view) fn open_row(model: &mut Model, index: usize, row: usize) -> Effects {
    let mode = model.programs.mode(index);
    let Some(table) = Table::of(model, index, mode) else { return Effects::none() };
    let Some(outcome) = table.rows.get(row) else { return Effects::none() };
    model.programs.variants[index].marked = row;
    let schedule = outcome.shortest.clone();
    open_schedule(model, index, &schedule)
}

/// Opens a schedule of a variant, in STEP.
pub(in crate::view) fn open_schedule(model: &mut Model, index: usize, schedule: &str) -> Effects {
    let mode = model.programs.mode(index);
    model.focus = LaneId::of_index(index);
    let Some(variant) = model.programs.variants.get_mut(index) else { return Effects::none() };
    variant.line = None;
    variant.journey_mut(mode).open(schedule);
    model.dialog = Dialog::None;
    look_through(model, Engine::Step)
}

/// Opens what was pasted: a schedule, or a short string with a variant in it.
///
/// # Errors
/// What is wrong with it.
pub(in crate::view) fn paste(model: &mut Model, text: &str) -> Result<Effects, String> {
    let text = text.trim();
    let Some((focus, _)) = focused(model) else { return Err("This lane runs no program.".to_string()) };
    let (name, schedule) = match text.split_once('#') {
        Some((name, schedule)) => (Some(name.trim()), schedule.trim()),
        None => (None, text),
    };
    let mut index = focus;
    if let Some(name) = name {
        let known: Vec<String> = (0..model.programs.variants.len())
            .map(|index| short_string(model, index, "").trim_end_matches('#').to_string())
            .collect();
        index = known.iter().position(|one| one == name).ok_or_else(|| {
            let first = known.first().map_or("", String::as_str);
            format!("`{name}` is another program: schedules of this one begin with `{first}#`.")
        })?;
    }
    for (place, turn) in schedule.split('.').enumerate().filter(|_| !schedule.is_empty()) {
        let (thread, choice) = turn.split_once(':').unwrap_or((turn, "0"));
        let number = thread.strip_suffix('w').unwrap_or(thread);
        let is_number =
            |text: &str| !text.is_empty() && text.len() <= 6 && text.bytes().all(|one| one.is_ascii_digit());
        if !is_number(number) || !is_number(choice) {
            return Err(format!(
                "Step {}, `{turn}`, is none: write thread numbers with dots, as in 1.2.1.2.",
                place + 1
            ));
        }
    }
    Ok(open_schedule(model, index, schedule))
}

/// Copies the schedule that is looked at.
pub(in crate::view) fn copy_schedule(model: &mut Model) -> Effects {
    if model.dialog != Dialog::None {
        return actions::copy_panel(model);
    }
    let Some((index, variant)) = focused(model) else { return Effects::none() };
    let mode = model.programs.mode(index);
    let marked = || Some(Table::of(model, index, mode)?.rows.get(variant.marked)?.shortest.clone());
    let schedule = match engine(model) {
        Some(Engine::Explore) => marked(),
        _ => variant.journey(mode).map(super::Journey::schedule),
    };
    let text = short_string(model, index, &schedule.unwrap_or_default());
    model.say(&format!("Copied {text}, if the terminal lets us (OSC 52)."));
    Effects { copy: Some(text), ..Effects::now() }
}

/// Another size of steps.
pub(in crate::view) fn next_grain(model: &mut Model) -> Effects {
    model.programs.grain = asking::other_grain(model.programs.grain);
    let text = match model.programs.grain {
        crate::explore::Grain::Operation => "A step is one operation: a read, a write, a lock taken.",
        crate::explore::Grain::Statement => {
            "A step is a whole statement, which is what beginners assume. Real threads do not keep to it."
        }
    };
    model.tell(text)
}

/// Another memory model.
pub(in crate::view) fn next_memory(model: &mut Model) -> Effects {
    let index = model.focus_index();
    let memory = asking::other_memory(model.programs.mode(index).1);
    model.programs.memory = Some(memory);
    let text = match memory {
        crate::explore::Memory::Sc => "sc: a write is seen by all at once.",
        crate::explore::Memory::Tso => {
            "tso: a write waits in its thread's store buffer before others see it, as on x86."
        }
    };
    model.tell(text)
}

/// Goes to the variant that cannot go wrong; a menu asks where there are several.
pub(in crate::view) fn cure(model: &mut Model) -> Effects {
    match cures(&model.programs).as_slice() {
        [] => model.tell("No variant of this scenario claims to be right."),
        [one] => take_cure(model, *one),
        _ => actions::open(model, Dialog::cures()),
    }
}

/// Runs the cure where the failure was: the same engine, from the beginning.
pub(in crate::view) fn take_cure(model: &mut Model, index: usize) -> Effects {
    model.dialog = Dialog::None;
    let mode = model.programs.mode(index);
    if let Some(variant) = model.programs.variants.get_mut(index) {
        let journey = variant.journey_mut(mode);
        journey.want(Act::To(0));
    }
    let effects = go_to_variant(model, index);
    let name = lane_name(model, index);
    model.say(&format!("{name}: try to make it fail."));
    effects
}

/// The first parameter of the program that is looked at.
fn parameter(model: &Model) -> Option<&Parameter> {
    focused(model)?.1.program.as_ref()?.parameters.first()
}

pub(in crate::view) fn has_parameter(model: &Model) -> bool {
    model.draft.is_some() && parameter(model).is_some()
}

/// Whether there is a right fix other than what is looked at.
pub(in crate::view) fn has_cure(model: &Model) -> bool {
    cures(&model.programs).into_iter().any(|index| index != model.focus_index())
}

/// Changes the first parameter by so much, in every variant that has it, and the run with it.
pub(in crate::view) fn change_parameter(model: &mut Model, by: i64) -> Effects {
    let Some(parameter) = parameter(model).cloned() else {
        return model.tell("This program has no number that may be changed.");
    };
    let next = i64::from(parameter.value) + by;
    if next < i64::from(parameter.min) || next > i64::from(parameter.max) {
        let text = format!("{} goes from {} to {}.", parameter.name, parameter.min, parameter.max);
        return model.tell(&text);
    }
    let has_it = |variant: &super::Variant| {
        let parameters = variant.program.as_ref().map_or(&[][..], |program| &program.parameters);
        parameters
            .iter()
            .any(|one| one.name == parameter.name && i64::from(one.min) <= next && next <= i64::from(one.max))
    };
    let lanes: Vec<usize> =
        (0..model.programs.variants.len()).filter(|lane| has_it(&model.programs.variants[*lane])).collect();
    let path = format!("parameters.{}", parameter.name);
    let said = format!("{} = {next}: the run starts anew.", parameter.name);
    set_in(model, &lanes, &path, &next.to_string(), &said)
}

/// Sets a parameter of some lanes, and says what comes of it.
fn set_in(model: &mut Model, lanes: &[usize], path: &str, text: &str, said: &str) -> Effects {
    let changed = actions::change(model, |draft, machine| {
        lanes.iter().try_for_each(|lane| draft.set(Some(*lane), path, text, machine))
    });
    match changed {
        Ok(effects) => {
            model.say(said);
            effects
        }
        Err(why) => model.tell(&why),
    }
}

/// The next width of the window between two accesses, in every variant that runs on threads of its own.
pub(in crate::view) fn next_window(model: &mut Model) -> Effects {
    // Each as it is where no more is said of it.
    const WIDTHS: [Window; 4] = [
        Window::Natural,
        Window::Instructions { count: 1_000 },
        Window::Yields { count: 1 },
        Window::Micros { us: 100 },
    ];
    let Some(now) = focused(model).and_then(|(_, variant)| variant.program.as_ref()).map(|program| program.window)
    else {
        return Effects::none();
    };
    let same = |one: &Window| std::mem::discriminant(one) == std::mem::discriminant(&now);
    let next = WIDTHS.iter().position(same).map_or(0, |place| (place + 1) % WIDTHS.len());
    let kind = match WIDTHS[next] {
        Window::Natural => "natural",
        Window::Instructions { .. } => "instructions",
        Window::Yields { .. } => "yields",
        Window::Micros { .. } => "micros",
    };
    let runs_threads = |lane: &usize| {
        let lanes = model.shown().lanes();
        lanes.get(*lane).is_some_and(|lane| matches!(lane.plan.pool, PoolPlan::Program(_)))
    };
    let lanes: Vec<usize> = (0..model.programs.variants.len()).filter(runs_threads).collect();
    let said = super::wild::window_words(WIDTHS[next]);
    set_in(model, &lanes, "window.kind", kind, &said)
}

/// Opens the program's text in an editor.
pub(in crate::view) fn edit(model: &mut Model) -> Effects {
    match focused(model) {
        Some((index, _)) => Effects::control(Control::Edit(LaneId::of_index(index))),
        None => model.tell("This lane runs no program."),
    }
}

/// Goes to the row of a table that was clicked; what was marked already is opened.
pub(in crate::view) fn click_row(model: &mut Model, row: usize) -> Effects {
    let Some((index, variant)) = focused(model) else { return Effects::none() };
    if variant.marked == row {
        return open_marked(model);
    }
    let variant = &mut model.programs.variants[index];
    (variant.marked, variant.line) = (row, None);
    Effects::now()
}

/// Moves among outcomes and findings, or along the schedule; none where the key is a command's.
pub(in crate::view) fn press(model: &mut Model, key: Key) -> Option<Effects> {
    let engine = engine(model)?;
    let (index, _) = focused(model)?;
    match (engine, key) {
        (Engine::Step, Key::Char('h')) => Some(act(model, Act::By(-1))),
        (Engine::Step, Key::Char('l')) => Some(act(model, Act::By(1))),
        (Engine::Step, Key::Esc) => {
            stop(model);
            None
        }
        (Engine::Step | Engine::Explore, Key::Down | Key::Char('j')) => Some(mark_by(model, index, engine, 1)),
        (Engine::Step | Engine::Explore, Key::Up | Key::Char('k')) => Some(mark_by(model, index, engine, -1)),
        (Engine::Explore, Key::PageDown | Key::Ctrl('d')) => Some(mark_by(model, index, engine, 8)),
        (Engine::Explore, Key::PageUp | Key::Ctrl('u')) => Some(mark_by(model, index, engine, -8)),
        (Engine::Explore, Key::End | Key::Char('G')) => Some(mark_by(model, index, engine, isize::MAX)),
        (Engine::Explore, Key::Home) => Some(mark_by(model, index, engine, isize::MIN)),
        _ => None,
    }
}

/// Marks another row: of the outcomes, and in EXPLORE of the findings below them.
pub(in crate::view) fn mark_by(model: &mut Model, index: usize, engine: Engine, by: isize) -> Effects {
    let rows = rows(model, index, engine);
    let variant = &mut model.programs.variants[index];
    variant.marked = variant.marked.min(rows.saturating_sub(1)).saturating_add_signed(by).min(rows.saturating_sub(1));
    variant.line = None;
    Effects::now()
}

fn rows(model: &Model, index: usize, engine: Engine) -> usize {
    let mode = model.programs.mode(index);
    let outcomes = Table::of(model, index, mode).map_or(0, |table| table.rows.len());
    let findings = match engine {
        Engine::Explore => model.programs.variants[index].report(mode).map_or(0, |report| report.findings.len()),
        _ => 0,
    };
    outcomes + findings
}

/// Opens what is marked: an outcome's schedule, or the lines that a finding is about.
pub(in crate::view) fn open_marked(model: &mut Model) -> Effects {
    let Some((index, variant)) = focused(model) else { return Effects::none() };
    let (mode, marked) = (model.programs.mode(index), variant.marked);
    let Some(table) = Table::of(model, index, mode) else { return to_failure(model) };
    if marked < table.rows.len() {
        return open_row(model, index, marked);
    }
    let finding = variant.report(mode).and_then(|report| report.findings.get(marked - table.rows.len()));
    let Some(lines) = finding.map(|finding| finding.lines.clone()) else { return Effects::none() };
    // Again goes to the next of its lines.
    let now = variant.line.and_then(|line| lines.iter().position(|one| *one == line));
    let next = now.map_or(0, |now| (now + 1) % lines.len().max(1));
    model.programs.variants[index].line = lines.get(next).copied();
    Effects::now()
}

/// Says what there is to say of a wish at once.
pub(in crate::view) fn take_turn(model: &mut Model, turn: &str) -> Effects {
    model.dialog = Dialog::None;
    act(model, Act::Turn(turn.to_string()))
}

/// A mark in the timeline was pointed at.
pub(in crate::view) fn go_to_place(model: &mut Model, place: usize) -> Effects {
    act(model, Act::To(place))
}
