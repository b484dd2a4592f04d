//! Rows of the member and provider files that health plans send (PRV-05).

use super::vocabulary::{LineOfBusiness, Sex};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One span of a member's coverage. A member may have several rows with spans that do not overlap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberRow {
    /// Number on the card.
    #[schema(min_length = 1, max_length = 40)]
    pub member_id: String,
    /// First name.
    #[schema(min_length = 1, max_length = 100)]
    pub first_name: String,
    /// Last name.
    #[schema(min_length = 1, max_length = 100)]
    pub last_name: String,
    /// Date of birth.
    pub birth_date: NaiveDate,
    /// Sex on the plan's file.
    #[serde(default)]
    pub sex: Option<Sex>,
    /// Line of business.
    pub line_of_business: LineOfBusiness,
    /// Product, such as `ppo` or `indemnity`.
    #[serde(default)]
    #[schema(max_length = 40)]
    pub product: Option<String>,
    /// Employer group.
    #[serde(default)]
    #[schema(max_length = 40)]
    pub group_number: Option<String>,
    /// `urmbt`, or null.
    #[serde(default)]
    #[schema(max_length = 40)]
    pub trust: Option<String>,
    /// State of residence.
    #[serde(default)]
    #[schema(pattern = "^[A-Z]{2}$")]
    pub state: Option<String>,
    /// First day of coverage.
    pub coverage_from: NaiveDate,
    /// Last day of coverage; null while it runs on.
    #[serde(default)]
    pub coverage_through: Option<NaiveDate>,
}

impl MemberRow {
    /// True when this span covers the day.
    pub fn covers(&self, day: NaiveDate) -> bool {
        self.coverage_from <= day && self.coverage_through.is_none_or(|last| day <= last)
    }
}

/// Kind of provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProviderKind {
    /// A clinician.
    Individual,
    /// A facility or group.
    Facility,
}

impl ProviderKind {
    /// The word used in JSON and SQL.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Individual => "individual",
            Self::Facility => "facility",
        }
    }
}

/// One provider of a plan's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProviderRow {
    /// National Provider Identifier.
    #[schema(pattern = "^[0-9]{10}$")]
    pub npi: String,
    /// Clinician or facility.
    pub kind: ProviderKind,
    /// First name of a clinician.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub first_name: Option<String>,
    /// Last name of a clinician.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub last_name: Option<String>,
    /// Name of a facility.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub name: Option<String>,
    /// Tax IDs, nine digits each.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub tax_ids: Vec<String>,
    /// Specialty.
    #[serde(default)]
    #[schema(max_length = 100)]
    pub specialty: Option<String>,
    /// State of practice.
    #[serde(default)]
    #[schema(pattern = "^[A-Z]{2}$")]
    pub state: Option<String>,
    /// Address in one line, or as an object.
    #[serde(default)]
    #[schema(schema_with = any_json)]
    pub address: Option<serde_json::Value>,
    /// Phone.
    #[serde(default)]
    #[schema(max_length = 40)]
    pub phone: Option<String>,
    /// True when the plan contracts with it.
    pub in_network: bool,
}

/// An address, as plans write it.
pub(crate) fn any_json() -> utoipa::openapi::Schema {
    use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Object, Type::Null]))
        .description(Some("One line of text, or `{line1, city, state, postal_code}`"))
        .into()
}

impl ProviderRow {
    /// Name as a person would write it.
    pub fn display_name(&self) -> String {
        match (&self.name, &self.first_name, &self.last_name) {
            (Some(name), _, _) => name.clone(),
            (None, first, last) => [first.as_deref(), last.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(" "),
        }
    }
}

/// A name reduced to what a typist can't get wrong: lower case, letters and digits only, accents dropped. Equal keys mean the same name.
pub fn name_key(name: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    if name.is_ascii() {
        return name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    }
    name.nfkd().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// True when ten digits carry a valid NPI check digit (Luhn over `80840` and the number).
pub fn npi_is_valid(npi: &str) -> bool {
    let digits: Option<Vec<u32>> = npi.chars().map(|c| c.to_digit(10)).collect();
    let Some(digits) = digits.filter(|digits| digits.len() == 10) else { return false };
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            if place % 2 == 1 {
                let doubled = digit * 2;
                doubled / 10 + doubled % 10
            } else {
                *digit
            }
        })
        .sum();
    (sum + 24).is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::{name_key, npi_is_valid};

    #[test]
    fn names_agree_whatever_their_case_accents_and_punctuation() {
        // proves INF-08
        assert_eq!(name_key("  O’Brien-Núñez "), name_key("OBRIEN NUNEZ"));
        assert_ne!(name_key("Test"), name_key("Tess"));
    }

    #[test]
    fn the_check_digit_of_an_npi_is_checked() {
        assert!(npi_is_valid("1234567893"));
        assert!(npi_is_valid("1245319599"));
        assert!(!npi_is_valid("1234567890"));
        assert!(!npi_is_valid("123456789"));
        assert!(!npi_is_valid("12345678x3"));
    }
}
