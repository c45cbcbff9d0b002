//! A lane that runs a program: its text with the parameters that are chosen, and the endings that are right.

use super::amount::evaluate_of;
use super::front::{Node, Table, Value};
use super::programs::{Text, parameters, with_parameters};
use super::resolve::Builder;
use super::tables::Kind;
use crate::explore::{self, Options};
use crate::program::compile;
use crate::program::problem::{Place, quoted, suggest};
use crate::wire::{Parameter, Pattern, ProgramPlan};
use serde_json::{Map, Value as Json, json};

/// A variant of a program, made definite.
pub(super) struct Variant {
    pub(super) plan: ProgramPlan,
    /// How many threads it has, main counted.
    pub(super) threads: u64,
}

/// What holds of every lane of which a task is one run of its program: one at a time.
pub(super) fn lane_of_runs() -> Map<String, Json> {
    let values = json!({
        "capacity": 1,
        "when_full": "block",
        "arrivals": { "kind": "closed", "outstanding": 1 },
        "chunk": 1,
        "workload": { "kind": "run" },
    });
    values.as_object().cloned().unwrap_or_default()
}

impl Builder<'_> {
    /// What a lane's program is; `None` where something is wrong with it.
    pub(super) fn variant(&mut self, said: &Table, pool: &'static Kind, at: Place) -> Option<Variant> {
        let before = self.checker.problems.len();
        let mut values = Map::new();
        for key in pool.keys {
            let value = self.value(said, at, key.name);
            values.extend(value.map(|value| (key.name.to_string(), value)));
        }
        let name = values.get("program")?.as_str()?.to_string();
        let named_at = said.get("program").map_or(at, |entry| entry.node.at);
        let Some(program) = self.programs.find(&name) else {
            let help = self.programs.suggest(&name);
            self.checker.wrong(named_at, format!("there is no program {}", quoted(&name)), help);
            return None;
        };
        let chosen = self.chosen(&name, &program, said);
        let endings = |builder: &mut Self, key: &str| builder.endings(said, key, &chosen);
        let (acceptable, interesting) = (endings(self, "acceptable"), endings(self, "interesting"));
        self.claims(said, &chosen);
        if self.checker.problems.len() > before {
            return None;
        }
        let number = |key: &str| values.get(key).and_then(Json::as_u64);
        let word = |key: &str| values.get(key).cloned().unwrap_or_default();
        // The tables spell words as the plan does.
        let plan = ProgramPlan {
            about: program.about.clone(),
            text: with_parameters(&program.text, &chosen),
            role: serde_json::from_value(word("role")).ok()?,
            acceptable: acceptable.unwrap_or_else(|| vec![ended()]),
            interesting: interesting.unwrap_or_default(),
            memory: serde_json::from_value(word("memory")).ok()?,
            window: serde_json::from_value(word("window")).ok()?,
            parameters: chosen,
            pipe_capacity: number("pipe_capacity").and_then(|capacity| u32::try_from(capacity).ok()),
            spurious: values.get("spurious").and_then(Json::as_bool).unwrap_or_default(),
            notify: serde_json::from_value(word("notify")).ok()?,
            program: name,
        };
        match compile(&plan.program, &plan.text) {
            Ok(compiled) => {
                let threads = explore::threads(&compiled, &Options::of_plan(&plan)) as u64;
                Some(Variant { plan, threads })
            }
            Err(problems) => {
                let origin = self.checker.sources.origin(0).to_string();
                let told = problems.into_iter().map(|problem| program.wrong(&plan.program, &origin, problem));
                self.checker.problems.extend(told);
                None
            }
        }
    }

    /// The program's parameters, those that the lane chooses as it chooses them.
    fn chosen(&mut self, name: &str, program: &Text, said: &Table) -> Vec<Parameter> {
        let mut chosen: Vec<Parameter> =
            parameters(&program.text).into_iter().map(|(parameter, _)| parameter).collect();
        let Some(Value::Table(values)) = said.get("parameters").map(|entry| &entry.node.value) else { return chosen };
        for entry in &values.0 {
            let Value::Integer(value) = entry.node.value else { continue };
            let Some(parameter) = chosen.iter_mut().find(|parameter| parameter.name == entry.key) else {
                let known: Vec<&str> = chosen.iter().map(|parameter| parameter.name.as_str()).collect();
                let help = match known.is_empty() {
                    true => Some("a parameter is a line of the program such as `N = 3  # 2 to 9`".into()),
                    false => suggest(&entry.key, known),
                };
                let message = format!("{} has no parameter {}", quoted(name), quoted(&entry.key));
                self.checker.wrong(entry.key_at, message, help);
                continue;
            };
            let fits = |value: &u32| (parameter.min..=parameter.max).contains(value);
            match u32::try_from(value).ok().filter(fits) {
                Some(value) => parameter.value = value,
                None => {
                    let message = format!("`{}` cannot be {value}", parameter.name);
                    let help = format!("it must be an integer from {} to {}", parameter.min, parameter.max);
                    self.checker.wrong(entry.node.at, message, Some(help));
                }
            }
        }
        chosen
    }

    /// A list of endings; `None` where the lane does not say any.
    fn endings(&mut self, said: &Table, key: &str, chosen: &[Parameter]) -> Option<Vec<Pattern>> {
        let Value::List(items) = &said.get(key)?.node.value else { return None };
        let mut endings = Vec::new();
        for item in items {
            let Value::Text(text) = &item.value else { continue };
            let Some(text) = self.computed(item, text, chosen) else { continue };
            match text.parse() {
                Ok(ending) => endings.push(ending),
                Err(message) => {
                    let help = "an ending is a kind and perhaps values: `ended counter=2`, `deadlock`".to_string();
                    self.checker.wrong(item.at, message, Some(help));
                }
            }
        }
        Some(endings)
    }

    /// Notes what is wrong with what exploring is claimed to come to.
    fn claims(&mut self, said: &Table, chosen: &[Parameter]) {
        let Some(Value::List(items)) = said.get("expect").map(|entry| &entry.node.value) else { return };
        for item in items {
            let Value::Text(text) = &item.value else { continue };
            let Some(text) = self.computed(item, text, chosen) else { continue };
            if let Err(message) = text.parse::<super::claims::Claim>() {
                let help = "as in `schedules 6`, `ended counter=2: 2`, `deadlock: none`, `finds: livelock`".to_string();
                self.checker.wrong(item.at, message, Some(help));
            }
        }
    }

    /// The text with what stands in braces worked out.
    fn computed(&mut self, item: &Node, text: &str, chosen: &[Parameter]) -> Option<String> {
        match filled_in(text, chosen) {
            Ok(text) => Some(text),
            Err((byte, message, help)) => {
                let place = self.checker.inside(item.at, text, byte);
                self.checker.wrong(place, message, help);
                None
            }
        }
    }
}

