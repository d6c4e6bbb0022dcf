//! What systemd is told. Outside systemd nothing happens.

use sd_notify::NotifyState;

/// The listener and the actors are up; nodes may still be loading.
pub fn ready() {
    notify(&[NotifyState::Ready]);
}

/// The service is stopping.
pub fn stopping() {
    notify(&[NotifyState::Stopping]);
}

fn notify(state: &[NotifyState]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!(%error, "systemd could not be notified");
    }
}
