//! Rows of the member and provider files that health plans send (PRV-05).

pub use super::names::name_key;
use super::names::{is_name, same_given_name, same_surname};
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
    /// Where letters go: text, or an object. Without it a letter has to be addressed by hand.
    #[serde(default)]
    #[schema(schema_with = any_json)]
    pub address: Option<serde_json::Value>,
    /// Language of the letters, such as `es`; English where it is left out or content has no letters in it.
    #[serde(default)]
    #[schema(pattern = "^[a-z]{2,3}$")]
    pub language: Option<String>,
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

/// Whose a roster span or a case is, among the people who ever had a member number (SAFE-14): given names and date of birth. A surname
/// changes with marriage, and is asked for where somebody identifies a member; two people of one number, one given name and one birthday
/// are not met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    birth_date: NaiveDate,
    given_name: String,
}

impl Person {
    /// True where both are the same.
    pub fn is(&self, other: &Self) -> bool {
        self.birth_date == other.birth_date && same_given_name(&self.given_name, &other.given_name)
    }

    /// Reads what [`Display`](std::fmt::Display) wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let (birth_date, given_name) = text.split_once(' ')?;
        Some(Self { birth_date: birth_date.parse().ok()?, given_name: given_name.to_owned() })
    }
}

impl std::fmt::Display for Person {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {}", self.birth_date, self.given_name)
    }
}

impl MemberRow {
    /// Whose span this is.
    pub fn person(&self) -> Person {
        Person { birth_date: self.birth_date, given_name: self.first_name.trim().to_lowercase() }
    }

    /// True where the span is this person's.
    pub fn is_of(&self, person: &Person) -> bool {
        self.birth_date == person.birth_date && same_given_name(&self.first_name, &person.given_name)
    }

    /// True where somebody so named and born is the person of this span (INF-08).
    pub fn is_named(&self, given_name: &str, surname: &str, birth_date: NaiveDate) -> bool {
        self.birth_date == birth_date
            && is_name(&self.first_name)
            && is_name(&self.last_name)
            && same_given_name(given_name, &self.first_name)
            && same_surname(surname, &self.last_name)
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

/// The lines of a postal address as a plan writes it: text with line breaks or commas, or `{line1, line2, city, state, postal_code}`. None
/// where it has less than two lines: a letter could not be sent there.
pub fn postal_lines(address: &serde_json::Value) -> Option<Vec<String>> {
    let lines: Vec<String> = match address {
        serde_json::Value::String(text) if text.contains('\n') => text.lines().map(str::to_owned).collect(),
        serde_json::Value::String(text) => match text.split_once(',') {
            Some((street, place)) => vec![street.to_owned(), place.to_owned()],
            None => Vec::new(),
        },
        serde_json::Value::Object(fields) => {
            let field = |name: &str| fields.get(name).and_then(serde_json::Value::as_str).map(str::trim).unwrap_or_default();
            let place =
                [field("city"), field("state")].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
            vec![field("line1").to_owned(), field("line2").to_owned(), format!("{place} {}", field("postal_code"))]
        }
        _ => Vec::new(),
    };
    let lines: Vec<String> = lines.iter().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect();
    (2..=5).contains(&lines.len()).then_some(lines)
}

/// An address, as plans write it.
pub fn any_json() -> utoipa::openapi::Schema {
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

/// True when ten digits carry a valid NPI check digit (Luhn over `80840` and the number).
pub fn npi_is_valid(npi: &str) -> bool {
    if npi.len() != 10 || !npi.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let digits = npi.bytes().rev().map(|byte| u32::from(byte - b'0')).enumerate();
    let sum: u32 = digits
        .map(|(place, digit)| {
            if place % 2 == 1 {
                let doubled = digit * 2;
                doubled / 10 + doubled % 10
            } else {
                digit
            }
        })
        .sum();
    (sum + 24).is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::{MemberRow, Person, npi_is_valid};
    use crate::domain::vocabulary::LineOfBusiness;

    fn row(first_name: &str, birth_date: &str) -> MemberRow {
        MemberRow {
            member_id: "1".to_owned(),
            first_name: first_name.to_owned(),
            last_name: "Member".to_owned(),
            birth_date: birth_date.parse().unwrap(),
            sex: None,
            line_of_business: LineOfBusiness::Commercial,
            product: None,
            group_number: None,
            trust: None,
            state: None,
            address: None,
            language: None,
            coverage_from: "2020-01-01".parse().unwrap(),
            coverage_through: None,
        }
    }

    #[test]
    fn a_case_remembers_whose_it_is() {
        // proves SAFE-14
        let mary = row("Mary Ann", "1950-01-15").person();
        assert_eq!(Person::parse(&mary.to_string()), Some(mary.clone()));
        assert!(mary.is(&row("MARY A.", "1950-01-15").person()) && row("Mary", "1950-01-15").is_of(&mary));
        for other in [row("Mary Beth", "1950-01-15"), row("Mary Ann", "1950-01-16"), row("Bernard", "1979-07-08")] {
            assert!(!mary.is(&other.person()) && !other.is_of(&mary), "{other:?}");
        }
        assert!(row("Mary", "1950-01-15").is_named("mary a", "Member Jr.", "1950-01-15".parse().unwrap()));
        assert!(!row("Mary", "1950-01-15").is_named("mary", "Somebody", "1950-01-15".parse().unwrap()));
        assert_eq!(Person::parse("nobody"), None);
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
