//! A draft as a scenario file.

use super::{Content, Scenario, Table, Value};

/// The front matter, the page, and the presenter's notes.
pub(super) fn whole(scenario: &Scenario, content: &Content) -> String {
    let mut text = String::from("+++\n");
    let mut line = |key: &str, value: String| text.push_str(&format!("{key} = {value}\n"));
    line("title", quoted(&scenario.title));
    line("topic", quoted(&scenario.topic));
    if let Some(question) = &scenario.question {
        line("question", quoted(&question.text));
    }
    if let Some(misconception) = &scenario.misconception {
        line("misconception", quoted(misconception));
    }
    line("seconds", scenario.seconds.to_string());
    text.push_str(&entries(&content.run));
    for choice in scenario.question.iter().flat_map(|question| &question.choices) {
        text.push_str(&format!("\n[[choice]]\ntext = {}\n", quoted(&choice.text)));
        if choice.right {
            text.push_str("right = true\n");
        }
        text.push_str(&format!("why = {}\n", quoted(&choice.why)));
    }
    for lane in &content.lanes {
        text.push_str(&format!("\n[[lane]]\n{}", entries(lane)));
    }
    if !content.expect.is_empty() {
        text.push_str("\n[expect]\nholds = [\n");
        content.expect.iter().for_each(|statement| text.push_str(&format!("  {},\n", quoted(statement))));
        text.push_str("]\n");
    }
    text.push_str("+++\n");
    text.push_str(&scenario.body);
    text.push('\n');
    if let Some(notes) = &scenario.notes {
        // A block of code that the page does not end would swallow the notes, and show them to the audience.
        let fences = scenario.body.lines().filter(|line| line.trim_start().starts_with("```")).count();
        text.push_str(if fences % 2 == 1 { "```\n" } else { "" });
        text.push_str(&format!("\n## Notes\n\n{notes}\n"));
    }
    text
}

fn entries(table: &Table) -> String {
    table.0.iter().map(|entry| format!("{} = {}\n", entry.key, in_toml(&entry.node.value))).collect()
}

fn in_toml(value: &Value) -> String {
    match value {
        Value::Text(text) => quoted(text),
        Value::Integer(integer) => integer.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Flag(flag) => flag.to_string(),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(|item| in_toml(&item.value)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Table(table) => {
            let entries = table.0.iter().map(|entry| format!("{} = {}", entry.key, in_toml(&entry.node.value)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
        // A date: no key wants one, so no plan comes of it either.
        Value::Other(what) => quoted(what),
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.into()).to_string()
}
