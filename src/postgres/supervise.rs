//! The thread that starts the server, waits for it, and starts it again when it dies. Everything about the process
//! happens on this one thread: the kernel ties the server's life to the thread that started it.

use std::process::{Child, ExitStatus};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use tokio::sync::watch;

use super::cluster::Cluster;
use super::error::{Context, PostgresError};
use super::{Settings, State};

/// Crash recovery may take long; a server that is still at it is not killed before this.
const START_LIMIT: Duration = Duration::from_mins(5);
/// A server that ends at once is tried this often before the start counts as failed.
const START_ATTEMPTS: u32 = 3;
/// Between restarts that failed.
const RETRY_PAUSE: Duration = Duration::from_secs(1);
/// Between restarts that succeeded, and were followed by an early death.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A server that lived this long counts as recovered: the next pause is a short one again.
const STEADY: Duration = Duration::from_secs(10);

/// What the owner tells the thread, and the process it may signal.
#[derive(Debug, Default)]
pub(super) struct Control {
    inner: Mutex<Inner>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Inner {
    stopping: bool,
    /// Set from start to reaping, so that a signal never hits a process that took over the number.
    pid: Option<Pid>,
}

impl Control {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn signal(&self, signal: Signal) {
        let inner = self.lock();
        // the process may have ended without having been reaped yet
        let _ = inner.pid.map(|pid| kill_process(pid, signal));
    }

    fn stopping(&self) -> bool {
        self.lock().stopping
    }

    /// Waits, but not longer than until the owner wants to stop.
    fn pause(&self, length: Duration) {
        let stopping = |inner: &mut Inner| !inner.stopping;
        drop(self.changed.wait_timeout_while(self.lock(), length, stopping));
    }

    /// Asks the server to stop, ever less politely, until the thread has ended.
    pub(super) fn stop(&self, ended: &Receiver<()>) {
        self.lock().stopping = true;
        self.changed.notify_all();
        for (signal, seconds) in [(Signal::INT, 30), (Signal::QUIT, 10), (Signal::KILL, 10)] {
            self.signal(signal);
            if ended.recv_timeout(Duration::from_secs(seconds)) != Err(RecvTimeoutError::Timeout) {
                return; // the thread let go of its end
            }
            tracing::warn!(?signal, "PostgreSQL does not stop");
        }
    }
}

/// The thread: opens the cluster, reports the first start through `started`, then keeps the server up.
pub(super) fn run(
    settings: &Settings,
    control: &Arc<Control>,
    started: &SyncSender<Result<std::path::PathBuf, PostgresError>>,
    state: &watch::Sender<State>,
) {
    let first = Cluster::open(settings).and_then(|cluster| Ok((start(&cluster, control)?, cluster)));
    let (mut child, cluster) = match first {
        Ok((Some(child), cluster)) => (child, cluster),
        Ok((None, _)) => return,
        Err(error) => {
            let _ = started.send(Err(error));
            return;
        }
    };
    let _ = started.send(Ok(cluster.socket_dir.clone()));
    let mut pause = Duration::ZERO;
    loop {
        let begun = Instant::now();
        let status = wait(&mut child, control);
        if control.stopping() {
            return;
        }
        state.send_replace(State::Restarting);
        tracing::error!(status = %status.map_or_else(|error| error.to_string(), |status| status.to_string()),
            "PostgreSQL died; starting it again");
        if begun.elapsed() > STEADY {
            pause = Duration::ZERO;
        }
        control.pause(pause);
        pause = (pause * 2).clamp(Duration::from_millis(100), LONGEST_PAUSE);
        match restart(&cluster, control, state) {
            Some(again) => child = again,
            None => return,
        }
        state.send_replace(State::Running);
        tracing::info!("PostgreSQL runs again");
    }
}

/// Tries until the server runs; `None` when the owner wants to stop.
fn restart(cluster: &Cluster, control: &Control, state: &watch::Sender<State>) -> Option<Child> {
    loop {
        match start(cluster, control) {
            Ok(child) => return child,
            Err(_) if control.stopping() => return None,
            Err(error) => {
                // these were several attempts already; the cause, a full disk perhaps, may yet go away
                tracing::error!(%error, "PostgreSQL could not be started again; trying on");
                state.send_replace(State::Failed);
                control.pause(RETRY_PAUSE);
            }
        }
    }
}

/// Starts the server and waits until it takes connections; `None` when the owner wants to stop.
fn start(cluster: &Cluster, control: &Control) -> Result<Option<Child>, PostgresError> {
    let mut attempt = 1;
    loop {
        cluster.clear_leftovers()?;
        let mut child = {
            let mut inner = control.lock();
            if inner.stopping {
                return Ok(None);
            }
            let child = cluster.server()?.spawn().context("starting PostgreSQL, logging to", &cluster.log)?;
            inner.pid = pid_of(&child);
            child
        };
        let what = match until_ready(cluster, &mut child, control) {
            Ok(()) => return Ok(Some(child)),
            Err(_) if control.stopping() => return Ok(None),
            Err(what) => what,
        };
        if attempt >= START_ATTEMPTS {
            let (log, tail) = (cluster.log.clone(), cluster.log_tail());
            return Err(PostgresError::Start { what, log, tail });
        }
        attempt += 1;
        control.pause(Duration::from_millis(300));
    }
}

/// `Err` says how the server ended instead; it has been reaped then.
fn until_ready(cluster: &Cluster, child: &mut Child, control: &Control) -> Result<(), String> {
    let begun = Instant::now();
    let mut killed = false;
    loop {
        if cluster.is_ready(child.id()) {
            return Ok(());
        }
        {
            let mut inner = control.lock();
            if let Ok(Some(status)) = child.try_wait() {
                inner.pid = None;
                return Err(if killed { "it was not ready in time".to_owned() } else { status.to_string() });
            }
        }
        if begun.elapsed() > START_LIMIT {
            control.signal(if killed { Signal::KILL } else { Signal::QUIT });
            killed = true;
        }
        sleep(Duration::from_millis(if killed { 500 } else { 5 }));
    }
}

/// Waits for the end of the server without reaping it, and reaps it where no signal can be under way.
fn wait(child: &mut Child, control: &Control) -> std::io::Result<ExitStatus> {
    if let Some(pid) = pid_of(child) {
        let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while matches!(waitid(WaitId::Pid(pid), ended), Err(rustix::io::Errno::INTR)) {}
    }
    let mut inner = control.lock();
    let status = child.wait();
    inner.pid = None;
    status
}

fn pid_of(child: &Child) -> Option<Pid> {
    i32::try_from(child.id()).ok().and_then(Pid::from_raw)
}