fn ended() -> Pattern {
    Pattern { kind: crate::wire::EndingKind::Ended, values: Vec::new() }
}

/// `counter={N*ROUNDS}` with what stands in braces worked out. What stands in quotes stays, and so does an object of JSON,
/// `{"a":1}`.
pub(super) fn filled_in(text: &str, chosen: &[Parameter]) -> Result<String, (usize, String, Option<String>)> {
    let mut filled = String::new();
    let (mut in_quotes, mut escaped, mut skip_to) = (false, false, 0);
    for (at, letter) in text.char_indices() {
        if at < skip_to {
            continue;
        }
        let inside = &text[at + letter.len_utf8()..];
        if letter == '{' && !in_quotes && !inside.trim_start().starts_with(['"', '}']) {
            let Some(length) = inside.find('}') else {
                return Err((at, "the brace is not closed".into(), Some("write `}` behind it".into())));
            };
            let value = evaluate_of(&inside[..length], chosen)
                .map_err(|(byte, message, help)| (at + 1 + byte, message, help))?;
            filled.push_str(&value.to_string());
            skip_to = at + length + 2;
            continue;
        }
        in_quotes ^= letter == '"' && !escaped;
        escaped = letter == '\\' && !escaped;
        filled.push(letter);
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn n_is_3() -> Vec<Parameter> {
        vec![Parameter { name: "N".into(), value: 3, min: 2, max: 9 }]
    }

    #[test]
    fn braces_are_worked_out() {
        for (text, filled) in [
            ("ended meals={N}", "ended meals=3"),
            ("ended a=[{N}, {N*2+1}] b={\"x\":1} c={}", "ended a=[3, 7] b={\"x\":1} c={}"),
            ("ended a=\"{N}\\\"{N}\" b={N}", "ended a=\"{N}\\\"{N}\" b=3"),
        ] {
            assert_eq!(filled_in(text, &n_is_3()).as_deref(), Ok(filled), "{text}");
        }
        assert_eq!(filled_in("a={M}", &n_is_3()).expect_err("no M").0, 3);
        assert_eq!(filled_in("a={N", &n_is_3()).expect_err("open").1, "the brace is not closed");
    }

    proptest! {
        #[test]
        fn any_text_is_filled_in_or_refused_at_one_of_its_bytes(text in ".{0,40}|[{}N\"*a= é]{0,20}") {
            if let Err((byte, ..)) = filled_in(&text, &n_is_3()) {
                prop_assert!(byte <= text.len());
            }
        }
    }
}
