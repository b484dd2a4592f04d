//! Query parameters, held to what the API description says of them: unknown, repeated and malformed ones are refused, all at once.

use super::fault_list::{FaultList, step};
use super::faults::{Schema, nearest};
use super::problem::Problem;
use crate::domain::refusal::Fault;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use utoipa::IntoParams;
use utoipa::openapi::RefOr;
use utoipa::openapi::path::ParameterIn;

/// The query as `T`. A parameter without a value counts as left out.
#[derive(Debug)]
pub struct ValidQuery<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + IntoParams + 'static> FromRequestParts<S> for ValidQuery<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let parameters = compiled::<T>()?;
        let values = read(parts.uri.query().unwrap_or_default(), &parameters).map_err(Problem::validation)?;
        serde_path_to_error::deserialize(Value::Object(values)).map(Self).map_err(|error| {
            Problem::validation(vec![Fault::new(format!("?{}", error.path()), "malformed", error.inner().to_string())])
        })
    }
}

type Parameters = Arc<Vec<(String, Schema)>>;

/// The parameters that `T` documents, with their schemas; compiled once.
fn compiled<T: IntoParams + 'static>() -> Result<Parameters, Problem> {
    static COMPILED: RwLock<Option<HashMap<TypeId, Parameters>>> = RwLock::new(None);
    let id = TypeId::of::<T>();
    if let Some(known) = COMPILED.read().unwrap_or_else(PoisonError::into_inner).as_ref().and_then(|all| all.get(&id)) {
        return Ok(Arc::clone(known));
    }
    let mut parameters = Vec::new();
    for parameter in T::into_params(|| Some(ParameterIn::Query)) {
        let any = RefOr::T(utoipa::openapi::Schema::default());
        let schema = Schema::new(parameter.schema.as_ref().unwrap_or(&any), Vec::new());
        parameters.push((parameter.name, schema.map_err(|error| Problem::internal(format!("schema: {error}")))?));
    }
    let parameters = Arc::new(parameters);
    let mut all = COMPILED.write().unwrap_or_else(PoisonError::into_inner);
    all.get_or_insert_default().insert(id, Arc::clone(&parameters));
    Ok(parameters)
}

fn read(query: &str, parameters: &[(String, Schema)]) -> Result<Map<String, Value>, FaultList> {
    let mut values = Map::new();
    let mut faults = FaultList::default();
    let known: Vec<&str> = parameters.iter().map(|(name, _)| name.as_str()).collect();
    for (name, text) in form_urlencoded::parse(query.as_bytes()) {
        let pointer = format!("?{}", step(&name));
        let Some((_, schema)) = parameters.iter().find(|(known, _)| *known == name) else {
            let hint = faults.hint(|| nearest(&name, &known)).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            faults.add(|| Fault::new(pointer, "unknown-parameter", format!("is not a known query parameter{hint}")));
            continue;
        };
        if text.contains('\0') {
            faults.add(|| Fault::new(pointer, "malformed", "must not contain the NUL character"));
        } else if values.contains_key(&*name) {
            faults.add(|| Fault::new(pointer, "duplicate-parameter", "occurs twice"));
        } else if !text.is_empty() {
            match typed(schema, &text) {
                Ok(value) => drop(values.insert(name.into_owned(), value)),
                Err(fault) => faults.add(|| Fault { pointer, ..fault }),
            }
        }
    }
    if faults.is_empty() { Ok(values) } else { Err(faults) }
}

/// The text as its schema wants it: as text, or as a number or boolean where only that fits.
fn typed(schema: &Schema, text: &str) -> Result<Value, Fault> {
    let as_json = serde_json::from_str::<Value>(text).ok().filter(|value| value.is_number() || value.is_boolean());
    let mut last = None;
    for value in [Some(Value::from(text)), as_json].into_iter().flatten() {
        match schema.faults(&value).into_parts().0.into_iter().next() {
            None => return Ok(value),
            Some(fault) => last = Some(fault),
        }
    }
    Err(last.unwrap_or_else(|| Fault::new("", "malformed", "is malformed")))
}
