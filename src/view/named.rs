//! Words for choices, as the command line and the config file spell them.

/// `FromStr` and `Display` for an enum with `ALL` and `name()`.
macro_rules! named {
    ($kind:ty) => {
        impl std::fmt::Display for $kind {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str(self.name())
            }
        }

        impl std::str::FromStr for $kind {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                <$kind>::ALL.into_iter().find(|one| one.name() == text).ok_or_else(|| {
                    let names: Vec<&str> = <$kind>::ALL.iter().map(|one| one.name()).collect();
                    format!("`{text}` is none of {}", names.join(", "))
                })
            }
        }
    };
}
