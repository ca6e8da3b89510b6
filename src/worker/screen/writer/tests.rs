use super::*;

#[test]
fn lines_that_find_no_room_are_counted_behind_those_that_did() {
    let mut work = WriterState::default();
    for n in 0..MAX_LINES + 3 {
        work.add(Stream::Err, n.to_string());
    }
    let mut written = Vec::new();
    while !work.is_idle() {
        written.extend(work.take().into_iter().map(|(_, line)| line));
    }
    assert_eq!(written.len(), MAX_LINES + 1);
    assert_eq!(
        written[MAX_LINES - 1..],
        [
            "999",
            "(3 lines were left out: the terminal did not take them in time)"
        ]
    );
    work.add(Stream::Err, "later".to_owned());
    assert_eq!(work.take(), [(Stream::Err, "later".to_owned())]);
}
