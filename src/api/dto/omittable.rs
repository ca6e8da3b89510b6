//! Fields that a summary omits from its JSON altogether.

use poem_openapi::{
    registry::{MetaSchemaRef, Registry},
    types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type},
};
use serde::Serialize;
use std::borrow::Cow;

/// A field that may be large and can be left out.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Omittable<T> {
    Given(Option<T>),
    LeftOut,
}

impl<T> Omittable<T> {
    pub fn is_left_out(&self) -> bool {
        matches!(self, Self::LeftOut)
    }

    pub fn leave_out(&mut self) {
        *self = Self::LeftOut;
    }
}

impl<T> From<Option<T>> for Omittable<T> {
    fn from(value: Option<T>) -> Self {
        Self::Given(value)
    }
}

impl<T: ToJSON> ToJSON for Omittable<T> {
    fn to_json(&self) -> Option<serde_json::Value> {
        match self {
            Self::Given(value) => value.to_json(),
            Self::LeftOut => None,
        }
    }
}

impl<T: ParseFromJSON> ParseFromJSON for Omittable<T> {
    fn parse_from_json(value: Option<serde_json::Value>) -> ParseResult<Self> {
        Option::parse_from_json(value)
            .map(Self::Given)
            .map_err(ParseError::propagate)
    }
}

/// Appears in the document as a nullable field.
impl<T: Type> Type for Omittable<T> {
    const IS_REQUIRED: bool = <Option<T> as Type>::IS_REQUIRED;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        <Option<T> as Type>::name()
    }

    fn schema_ref() -> MetaSchemaRef {
        <Option<T> as Type>::schema_ref()
    }

    fn register(registry: &mut Registry) {
        <Option<T> as Type>::register(registry);
    }

    fn as_raw_value(&self) -> Option<&Self::RawValueType> {
        Some(self)
    }

    fn raw_element_iter<'a>(
        &'a self,
    ) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
        Box::new(std::iter::once(self))
    }
}
