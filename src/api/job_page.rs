//! A page of jobs on its way out.

use super::dto::{JobList, LARGE_FIELDS};
use crate::jobs;
use poem_openapi::{
    registry::{MetaSchemaRef, Registry},
    types::{ToJSON, Type},
};

/// A list whose summary has no trace of what it leaves out.
pub struct JobPage {
    pub list: JobList,
    pub view: jobs::View,
}

impl ToJSON for JobPage {
    fn to_json(&self) -> Option<serde_json::Value> {
        let mut page = self.list.to_json()?;
        if self.view == jobs::View::Summary {
            let rows = page.get_mut("jobs").and_then(serde_json::Value::as_array_mut);
            for row in rows.into_iter().flatten().filter_map(serde_json::Value::as_object_mut) {
                for field in LARGE_FIELDS {
                    row.remove(field);
                }
            }
        }
        Some(page)
    }
}

impl Type for JobPage {
    const IS_REQUIRED: bool = true;
    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> std::borrow::Cow<'static, str> {
        JobList::name()
    }

    fn schema_ref() -> MetaSchemaRef {
        JobList::schema_ref()
    }

    fn register(registry: &mut Registry) {
        JobList::register(registry);
    }

    fn as_raw_value(&self) -> Option<&Self::RawValueType> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self::RawElementValueType> + 'a> {
        Box::new(std::iter::once(self))
    }
}
