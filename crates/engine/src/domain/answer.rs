//! A clinical answer that may be missing. "Unknown" is an answer of its own and never counts as "no" (DEV-05).

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};
use utoipa::openapi::schema::{
    AdditionalProperties, AnyOfBuilder, ArrayBuilder, KnownFormat, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{Ref, RefOr};

/// What the submitter said about one clinical item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Answer<T> {
    /// The item was left out or null.
    #[default]
    Absent,
    /// `"unknown"`: the practice does not know.
    Unknown,
    /// `"not_reported"`: the practice knows of no report.
    NotReported,
    /// A usable answer.
    Known(T),
}

impl<T> Answer<T> {
    /// The answer, where there is a usable one.
    pub const fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            _ => None,
        }
    }

    /// True where nothing was entered at all.
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// The word to show for a missing answer.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Absent => "not entered",
            Self::Unknown => "unknown",
            Self::NotReported => "not_reported",
            Self::Known(_) => "known",
        }
    }
}

impl<T: Serialize> Serialize for Answer<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Absent => serializer.serialize_none(),
            Self::Unknown => serializer.serialize_str("unknown"),
            Self::NotReported => serializer.serialize_str("not_reported"),
            Self::Known(value) => value.serialize(serializer),
        }
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Answer<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        match &value {
            serde_json::Value::Null => Ok(Self::Absent),
            serde_json::Value::String(word) if word == "unknown" => Ok(Self::Unknown),
            serde_json::Value::String(word) if word == "not_reported" => Ok(Self::NotReported),
            _ => T::deserialize(value).map(Self::Known).map_err(serde::de::Error::custom),
        }
    }
}

fn missing_words() -> Schema {
    ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).enum_values(Some(["unknown", "not_reported"])).into()
}

fn or_missing(schema: impl Into<RefOr<Schema>>, description: &str) -> Schema {
    AnyOfBuilder::new()
        .description(Some(description))
        .item(schema)
        .item(missing_words())
        .item(ObjectBuilder::new().schema_type(SchemaType::Type(Type::Null)))
        .into()
}

fn number(minimum: f64, maximum: f64, description: &str) -> Schema {
    or_missing(
        ObjectBuilder::new().schema_type(SchemaType::Type(Type::Number)).minimum(Some(minimum)).maximum(Some(maximum)),
        &format!("{description}, from {minimum} to {maximum}, or `unknown` or `not_reported`"),
    )
}

/// Schema of a height answer.
pub fn height_cm() -> Schema {
    number(20.0, 275.0, "Height in centimetres")
}

/// Schema of a weight answer.
pub fn weight_kg() -> Schema {
    number(0.5, 500.0, "Weight in kilograms")
}

/// Schema of a serum creatinine answer.
pub fn creatinine() -> Schema {
    number(0.05, 30.0, "Serum creatinine in mg/dL")
}

/// Schema of a radiation dose answer.
pub fn dose_gy() -> Schema {
    number(0.1, 200.0, "Dose in gray (not centigray)")
}

/// Schema of a number of fractions.
pub fn fractions() -> Schema {
    or_missing(
        ObjectBuilder::new().schema_type(SchemaType::Type(Type::Integer)).minimum(Some(1)).maximum(Some(100)),
        "A number of fractions, from 1 to 100, or `unknown` or `not_reported`",
    )
}

/// Schema of a number of earlier lines.
pub fn lines() -> Schema {
    or_missing(
        ObjectBuilder::new().schema_type(SchemaType::Type(Type::Integer)).minimum(Some(0)).maximum(Some(30)),
        "A number of earlier lines, from 0 to 30, or `unknown` or `not_reported`",
    )
}

/// Schema of a free word such as pathology or stage.
pub fn word() -> Schema {
    or_missing(
        ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).min_length(Some(1)).max_length(Some(100)),
        "A word of 1 to 100 characters, or `unknown` or `not_reported`",
    )
}

/// Schema of a biomarker or assessment result: a word, a number, or yes/no.
pub fn result() -> Schema {
    or_missing(
        ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::String, Type::Number, Type::Boolean])),
        "A word, a number or true/false, or `unknown` or `not_reported`",
    )
}

/// Schema of a date answer.
pub fn date() -> Schema {
    or_missing(
        ObjectBuilder::new()
            .schema_type(SchemaType::Type(Type::String))
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Date))),
        "A date YYYY-MM-DD, or `unknown` or `not_reported`",
    )
}

/// Schema of a reference to a named component.
pub fn component(name: &str, description: &str) -> Schema {
    or_missing(Ref::from_schema_name(name), description)
}

/// Schema of a list of a named component.
pub fn list_of(name: &str, description: &str) -> Schema {
    or_missing(ArrayBuilder::new().items(RefOr::Ref(Ref::from_schema_name(name))).max_items(Some(200)), description)
}

/// Marks an object schema closed: unknown fields are refused.
pub const CLOSED: AdditionalProperties<Schema> = AdditionalProperties::FreeForm(false);

#[cfg(test)]
mod tests {
    use super::Answer;

    #[test]
    fn the_two_missing_words_and_null_are_told_apart() {
        // proves DEV-05
        let read = |text: &str| serde_json::from_str::<Answer<f64>>(text).unwrap();
        assert_eq!(read("\"unknown\""), Answer::Unknown);
        assert_eq!(read("\"not_reported\""), Answer::NotReported);
        assert_eq!(read("null"), Answer::Absent);
        assert_eq!(read("1.5"), Answer::Known(1.5));
        assert!(serde_json::from_str::<Answer<f64>>("\"maybe\"").is_err());
    }
}
