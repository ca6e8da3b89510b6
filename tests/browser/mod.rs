//! The dashboard in a real browser, against the real binary.

mod budget;
mod calls;
mod colours;
mod desk;
mod harms;
mod hostile;
mod life;
mod lists;
mod live;
mod media;
mod pictures;
mod played_again;
mod prefixed;
mod sign_in;
mod try_it_out;
mod undo;
