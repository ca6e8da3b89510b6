//! The dashboard in a real browser, against the real binary.

mod axe;
mod budget;
mod calls;
mod colours;
mod compare;
mod desk;
mod doors;
mod harms;
mod hostile;
mod life;
mod lists;
mod live;
mod media;
mod pictures;
mod played_again;
mod prefixed;
mod schedules;
mod sign_in;
mod styles;
mod tasks;
mod try_it_out;
mod undo;
mod wall;
mod webhooks;
