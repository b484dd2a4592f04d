//! Fields of a form as templates draw them: what was entered stands in them, and what is wrong with it below.

use super::faults::Faults;
use super::fields::Fields;

/// One field.
#[derive(Debug, Clone, Default)]
pub(super) struct Input {
    /// Name and id: the JSON pointer of what it fills.
    pub name: String,
    /// What it asks for.
    pub label: String,
    /// What was entered.
    pub value: String,
    /// To choose from; a field to type in where empty.
    pub options: Vec<Choice>,
    /// How it is written, or why it is asked for.
    pub hint: String,
    /// What is wrong with it.
    pub fault: String,
    /// An example of what is entered.
    pub example: &'static str,
    /// `short`, or nothing.
    pub class: &'static str,
    /// The column that it stands in, where fields are cells.
    pub column: &'static str,
    /// Name of the list of suggestions, where typing looks for some.
    pub suggests: &'static str,
}

/// Something to choose.
#[derive(Debug, Clone)]
pub(super) struct Choice {
    pub value: String,
    pub name: String,
    pub chosen: bool,
}

impl Input {
    /// With an explanation.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// With an example.
    #[must_use]
    pub const fn example(mut self, example: &'static str) -> Self {
        self.example = example;
        self
    }

    /// Shorter than others.
    #[must_use]
    pub const fn short(mut self) -> Self {
        self.class = "short";
        self
    }

    /// As a cell of this column.
    #[must_use]
    pub const fn column(mut self, column: &'static str) -> Self {
        self.column = column;
        self
    }

    /// With suggestions from that list as somebody types.
    #[must_use]
    pub const fn suggesting(mut self, list: &'static str) -> Self {
        self.suggests = list;
        self
    }
}

/// Draws fields.
#[derive(Debug, Clone, Copy)]
pub(super) struct Drawing<'a> {
    pub fields: &'a Fields,
    pub faults: &'a Faults,
}

impl Drawing<'_> {
    /// A field to type in.
    pub fn text(&self, name: impl Into<String>, label: impl Into<String>) -> Input {
        let name = name.into();
        Input {
            value: self.fields.text(&name).unwrap_or_default().to_owned(),
            fault: self.faults.of(&name).unwrap_or_default().to_owned(),
            label: label.into(),
            name,
            ..Input::default()
        }
    }

    /// A field to choose in; the first choice is none.
    pub fn choice<V: Into<String>, N: Into<String>>(
        &self,
        name: impl Into<String>,
        label: impl Into<String>,
        none: &str,
        choices: impl IntoIterator<Item = (V, N)>,
    ) -> Input {
        let mut input = self.text(name, label);
        let entered = input.value.clone();
        let choice = |(value, name): (String, String)| Choice { chosen: value == entered, value, name };
        input.options.push(choice((String::new(), none.to_owned())));
        input.options.extend(choices.into_iter().map(|(value, name)| choice((value.into(), name.into()))));
        if !input.options.iter().any(|choice| choice.chosen) {
            // what is no choice of ours is shown as it was entered, and not lost
            input.options.push(Choice { name: entered.clone(), value: entered, chosen: true });
        }
        input
    }
}
