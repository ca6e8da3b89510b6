//! Converts the `shots[]` of a vedo record to items: the description of a shot goes to the input,
//! its status and files go to the result.

use super::items;
use crate::import::{
    fields::Fields,
    record::Item,
    reject::{Reason, Reject},
    status::{self, StatusWords},
};
use entity::ItemStatus;
use serde_json::{Map, Value};

const INPUT: [&str; 8] = [
    "shot_idx",
    "description",
    "visual_desc",
    "motion_desc",
    "audio_desc",
    "camera_idx",
    "variation_type",
    "scene_idx",
];
const RESULT: [&str; 4] = [
    "status",
    "first_frame_path",
    "last_frame_path",
    "video_path",
];

/// Builds the items in the order of the shots. The store's scanner flattened scenes, so that a
/// number may occur twice.
pub fn items(fields: &mut Fields, words: &StatusWords) -> Result<Vec<Item>, Reject> {
    let shots = match fields.take("shots") {
        None => return Ok(Vec::new()),
        Some(Value::Array(shots)) => shots,
        Some(_) => {
            return Err(Reject::new(
                Reason::WrongType,
                "The shots of the record are not a list.",
            ));
        }
    };
    let mut items = Vec::with_capacity(shots.len());
    for (position, shot) in shots.into_iter().enumerate() {
        let Value::Object(shot) = shot else {
            let detail = format!("The shot at position {position} is not an object.");
            return Err(Reject::new(Reason::WrongType, detail));
        };
        let status = status::of_item(shot.get("status"), words, &mut fields.legacy);
        items.push(item(position, status, shot));
    }
    Ok(items)
}

fn item(position: usize, status: ItemStatus, shot: Map<String, Value>) -> Item {
    let key = match shot.get("shot_idx") {
        Some(Value::String(text)) => text.clone(),
        Some(number) if !number.is_null() => number.to_string(),
        _ => position.to_string(),
    };
    items::part(key, status, shot, &INPUT, &RESULT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(shots: Option<Value>) -> Result<Vec<Item>, Reject> {
        let members = shots.map(|shots| ("shots".to_owned(), shots));
        items(
            &mut Fields::new(members.into_iter().collect()),
            &StatusWords::default(),
        )
    }

    #[test]
    fn a_shot_is_parted_into_what_was_wanted_and_what_was_made() {
        let shot = json!({
            "shot_idx": 3, "status": "generating_video", "first_frame_path": "/media/f.png", "last_frame_path": null,
            "visual_desc": "a pier", "camera_idx": 1, "error": null, "scene_idx": null, "lens": "wide",
        });
        let items = read(Some(json!([shot]))).unwrap();
        let [item] = items.as_slice() else {
            panic!("one shot is one item")
        };
        assert_eq!(
            (item.key.as_str(), item.status, &item.error),
            ("3", ItemStatus::Processing, &None)
        );
        let input = json!({"shot_idx": 3, "visual_desc": "a pier", "camera_idx": 1, "legacy": {"lens": "wide"}});
        assert_eq!(item.input, Some(input));
        assert_eq!(
            item.result,
            Some(json!({"status": "generating_video", "first_frame_path": "/media/f.png"}))
        );
    }

    #[test]
    fn a_shot_without_a_number_is_called_by_its_position() {
        let items = read(Some(json!([{}, {}]))).unwrap();
        assert_eq!(
            items.iter().map(|i| i.key.as_str()).collect::<Vec<_>>(),
            ["0", "1"]
        );
    }

    #[test]
    fn shots_that_are_none_are_reported() {
        assert!(read(None).unwrap().is_empty());
        assert!(read(Some(json!("three"))).is_err());
        assert!(read(Some(json!([1]))).is_err());
    }
}
