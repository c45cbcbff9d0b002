//! Names as Python understands them.

use std::borrow::Cow;

/// The name of a variable or attribute as it is meant inside the class of that name: `__lock` in `class Account` is
/// `_Account__lock`, so that a class that derives from it cannot take the name by accident.
pub(super) fn mangled<'a>(name: &'a str, class: Option<&str>) -> Cow<'a, str> {
    let private = name.starts_with("__") && !name.ends_with("__") && !name.contains('.');
    match class.map(|class| class.trim_start_matches('_')) {
        Some(class) if private && !class.is_empty() => Cow::Owned(format!("_{class}{name}")),
        _ => Cow::Borrowed(name),
    }
}

/// Whether Python itself gives meaning to a name: `__eq__`, `__class__`.
pub(super) fn is_special(name: &str) -> bool {
    name.len() > 4 && name.starts_with("__") && name.ends_with("__")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_names_belong_to_their_class() {
        let table = [
            ("__lock", Some("Account"), "_Account__lock"),
            ("__lock", Some("_Account"), "_Account__lock"),
            ("__lock", Some("___"), "__lock"),
            ("__lock", None, "__lock"),
            ("__init__", Some("Account"), "__init__"),
            ("_lock", Some("Account"), "_lock"),
        ];
        for (name, class, expected) in table {
            assert_eq!(mangled(name, class), expected);
        }
    }
}
