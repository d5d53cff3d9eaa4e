//! The units of systemd. Pure.

use super::answers::Answers;
use super::configuration::local_url;
use crate::config::Listen;
use std::path::Path;

/// The sandbox: takes away what neither the service nor a backup needs.
const SANDBOX: &str = "\
UMask=0077
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
DevicePolicy=closed
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RemoveIPC=yes
KeyringMode=private
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
CapabilityBoundingSet=
AmbientCapabilities=
";

/// A path or a text as systemd reads it in a command.
fn word(text: &str) -> String {
    let quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{}\"", quoted.replace('%', "%%").replace('$', "$$"))
}

fn path(path: &Path) -> String {
    word(&path.display().to_string())
}

/// The names and texts of all units.
pub(super) fn all(answers: &Answers, directory: &Path) -> [(&'static str, String); 4] {
    [
        ("beamlive.service", service(answers, directory)),
        ("beamlive.socket", socket(answers)),
        ("beamlive-backup.service", backup(answers)),
        ("beamlive-backup.timer", TIMER.to_owned()),
    ]
}

fn service(answers: &Answers, directory: &Path) -> String {
    // The soft limit of open files is raised by the service, which is a call of @resources.
    let sandbox = SANDBOX.replace("~@privileged @resources", "~@privileged");
    format!(
        "[Unit]\n\
         Description=beamlive, the service between the beamlines and the records\n\
         Wants=network-online.target\n\
         After=network-online.target beamlive.socket\n\
         Requires=beamlive.socket\n\
         \n\
         [Service]\n\
         Type=notify\n\
         User={user}\n\
         Group={user}\n\
         ExecStart={program} serve --config {config}\n\
         # The facility file is applied again, and certificates are read.\n\
         ExecReload=/bin/kill -HUP $MAINPID\n\
         WatchdogSec=30\n\
         Restart=on-failure\n\
         RestartSec=1\n\
         # A large store is checked when it is opened.\n\
         TimeoutStartSec=infinity\n\
         # A stop finishes what it has begun, for up to 45 s.\n\
         TimeoutStopSec=50\n\
         LimitNOFILE=65536\n\
         ReadWritePaths={data}\n\
         {sandbox}\
         \n\
         [Install]\n\
         WantedBy=multi-user.target\n",
        user = answers.user,
        program = path(&answers.program),
        config = path(&directory.join("beamlive.toml")),
        data = path(&answers.data),
    )
}

fn socket(answers: &Answers) -> String {
    let (stream, more) = match &answers.listen {
        Listen::Tcp(address) => (address.to_string(), "NoDelay=yes\n".to_owned()),
        Listen::Unix(path) => {
            let user = &answers.user;
            let owner = format!("SocketMode=0660\nSocketUser={user}\nSocketGroup={user}\n");
            (path.display().to_string(), owner)
        }
    };
    format!(
        "[Unit]\n\
         Description=the socket of beamlive; clients wait here while it restarts\n\
         \n\
         [Socket]\n\
         ListenStream={stream}\n\
         Backlog=1024\n\
         {more}\
         \n\
         [Install]\n\
         WantedBy=sockets.target\n"
    )
}

fn backup(answers: &Answers) -> String {
    format!(
        "[Unit]\n\
         Description=a backup of beamlive\n\
         After=beamlive.service\n\
         \n\
         [Service]\n\
         Type=oneshot\n\
         User={user}\n\
         Group={user}\n\
         # With certificates of your own authority: Environment=BEAMLIVE_CA_FILE=/path/to/ca.pem\n\
         ExecStart={program} backup --into {backups} --keep {keep} --url {url} --token-file {token}\n\
         ReadWritePaths={backups}\n\
         Nice=10\n\
         IOSchedulingClass=idle\n\
         {SANDBOX}",
        user = answers.user,
        program = path(&answers.program),
        backups = path(&answers.backups),
        keep = answers.keep,
        url = word(&local_url(answers)),
        token = path(&answers.data.join("admin.token")),
    )
}

const TIMER: &str = "[Unit]
Description=a backup of beamlive every night

[Timer]
OnCalendar=*-*-* 03:00
RandomizedDelaySec=15min
Persistent=yes

[Install]
WantedBy=timers.target
";
