//! Patterns of texts.

/// Pattern of a job type.
pub const JOB_TYPE: &str = "^[a-z0-9_.-]{1,50}$";

/// Pattern of any text: no NUL, which neither database can hold.
pub const NO_NUL: &str = r"^[^\u0000]*$";

/// Pattern of a name: no control characters.
pub const NO_CONTROL: &str = r"^[^\u0000-\u001f\u007f-\u009f]*$";

/// Pattern of a name that people read: no control characters, and at least one that is no blank.
pub const VISIBLE: &str = r"^[^\u0000-\u001f\u007f-\u009f]*[^\s\u0000-\u001f\u007f-\u009f][^\u0000-\u001f\u007f-\u009f]*$";

/// Pattern of the id of a job.
pub const JOB_ID: &str = "^[A-Za-z0-9._:-]{1,64}$";

/// Pattern of the id of a schedule.
pub const SCHEDULE_ID: &str = "^[a-z0-9_.-]{1,40}$";

/// Pattern of the key of a label.
pub const LABEL_KEY: &str = "^[A-Za-z0-9._/-]{1,63}$";

/// Pattern of a label as `KEY=VALUE`.
pub const LABEL: &str = r"^[A-Za-z0-9._/-]{1,63}=[^\u0000]*$";

/// Pattern of the number of a row.
pub const NUMBER: &str = "^[0-9]{1,18}$";

/// Pattern of a position in a stream.
pub const POSITION: &str = r"^[0-9]{1,18}(\.[0-9]{1,6}){0,2}$";

/// Pattern of a position in a stream, or of an empty text.
pub const POSITION_OR_EMPTY: &str = r"^([0-9]{1,18}(\.[0-9]{1,6}){0,2})?$";

/// Pattern of the name of a time zone.
pub const TIME_ZONE: &str = "^[A-Za-z0-9_+/-]+$";

/// Pattern of an `Idempotency-Key`: visible characters, and blanks between them.
pub const IDEMPOTENCY_KEY: &str = "^[!-~]([ -~]{0,253}[!-~])?$";

/// Pattern of a list of ETags.
pub const ETAGS: &str = r#"^(|\*|(W/)?"[!#-+\--~]*"( *, *(W/)?"[!#-+\--~]*")*)$"#;
