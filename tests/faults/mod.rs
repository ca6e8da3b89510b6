//! What goes wrong below the writer loses nothing that was answered, and keeps nothing that was
//! refused.

mod account;
mod calls;
mod disk;
mod injector;
mod moved;
mod network;
mod panics;
mod property;
mod refused;
